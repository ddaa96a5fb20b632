"""The command line's own: help, version, completion. What the commands do is tested with what they do."""

from __future__ import annotations

import io
import sys
import time

import pytest
from click.testing import CliRunner

from hooks import __version__
from hooks.api.kinds import RESOURCES
from hooks.cli import kubectl_complete, main
from hooks.commands.manifests import progress
from hooks.installation import RUNNER_RELEASE


def test_the_help_of_the_program_tells_each_command_in_a_line() -> None:
    told = CliRunner().invoke(main, ["--help"]).output.partition("Commands:\n")[2].splitlines()

    assert [line.split()[0] for line in told] == sorted(main.commands)
    assert [line for line in told if "..." in line] == []


def test_the_version_option_prints_the_packages_version() -> None:
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


def test_the_version_says_what_it_works_with() -> None:
    said = CliRunner().invoke(main, ["version"]).output.splitlines()

    assert said[:2] == [f"toolhive-hooks {__version__}", f"proxy runner {RUNNER_RELEASE}"]
    assert [line.split()[0] for line in said[2:]] == [kind.kind for kind in RESOURCES]


def test_help_is_a_command_too() -> None:
    def said(*arguments: str) -> str:
        return CliRunner().invoke(main, arguments, prog_name="toolhive-hooks").output

    assert said("help") == said("--help")
    assert said("help", "render") == said("render", "--help")
    assert said("help", "nothing").splitlines()[-1] == "Error: No such command 'nothing'."


@pytest.mark.parametrize(
    ("words", "candidates"),
    [
        (["st"], ["status", ":4"]),
        (["render", "--assume"], ["--assume-secrets", ":4"]),
        (["render", "-o", "su"], ["summary", ":4"]),
        (["render", "exa"], [":0"]),
    ],
)
def test_kubectl_gets_its_completion(
    words: list[str], candidates: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kubectl_complete-toolhive", *words])

    kubectl_complete()

    assert capsys.readouterr().out.splitlines() == candidates


def test_files_are_completed() -> None:
    asked = {"_TOOLHIVE_HOOKS_COMPLETE": "bash_complete", "COMP_WORDS": "toolhive-hooks render exa", "COMP_CWORD": "2"}

    assert CliRunner().invoke(main, prog_name="toolhive-hooks", env=asked).output == "file,exa\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["render"], "which manifests? Give a PATH, or -k DIR"),
        (
            ["render", ".", "--server-ca", __file__],
            "--server-ca, --server-token-file, --server-cert and --server-key need --server",
        ),
        (["check", "--wait", "soon"], "Invalid value for '--wait': write a number and s, m or h, such as 2m"),
        (["check", "--wait", "²m"], "Invalid value for '--wait': write a number and s, m or h, such as 2m"),
        (
            ["check", "--request-timeout", "-1s"],
            "Invalid value for '--request-timeout': write a number and s, m or h, such as 2m",
        ),
        (["diff", "demo", "-f", "."], "NAME, -l, and -f or -k exclude each other"),
        (["diff", "-l", "team=a", "-k", "."], "NAME, -l, and -f or -k exclude each other"),
        (["status", "demo", "-l", "team=a"], "NAME and -l exclude each other"),
    ],
)
def test_options_that_cannot_be_used_are_refused(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, arguments)

    assert (result.exit_code, result.output.splitlines()[-1]) == (2, f"Error: {said}")


def test_a_wrong_setting_is_named_as_it_was_given() -> None:
    given = ["serve", "--bind", "nonsense", "--workers", "0"]
    wrong = CliRunner().invoke(main, given, env={"TOOLHIVE_HOOKS_THREADS": "0"})
    misspelt = CliRunner().invoke(main, ["render", "."], env={"TOOLHIVE_HOOKS_RED_SECRETS": "false"})

    assert (wrong.exit_code, wrong.output.splitlines()) == (
        2,
        [
            "toolhive-hooks: --bind: must be HOST:PORT, such as 0.0.0.0:8080 or [::]:8080",
            "toolhive-hooks: --workers: must be at least 1",
            "toolhive-hooks: TOOLHIVE_HOOKS_THREADS: must be at least 1",
        ],
    )
    assert (misspelt.exit_code, misspelt.output) == (
        2,
        "toolhive-hooks: TOOLHIVE_HOOKS_RED_SECRETS: there is no such setting, "
        "did you mean TOOLHIVE_HOOKS_READ_SECRETS?\n",
    )


def test_progress_is_shown_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    clock = iter([0.0, 1.0, 3.0, 3.1, 4.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    terminal, pipe = Terminal(), io.StringIO()
    show = progress(terminal)
    for text in ("one", "three", "soon after", "four"):
        show(text)
    progress(pipe)("never")

    assert [part.strip() for part in terminal.getvalue().split("\r") if part] == ["three", "four"]
    assert pipe.getvalue() == ""
