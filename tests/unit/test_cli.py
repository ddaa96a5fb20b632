"""The command line's own: help, version, completion. What the commands do is tested with what they do."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from hooks import __version__
from hooks.cli import main


def test_the_help_of_the_program_tells_each_command_in_a_line() -> None:
    told = CliRunner().invoke(main, ["--help"]).output.partition("Commands:\n")[2].splitlines()

    assert [line.split()[0] for line in told] == sorted(main.commands)
    assert [line for line in told if "..." in line] == []


def test_the_version_is_the_package_s() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"toolhive-hooks, version {__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_completion(shell: str) -> None:
    script = CliRunner().invoke(main, ["completion", shell])

    assert script.exit_code == 0
    assert f"_TOOLHIVE_HOOKS_COMPLETE={shell}_complete" in script.output


def test_an_option_is_completed() -> None:
    asked = {
        "_TOOLHIVE_HOOKS_COMPLETE": "bash_complete",
        "COMP_WORDS": "toolhive-hooks render --out",
        "COMP_CWORD": "2",
    }

    assert CliRunner().invoke(main, prog_name="toolhive-hooks", env=asked).output == "plain,--output\n"
