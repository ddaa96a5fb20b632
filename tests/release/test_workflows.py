"""The workflows, ours and the example's, as actionlint reads them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.controlplane.assets import ROOT
from tests.go_tools import go_tool
from tools.images import images

WORKFLOWS = sorted([*(ROOT / ".github/workflows").glob("*"), *(ROOT / "examples").glob("*/.github/workflows/*")])


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: str(path.relative_to(ROOT)))
def test_actionlint_finds_no_fault(workflow: Path) -> None:
    result = go_tool("actionlint", workflow)

    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_actionlint_would_find_one(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text("on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'echo ${{ github.nothing }}'}]}}\n")

    result = go_tool("actionlint", broken)

    assert result.returncode == 1
    assert "nothing" in result.stdout


def test_the_releases_that_are_built_are_those_that_the_docs_name() -> None:
    """tools/real.sh clones the tags that docs/compatibility.md and the default of TOOLHIVE_RUNNER_IMAGE name."""
    script = ROOT / "tools/real.sh"
    _, runner, metacontroller = images("any")
    tags = dict(re.findall(r"^build \S+ (\S+) (\S+) ", script.read_text(), re.MULTILINE))

    assert {name: tag for tag, name in tags.items()} == {
        "metacontroller": metacontroller.rpartition(":")[2],
        "proxyrunner": runner.rpartition(":")[2],
    }
    subprocess.run(["bash", "-n", script], check=True, timeout=20)
