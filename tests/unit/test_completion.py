"""What a shell completes from kubeconfig and cluster; and nothing, soon, where there is none."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from hooks.cli import main
from hooks.commands import completion
from tests.answering import answering, write_kubeconfig

pytestmark = pytest.mark.slow

TOOLHIVE = "/apis/toolhive.stacklok.dev/v1beta1"
NOTHING = (200, '{"items": []}')


def items(*names: str) -> tuple[int, str]:
    found = [{"metadata": {"name": name, "namespace": "team"}} for name in names]
    return 200, json.dumps({"items": found})


CLUSTER = {
    "/api/v1/namespaces?": items("team-a", "team-b", "other"),
    f"{TOOLHIVE}/namespaces/default/mcpservers?": items("weather", "wiki"),
    f"{TOOLHIVE}/namespaces/default/mcpremoteproxies?": items("remote"),
    f"{TOOLHIVE}/namespaces/team-a/mcpservers?": items("search"),
    f"{TOOLHIVE}/namespaces/team-a/mcpremoteproxies?": NOTHING,
    f"{TOOLHIVE}/namespaces/default/mcptoolconfigs?": items("tools"),
}


def completed(kubeconfig: Path | str, *words: str) -> list[str]:
    """What bash would be offered for the last word."""
    line = ["toolhive-hooks", words[0], "--kubeconfig", str(kubeconfig), *words[1:]]
    asked = {
        "_TOOLHIVE_HOOKS_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(line),
        "COMP_CWORD": str(len(line) - 1),
    }
    output = CliRunner().invoke(main, prog_name="toolhive-hooks", env=asked).output
    return [line.removeprefix("plain,") for line in output.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("status", "w"), ["weather", "wiki"]),
        (("status", "-n", "team-a", "se"), ["search"]),
        (("status", "toolconfig/t"), ["toolconfig/tools"]),
        (("status", "widget/t"), []),
        (("status", "mcptoolconfig/t"), ["mcptoolconfig/tools"]),
        (("diff", "re"), ["remote"]),
        (("status", "-n", "te"), ["team-a", "team-b"]),
        (("migrate", "--operator-namespace", "o"), ["other"]),
        (("check", "--context", "x"), ["x"]),
    ],
)
def test_names_come_from_the_cluster(
    tmp_path: Path, words: tuple[str, ...], offered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completion, "_TIMEOUT_SECONDS", 60)  # a busy machine takes its time
    with answering(tmp_path, CLUSTER) as (kubeconfig, _):
        assert completed(kubeconfig, *words) == offered


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Path]:
    """A kubeconfig of something that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield write_kubeconfig(tmp_path, f"http://127.0.0.1:{server.getsockname()[1]}")


def test_a_cluster_that_never_answers_offers_nothing_soon(silent: Path) -> None:
    start = time.monotonic()

    assert completed(silent, "status", "we") == []
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("content", ["", "[]", "a: [", "contexts: 1"])
def test_without_a_kubeconfig_nothing_is_offered_and_nothing_fails(tmp_path: Path, content: str) -> None:
    (tmp_path / "config").write_text(content)

    for kubeconfig in (tmp_path / "none", tmp_path / "config"):
        assert completed(kubeconfig, "status", "--context", "x") == []
        assert completed(kubeconfig, "status", "we") == []
