"""Programs of tools/ that Go builds when they are first run: helm, actionlint, kube-state-metrics, lua."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.controlplane.assets import ROOT


def go_tool(module: str, *arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run what tools/MODULE pins, in that folder; without a Go that can build it, the test is skipped."""
    go = shutil.which("go")
    if go is None:
        pytest.skip(f"{module}: SKIPPED (no `go` on PATH to build it with)")
    command = [go, "-C", ROOT / "tools" / module, "tool", module, *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=290)


def helm(*arguments: str | Path) -> str:
    """What helm prints; a Helm that Go built takes the cluster for an old one unless it is told."""
    result = go_tool("helm", *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def binary(module: str) -> Path:
    """The program itself, for what runs longer than a test's step; it has Go's name, a hash."""
    go_tool(module, "version")  # builds it, or skips
    command = ["go", "-C", ROOT / "tools" / module, "tool", "-n", module]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip())
