"""Settings from the environment, and what the command line says of wrong ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from hooks.cli import main
from hooks.installation import Installation
from hooks.server.settings import Settings, described
from tools.settings_page import page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_defaults_are_the_controllers_own() -> None:
    assert Settings().installation() == Installation()


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

    assert Settings().installation() == Installation(
        runner_image="registry.test/runner:1",
        proxy_host="127.0.0.1",
        openshift=True,
        digest_key=b"k",
        read_secrets=False,
        read_pods=False,
    )


@pytest.mark.parametrize(
    ("given", "written"),
    [("::", "[::]"), ("[::]", "[::]"), ("fd00::1", "[fd00::1]"), ("10.0.0.1", "10.0.0.1"), ("localhost", "localhost")],
)
def test_the_proxys_address_has_the_form_that_the_runner_takes(
    monkeypatch: pytest.MonkeyPatch, given: str, written: str
) -> None:
    """It puts a colon and the port behind it: runner 0.44.0 says of `::` "too many colons in address", and ends."""
    monkeypatch.setenv("TOOLHIVE_PROXY_HOST", given)

    assert Settings().installation().proxy_host == written


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "TOOLHIVE_HOOKS_DIGEST_KEY_FILE is empty"),
        (
            {"TOOLHIVE_HOOKS_DIGEST_KEY": "k"},
            "TOOLHIVE_HOOKS_DIGEST_KEY and TOOLHIVE_HOOKS_DIGEST_KEY_FILE exclude each other",
        ),
    ],
)
def test_a_digest_key_has_one_source(tmp_path: Path, more: dict[str, str], said: str) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")

    result = CliRunner().invoke(main, ["serve"], env={"TOOLHIVE_HOOKS_DIGEST_KEY_FILE": str(empty), **more})

    assert (result.exit_code, result.stderr) == (2, f"toolhive-hooks: {said}\n")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (
            "TOOLHIVE_HOOKS_WORKERS",
            "0",
            "toolhive-hooks: TOOLHIVE_HOOKS_WORKERS: must be at least 1\n",
        ),
        (
            "TOOLHIVE_HOOKS_DIGEST_KEY_FILE",
            "/nowhere",
            "toolhive-hooks: TOOLHIVE_HOOKS_DIGEST_KEY_FILE: is no file, or can't be reached\n",
        ),
        (
            "TOOLHIVE_HOOKS_READ_PODS",
            "s3cr3t",
            "toolhive-hooks: TOOLHIVE_HOOKS_READ_PODS: must be true or false\n",
        ),
        (
            "TOOLHIVE_RUNNER_IMAGE",
            "GHCR.io/Acme/proxyrunner:v0.44.0",
            "toolhive-hooks: TOOLHIVE_RUNNER_IMAGE: must have its repository in lower case\n",
        ),
        (
            "TOOLHIVE_HOOKS_PROBES_BIND",
            "127.0.0.1:70000",
            "toolhive-hooks: TOOLHIVE_HOOKS_PROBES_BIND: the port is over 65535\n",
        ),
        (
            "TOOLHIVE_HOOKS_CLIENT_CA_FILE",
            __file__,
            "toolhive-hooks: TOOLHIVE_HOOKS_CLIENT_CA_FILE needs TOOLHIVE_HOOKS_TLS_CERT_FILE\n",
        ),
        (
            "TOOLHIVE_HOOKS_TLS_KEY_FILE",
            __file__,
            "toolhive-hooks: TOOLHIVE_HOOKS_TLS_CERT_FILE and TOOLHIVE_HOOKS_TLS_KEY_FILE need each other\n",
        ),
        (
            "TOOLHIVE_HOOKS_AUTH_TOKEN_FILE",
            os.devnull,
            "toolhive-hooks: TOOLHIVE_HOOKS_AUTH_TOKEN_FILE: is no file, or can't be reached\n",
        ),
    ],
)
def test_a_wrong_setting_stops_the_start_with_its_name(variable: str, value: str, said: str) -> None:
    result = CliRunner().invoke(main, ["serve"], env={variable: value})

    assert (result.exit_code, result.stderr) == (2, said)


def test_a_misspelt_setting_stops_the_start_and_what_kubernetes_adds_does_not() -> None:
    links = {"TOOLHIVE_HOOKS_PORT": "tcp://10.0.0.1:8080", "TOOLHIVE_HOOKS_SERVICE_PORT_HOOKS": "8080"}
    links |= {"TOOLHIVE_HOOKS_PORT_8080_TCP_ADDR": "10.0.0.1", "TOOLHIVE_HOOKS_SERVICE_HOST": "10.0.0.1"}
    misspelt = {"TOOLHIVE_HOOKS_AUTH_TOKENFILE": "/x", "TOOLHIVE_HOOKS_QQQQ": ""}

    result = CliRunner().invoke(main, ["serve"], env={**links, **misspelt})

    assert (result.exit_code, result.stderr.splitlines()) == (
        2,
        [
            "toolhive-hooks: TOOLHIVE_HOOKS_AUTH_TOKENFILE: there is no such setting, "
            "did you mean TOOLHIVE_HOOKS_AUTH_TOKEN_FILE?",
            "toolhive-hooks: TOOLHIVE_HOOKS_QQQQ: there is no such setting",
        ],
    )


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLHIVE_RUNNER_IMAGE", "")

    assert Settings().installation() == Installation()


def test_docs_and_help_tell_every_setting_as_the_class_has_it() -> None:
    told = CliRunner().invoke(main, ["serve", "--help"], terminal_width=200).output

    assert (DOCS / "settings.md").read_text() == page()
    assert [
        line.strip()
        for line in told.partition("Environment:")[2].splitlines()
        if line.startswith("  ") and line.strip().isupper()
    ] == [setting.variable for setting in described()]
