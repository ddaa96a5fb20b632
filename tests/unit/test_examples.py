"""The examples: each is documented, each README shows what `render` prints, and no stand-in for a Secret is applied."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.examples import APPLIED, FOLDER, FOLDERS, NOT_READ, ROOT, STAND_INS, commands, name, readme, render_settings
from tests.measured import measured

pytestmark = pytest.mark.slow

GITOPS = FOLDER / "gitops"
GITOPS_CHECK = "toolhive-hooks render ${{ matrix.environment }} --assume-secrets -o summary --report github"
RENDERED = [folder for folder in APPLIED if folder.parent == FOLDER]

each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=name)
each_applied = pytest.mark.parametrize("folder", APPLIED, ids=name)


def run(*command: str | Path, cwd: Path = ROOT, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user does whose PATH has toolhive-hooks."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=cwd,
        env={"PATH": path, **measured(), **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def both(result: subprocess.CompletedProcess[str]) -> str:
    """What a user sees: the output, and then the report."""
    return (result.stdout + result.stderr).rstrip("\n")


def undocumented(folder: Path) -> list[str]:
    """The files of an example to which its README has no link."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in NOT_READ]
    text = (folder / "README.md").read_text() if (folder / "README.md").exists() else ""
    links = {"README.md" if text else "", *re.findall(r"\]\(([^)]+)\)", text)}
    return sorted(str(path.relative_to(folder)) for path in files if str(path.relative_to(folder)) not in links)


def test_the_list_has_every_example() -> None:
    listed = re.findall(r"^\| \[(.+?)\]\(\1/\) \|", (FOLDER / "README.md").read_text(), re.MULTILINE)

    assert sorted(listed) == [folder.name for folder in FOLDERS]


@each_folder
def test_a_readme_has_a_link_to_every_file(folder: Path) -> None:
    assert (folder / "README.md").is_file()
    assert undocumented(folder) == []


def test_an_undocumented_file_is_found(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "tools", tmp_path, dirs_exist_ok=True)
    (tmp_path / "more").mkdir()
    (tmp_path / "more/extra.yaml").touch()

    assert undocumented(tmp_path) == ["more/extra.yaml"]

    (tmp_path / "README.md").unlink()

    assert undocumented(tmp_path) == ["mcpserver.yaml", "more/extra.yaml", "toolconfig.yaml"]


@each_applied
def test_an_example_is_rendered_without_a_word(folder: Path) -> None:
    result = run("toolhive-hooks", "render", folder, **render_settings(folder))

    assert result.returncode == 0
    assert re.fullmatch(r"\d+ resources? in \d+ files?, \d+ children: 0 errors, 0 failed, 0 warnings\n", result.stderr)


@pytest.mark.parametrize("folder", RENDERED, ids=name)
def test_a_readme_shows_what_render_prints(folder: Path) -> None:
    shown = {command.line: command.output for command in commands(readme(folder).read_text())}
    line = f"toolhive-hooks render examples/{name(folder)} -o summary"

    assert f"kubectl apply -f examples/{name(folder)}" in shown
    assert shown[line] == both(run(*line.split()))


def test_only_the_example_of_october_2025_has_something_to_convert() -> None:
    old = FOLDER / "october-2025"
    shown = {command.line: command.output for command in commands(readme(old).read_text())}
    line = "toolhive-hooks convert examples/october-2025"

    assert shown[line] == both(run(*line.split()))
    others = run("toolhive-hooks", "convert", "--check", *(folder for folder in APPLIED if folder != old))
    assert others.returncode == 0, others.stdout


