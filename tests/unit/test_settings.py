"""Settings from the environment, and what the command line says of wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from hooks.cli import main
from hooks.controllers.controller import Config
from hooks.server.settings import Settings


def test_the_defaults_are_the_controllers_own() -> None:
    assert Settings().config() == Config()


def test_each_variable_reaches_the_controllers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("k\n")
    variables = {
        "TOOLHIVE_HOOKS_DIGEST_KEY_FILE": str(key),
        "TOOLHIVE_HOOKS_READ_SECRETS": "false",
        "TOOLHIVE_HOOKS_READ_PODS": "false",
        "TOOLHIVE_RUNNER_IMAGE": "registry.test/runner:1",
        "TOOLHIVE_PROXY_HOST": "127.0.0.1",
        "OPERATOR_OPENSHIFT": "true",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert Settings().config() == Config(
        runner_image="registry.test/runner:1",
        proxy_host="127.0.0.1",
        openshift=True,
        digest_key=b"k",
        read_secrets=False,
        read_pods=False,
    )


def test_a_digest_key_has_one_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    monkeypatch.setenv("TOOLHIVE_HOOKS_DIGEST_KEY_FILE", str(empty))

    with pytest.raises(ValidationError, match="TOOLHIVE_HOOKS_DIGEST_KEY_FILE is empty"):
        Settings()
    monkeypatch.setenv("TOOLHIVE_HOOKS_DIGEST_KEY", "k")
    with pytest.raises(ValidationError, match="exclude each other"):
        Settings()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (
            "TOOLHIVE_HOOKS_WORKERS",
            "0",
            "toolhive-hooks: TOOLHIVE_HOOKS_WORKERS: Input should be greater than or equal to 1\n",
        ),
        (
            "TOOLHIVE_HOOKS_DIGEST_KEY_FILE",
            "/nowhere",
            "toolhive-hooks: TOOLHIVE_HOOKS_DIGEST_KEY_FILE: Path does not point to a file\n",
        ),
        (
            "TOOLHIVE_HOOKS_READ_PODS",
            "s3cr3t",
            "toolhive-hooks: TOOLHIVE_HOOKS_READ_PODS: Input should be a valid boolean, unable to interpret input\n",
        ),
    ],
)
def test_a_wrong_setting_stops_the_start_with_its_name(variable: str, value: str, said: str) -> None:
    result = CliRunner().invoke(main, ["serve"], env={variable: value})

    assert (result.exit_code, result.stderr) == (2, said)


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLHIVE_RUNNER_IMAGE", "")

    assert Settings().config() == Config()
