"""Say which promises of README.md a run of the tests did not check: `python -m tools.promises`.

.ci/run ends with it, so that a run without the real Metacontroller, the proxy runner or another program is not taken
for one that checked everything. On GitHub it is the summary of the run as well.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"

RUNNER = "the proxy runner (PROXYRUNNER, make test-runner)"
CLUSTER = "a real Metacontroller (METACONTROLLER, make e2e)"
EXAMPLES = "a checkout of ToolHive 0.44.0 (TOOLHIVE, make test)"
PYTHON = "nothing but Python (make test)"

CHECKED_BY = {
    "A call without a token, with external auth": RUNNER,
    "A call with a token, with external auth": RUNNER,
    "An edit of a shared config": CLUSTER,
    "A new client secret": CLUSTER,
    "A new value in a Secret that the MCP server reads (`spec.secrets`)": CLUSTER,
    "A field that it doesn't know": CLUSTER,
    "A missing config, Secret or key": CLUSTER,
    "A crash loop": CLUSTER,
    "Deleting a server whose config is missing": CLUSTER,
    "Deleting a config after its last server": CLUSTER,
    "`kubectl scale`, `kubectl rollout restart`": CLUSTER,
    "Rights of the program that you install": CLUSTER,
    "Without a cluster": PYTHON,
}
"""What each line of README's comparison needs to be checked."""

MORE = {
    CLUSTER: ["Installing, upgrading and uninstalling by docs/installing.md", "What is left after kills and outages"],
    RUNNER: ["The proxy runner starts with every RunConfig"],
    "Redis (redis-server)": ["Sessions that replicas share in Redis"],
    EXAMPLES: ["The example manifests of ToolHive's own repository are served"],
    "promtool (Debian's package prometheus)": ["Alerts fire when they should, and not before"],
}
"""What else needs a program that may be missing."""


def lines_of_readme() -> list[str]:
    """The first cell of each line of README's comparison."""
    [table] = re.findall(r"^\| \| operator of October 2025 .*?\n\n", README.read_text(), re.DOTALL | re.MULTILINE)
    return [row.split(" | ")[0].removeprefix("| ") for row in table.splitlines()[2:] if row]


def missing(environment: Mapping[str, str]) -> list[str]:
    """What isn't there of all that the tests can use."""
    path = environment.get("PATH")
    there = {
        CLUSTER: bool(environment.get("METACONTROLLER")),
        RUNNER: bool(environment.get("PROXYRUNNER")),
        EXAMPLES: bool(environment.get("TOOLHIVE")),
        "Redis (redis-server)": shutil.which("redis-server", path=path),
        "promtool (Debian's package prometheus)": shutil.which(environment.get("PROMTOOL", "promtool"), path=path),
    }
    return [name for name, found in there.items() if not found]


def summary(environment: Mapping[str, str]) -> str:
    """The summary in Markdown: nothing missing, or what was not checked, and why."""
    absent = missing(environment)
    if not absent:
        return "Every promise of README.md was checked.\n"
    parts = ["**Not checked in this run:**\n"]
    for name in absent:
        promises = [line for line in lines_of_readme() if CHECKED_BY.get(line) == name] + MORE.get(name, [])
        parts.append(f"Without {name}:\n\n" + "".join(f"- {promise}\n" for promise in promises))
    return "\n".join(parts)


def main() -> None:
    """Print the summary, and add it to GitHub's where there is one."""
    text = summary(os.environ)
    print(text, end="")
    if file := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(file).open("a") as out:
            out.write(text)


if __name__ == "__main__":
    main()
