"""Every command in README and docs/ is run by a test, or there is a reason why not."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documented import CI, PAGES, PYTHON_ALONE, ROOT, ROWS, RUN_BY, Command, commands, in_block, row_of, run_by

PROGRAMS = ("kubectl", "helm", "make", "docker", "toolhive-hooks", ".venv/bin/", "git ", "pip ", "METACONTROLLER=")

ALL_OF_A_PAGE = r"\bcommands\(|\brun_by\(|findall\(r\"```console"
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_every_command_is_run_by_a_test_or_there_is_a_reason() -> None:
    assert [command for command in commands() if row_of(command) is None] == []


def test_every_row_has_a_command() -> None:
    used = {row_of(command) for command in commands()}

    assert [row for row in ROWS if row not in used] == []


@pytest.mark.parametrize("test", sorted(RUN_BY.keys() - {CI}))
def test_the_test_exists_and_reads_these_parts_of_the_page(test: str) -> None:
    """Its module names the page, and each heading unless it takes all commands of the page."""
    path, _, function = test.partition("::")
    source = (ROOT / path).read_text()
    imported = re.findall(r"^from (tests\.[\w.]+) import", source, re.MULTILINE)
    modules = [ROOT / f"{name.replace('.', '/')}.py" for name in imported]
    known = source + "".join(module.read_text() for module in modules if module.exists())
    headings: dict[str, set[str]] = {}
    for command in run_by(test):
        headings.setdefault(command.text, set()).add(f'"{command.heading}"')

    assert function in {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    assert [page for page in RUN_BY[test] if Path(page).name not in known] == []
    if not re.search(ALL_OF_A_PAGE, source):
        assert [text for text, under in headings.items() if not any(heading in source for heading in under)] == []


def test_ci_runs_what_it_is_said_to_run() -> None:
    script = (ROOT / CI).read_text().splitlines()

    assert [start for start in RUN_BY[CI]["README.md"] if f"step {start}" not in script] == []


def test_no_command_hides_in_a_block_of_another_kind() -> None:
    """A block without a language, one of text, and an indented one."""
    hidden = []
    for page in PAGES:
        text = page.read_text()
        blocks = [text for language, text in FENCE.findall(text) if language in ("", "text")]
        indented = re.findall(r"^    (.*)$", FENCE.sub("", text), re.MULTILINE)
        lines = [*indented, *(line for block in blocks for line in block.splitlines())]
        hidden += [(page.name, line) for line in lines if line.startswith(PROGRAMS)]

    assert hidden == []


@pytest.mark.slow
@pytest.mark.parametrize("page", sorted({command.page for command in run_by(PYTHON_ALONE)}))
def test_a_command_that_needs_python_alone(page: str, tmp_path: Path) -> None:
    """In the page's order, in a folder with the page's files; contributors work in the repository."""
    for name in ("manifests", "old"):
        shutil.copytree(ROOT / "examples/october-2025", tmp_path / name)
    folder = ROOT if page == "CONTRIBUTING.md" else tmp_path
    environment = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    for command in [command for command in run_by(PYTHON_ALONE) if command.page == page]:
        done = subprocess.run(
            ["bash", "-c", command.text], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command.text}\n{done.stderr}"


def test_a_block_is_taken_apart_as_a_shell_does() -> None:
    block = "a \\\n  b\nfor x in y; do\n  z\ndone\nc |\n  d\n"

    assert in_block(block) == ["a \\\n  b", "for x in y; do\n  z\ndone", "c |\n  d"]
    assert in_block("$ a\nwhat a prints\n$ b\n") == ["a", "b"]


def test_a_command_without_a_row_is_noticed() -> None:
    assert row_of(Command("docs/faq.md", "Heading", "rm -r everything")) is None
