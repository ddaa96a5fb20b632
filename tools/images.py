"""List the images of an installation, one a line: `python -m tools.images IMAGE-OF-THE-HOOKS`.

The MCP servers' own images are not among them: MCPServers name those.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from hooks.server.settings import described

ROOT = Path(__file__).resolve().parents[1]


def images(hooks: str) -> list[str]:
    """The hooks' image, the proxy runner that they give to servers, and the Metacontroller of their tests."""
    [runner] = [setting.default for setting in described() if setting.variable == "TOOLHIVE_RUNNER_IMAGE"]
    compatibility = (ROOT / "docs/compatibility.md").read_text()
    [version] = re.findall(r"^\| Metacontroller \|.*Tested with (\d+\.\d+\.\d+) \|$", compatibility, re.MULTILINE)
    return [hooks, runner, f"ghcr.io/metacontroller/metacontroller:v{version}"]


if __name__ == "__main__":
    print("\n".join(images(sys.argv[1])))