def test_no_stand_in_is_applied_with_its_example() -> None:
    """`kubectl apply -f FOLDER` reads the folder's own files; whoever looks at a stand-in's value sees what it is."""
    files = [path for path in FOLDER.rglob("*.yaml") if ".github" not in path.parts]
    documents = [(path, document) for path in files for document in yaml.safe_load_all(path.read_text())]
    secrets = [(path, document) for path, document in documents if document["kind"] == "Secret"]

    assert {path.parent.name for path, _ in secrets} == {STAND_INS}
    assert {path for path, _ in secrets} == {path for path in files if path.parent.name == STAND_INS}
    assert {value for _, secret in secrets for value in secret["stringData"].values()} == {"REPLACE-ME"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of examples/gitops, as a repository of its own."""
    return Path(shutil.copytree(GITOPS, tmp_path / "examples/gitops"))


def check(repository: Path, environment: str) -> subprocess.CompletedProcess[str]:
    """Run what the workflow runs for an environment, with faults as text."""
    line = GITOPS_CHECK.replace("${{ matrix.environment }}", environment).removesuffix(" --report github")
    return run(*line.split(), cwd=repository)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def test_a_repository_is_checked_as_the_readme_shows(repository: Path) -> None:
    line = "toolhive-hooks render examples/gitops/production --assume-secrets -o summary"
    shown = [command.output for command in commands(readme(GITOPS).read_text()) if command.line == line]

    good = run(*line.split(), cwd=repository.parents[1])
    edit(repository / "production/github.yaml", "mcpPort: 8082", "mcpPort: 80820")
    bad = run(*line.split(), cwd=repository.parents[1])

    assert (good.returncode, bad.returncode) == (0, 1)
    assert shown == [both(good), both(bad)]


MISSPELT = "spec.mcpport: is not a field that toolhive-hooks knows: perhaps mcpPort is meant"


@pytest.mark.parametrize(
    ("old", "new", "code", "fault"),
    [
        ("mcpPort:", "mcpport:", 1, f"10: error: MCPServer default/github: {MISSPELT}"),
        (
            "kind: MCPServer\n",
            "kind: MCPSever\n",
            1,
            "2: error: MCPSever default/github: kind: MCPSever is not a kind of toolhive.stacklok.dev that is served: "
            "perhaps MCPServer is meant",
        ),
        ("kind: MCPServer\n", "", 1, "1: error: kind: is missing"),
        (
            "apiVersion: toolhive.stacklok.dev/v1beta1\nkind: MCPServer\n",
            "a: [\n",
            2,
            "3: error: document 1: did not find expected ',' or ']'",
        ),
        (
            "  externalAuthConfigRef:\n    name: github\n",
            "  externalAuthConfigRef:\n    name: none\n",
            1,
            "14: failed: MCPServer default/github: ExternalAuthConfigNotFound: MCPExternalAuthConfig 'none' not found "
            "in namespace 'default': create it, or remove spec.externalAuthConfigRef",
        ),
    ],
    ids=["a misspelt field", "a misspelt kind", "not a manifest", "not YAML", "a config that isn't there"],
)
def test_a_fault_in_one_environment_fails_its_check_alone(
    repository: Path, old: str, new: str, code: int, fault: str
) -> None:
    edit(repository / "staging/github.yaml", old, new)

    result = check(repository, "staging")

    assert result.returncode == code
    [line] = [line for line in both(result).splitlines() if line.startswith("staging/github.yaml:")]
    assert line.partition("; there are ")[0] == f"staging/github.yaml:{fault}"
    assert check(repository, "production").returncode == 0


def test_in_a_pull_request_each_fault_stands_at_its_line(repository: Path) -> None:
    edit(repository / "staging/github.yaml", "mcpPort:", "mcpport:")

    result = run(*GITOPS_CHECK.replace("${{ matrix.environment }}", "staging").split(), cwd=repository)

    assert result.stderr.splitlines()[0] == (
        f"::error file=staging/github.yaml,line=10,title=MCPServer default/github::{MISSPELT}"
    )


def test_the_workflow_runs_the_check() -> None:
    workflow = yaml.safe_load((GITOPS / ".github/workflows/check.yaml").read_text())

    [job] = workflow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == ['pip install "$TOOLHIVE_HOOKS"', GITOPS_CHECK]
    assert job["strategy"]["matrix"]["environment"] == ["staging", "production"]
    assert job["env"]["TOOLHIVE_HOOKS"].count("REPLACE-ME") == 2
