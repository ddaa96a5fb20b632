"""How long `render` takes for large folders, and how much memory: files of other kinds, and a server in each."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

FILES = 3000
SERVER = """\
apiVersion: toolhive.stacklok.dev/v1alpha1
kind: MCPServer
metadata: {{name: server-{number}, namespace: team-{team}}}
spec: {{image: "ghcr.io/example/mcp:1", transport: streamable-http}}
"""
OTHER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: app-{number}, namespace: team-{team}}}
spec:
  selector: {{matchLabels: {{app: app-{number}}}}}
  template:
    metadata: {{labels: {{app: app-{number}}}}}
    spec: {{containers: [{{name: app, image: "ghcr.io/example/app:1"}}]}}
"""


def main() -> None:
    """Measure both, each in a process of its own."""
    print(f"{FILES:,} files of", "seconds", "of CPU", "MiB", sep="\t")
    for name, text in (("other kinds", OTHER), ("a server each", SERVER)):
        with tempfile.TemporaryDirectory() as folder:
            for number in range(FILES):
                (Path(folder) / f"{number}.yaml").write_text(text.format(number=number, team=number % 50))
            print(name, *_measured(folder), sep="\t")


def _measured(folder: str) -> tuple[str, str, str]:
    command = (
        "import resource, subprocess, sys, time; start = time.monotonic();"
        "command = [sys.executable, '-m', 'hooks', 'render', sys.argv[1], '-o', 'none'];"
        "subprocess.run(command, stderr=subprocess.DEVNULL);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)"
    )
    done = subprocess.run([sys.executable, "-c", command, folder], capture_output=True, text=True, check=True)
    seconds, cpu, mebibytes = map(float, done.stdout.split())
    return f"{seconds:.1f}", f"{cpu:.1f}", f"{mebibytes:.0f}"


if __name__ == "__main__":
    main()
