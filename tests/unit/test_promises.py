"""tools/promises.py: a run that skips says which promises of README it did not check."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools.promises import CHECKED_BY, CLUSTER, MORE, RUNNER, lines_of_readme, missing, summary

ROOT = Path(__file__).parents[2]
PROGRAMS = ("redis-server", "promtool")


def everything(folder: Path) -> dict[str, str]:
    """An environment in which nothing is missing."""
    for name in PROGRAMS:
        (folder / name).touch(mode=0o755)
    return {"METACONTROLLER": "m", "PROXYRUNNER": "p", "TOOLHIVE": "t", "PATH": str(folder)}


def test_every_line_of_readme_says_what_checks_it() -> None:
    assert lines_of_readme() == list(CHECKED_BY)


def test_with_all_programs_every_promise_was_checked(tmp_path: Path) -> None:
    assert summary(everything(tmp_path)) == "Every promise of README.md was checked.\n"


def test_a_missing_program_is_named_with_the_promises_that_it_checks(tmp_path: Path) -> None:
    environment = everything(tmp_path)
    del environment["PROXYRUNNER"]

    assert missing(environment) == [RUNNER]
    assert summary(environment) == (
        "**Not checked in this run:**\n\n"
        "Without the proxy runner (PROXYRUNNER, make test-runner):\n\n"
        "- A call without a token, with external auth\n"
        "- A call with a token, with external auth\n"
        "- The proxy runner starts with every RunConfig\n"
    )


def test_each_program_that_can_be_missing_checks_a_promise(tmp_path: Path) -> None:
    absent = missing({"PATH": str(tmp_path)})

    assert len(absent) == 5
    assert set(absent) == {*MORE, CLUSTER}


def test_ci_ends_with_the_summary_and_github_shows_it(tmp_path: Path) -> None:
    script = (ROOT / ".ci/run").read_text()
    shown = tmp_path / "summary.md"

    result = subprocess.run(
        [sys.executable, "-m", "tools.promises"],
        cwd=ROOT,
        env={**os.environ, "GITHUB_STEP_SUMMARY": str(shown)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert script.splitlines()[-1].endswith("python -m tools.promises")
    assert shown.read_text() == result.stdout
