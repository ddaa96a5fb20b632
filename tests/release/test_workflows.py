"""The workflows, ours and the example's, as actionlint reads them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

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


def test_a_commit_of_an_action_has_one_version_everywhere() -> None:
    """Dependabot updates the commit and the version behind it in one line; by hand, one of them is forgotten."""
    lines = [line for workflow in WORKFLOWS for line in re.findall(r"uses: (\S+@.*)", workflow.read_text())]
    pinned = {re.fullmatch(r"([\w-]+/[\w-]+)(?:/[\w-]+)?@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)", line) for line in lines}

    assert None not in pinned
    found = {match.groups() for match in pinned if match}
    assert len({name for name, _, _ in found}) == len(found)


def test_the_image_is_made_on_a_base_that_dependabot_can_read() -> None:
    """Dependabot's parser takes a tag or a digest from each FROM, and skips one with a variable."""
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert len(bases) == 2
    assert [base for base in bases if not re.fullmatch(r"python:[\w.-]+(@sha256:[0-9a-f]{64})?", base)] == []


def test_dependabot_watches_each_folder_with_something_pinned() -> None:
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    watched = {
        (update["package-ecosystem"], folder)
        for update in updates
        for folder in update.get("directories", [update.get("directory")])
    }
    modules = {("gomod", "/" + str(path.parent.relative_to(ROOT))) for path in (ROOT / "tools").rglob("go.mod")}
    whole = {(ecosystem, "/") for ecosystem in ("pip", "github-actions", "docker")}

    assert watched == modules | whole
