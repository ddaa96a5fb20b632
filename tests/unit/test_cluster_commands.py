"""`migrate` and `diff` without a cluster: what they say when they can't begin."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hooks.cluster import LEASE, ClusterError, _path
from hooks.controllers.kinds import SECRET
from tests.old_operator import run

WITHOUT_CLIENT = "import sys; sys.modules['kubernetes'] = None; from hooks.cli import main; main()"


@pytest.mark.parametrize("command", ["migrate", "diff"])
def test_without_the_kubernetes_client_they_say_how_to_get_it(command: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_CLIENT, command], capture_output=True, text=True, check=False, timeout=60
    )

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "toolhive-hooks: this needs the Kubernetes client: pip install 'kubernetes>=32'\n"


@pytest.mark.parametrize("command", ["serve", "render", "crds"])
def test_the_others_need_none(command: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_CLIENT, command, "--help"], capture_output=True, check=False, timeout=60
    )

    assert result.returncode == 0


def test_without_a_kubeconfig_that_is_said(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "none")}
    result = subprocess.run(
        [sys.executable, "-m", "hooks", "migrate"], capture_output=True, text=True, check=False, timeout=60, env=env
    )

    assert (result.returncode, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert result.stderr.startswith("toolhive-hooks: no usable kubeconfig: ")


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ((SECRET, "team", "oauth"), "/api/v1/namespaces/team/secrets/oauth"),
        ((SECRET, "team", "../../other/secrets/x"), "/api/v1/namespaces/team/secrets/..%2F..%2Fother%2Fsecrets%2Fx"),
        ((SECRET, "team", "a?watch=true#%2f"), "/api/v1/namespaces/team/secrets/a%3Fwatch%3Dtrue%23%252f"),
        ((SECRET, "../kube-system"), "/api/v1/namespaces/..%2Fkube-system/secrets"),
        ((LEASE,), "/apis/coordination.k8s.io/v1/leases"),
    ],
)
def test_no_name_leads_out_of_its_place(arguments: tuple[Any, ...], path: str) -> None:
    assert _path(*arguments) == path


@pytest.mark.parametrize("arguments", [("team", ""), ("team", "."), ("team", ".."), ("..", "oauth"), (".",)])
def test_what_is_no_name_is_refused(arguments: tuple[str, ...]) -> None:
    """A client would resolve it, or read a list in the object's place."""
    with pytest.raises(ClusterError, match="no Secret can be named "):
        _path(SECRET, *arguments)


NO_CRD = "CustomResourceDefinition mcpservers.toolhive.stacklok.dev isn't installed: there are no MCPServers"
CRD_OF_ANOTHER_VERSION = {"spec": {"versions": [{"name": "v1beta1", "served": True, "storage": True}]}}
SERVED = {"spec": {"versions": [{"name": "v1alpha1", "served": True, "storage": True}]}}


@pytest.mark.parametrize("command", ["migrate", "diff"])
@pytest.mark.parametrize("answer", ["null", "[]", "1", "<html>"])
def test_what_is_no_api_server_is_told_so(tmp_path: Path, command: str, answer: str) -> None:
    with _answering(tmp_path, {"": (200, answer)}) as (kubeconfig, host):
        result = run(command, kubeconfig)

    text = f"toolhive-hooks: {host} doesn't answer as an API server\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", text)


@pytest.mark.parametrize(("command", "told"), [("migrate", "refused"), ("diff", "toolhive-hooks")])
def test_without_our_kinds_nothing_is_compared_or_migrated(tmp_path: Path, command: str, told: str) -> None:
    with _answering(tmp_path, {"/apis/apps": (200, "{}"), "/apis/coordination": (200, "{}")}) as (kubeconfig, _):
        result = run(command, kubeconfig)

    assert (result.returncode, result.stdout, result.stderr) == (2, "", f"{told}: {NO_CRD}\n")


def test_what_serves_another_version_is_not_compared(tmp_path: Path) -> None:
    with _answering(tmp_path, {"": (200, json.dumps(CRD_OF_ANOTHER_VERSION))}) as (kubeconfig, _):
        result = run("diff", kubeconfig)

    assert (result.returncode, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert result.stderr.startswith("toolhive-hooks: CustomResourceDefinition mcp")


def test_children_that_cannot_be_listed_are_not_taken_for_none(tmp_path: Path) -> None:
    """A path that isn't served is 404, as an object is that doesn't exist."""
    servers = {"items": [{"metadata": {"name": "demo", "namespace": "team"}, "spec": {"image": "i"}}]}
    answers = {
        "/apis/apiextensions.k8s.io/": (200, json.dumps(SERVED)),
        "/apis/toolhive.stacklok.dev/v1alpha1/mcpservers": (200, json.dumps(servers)),
    }
    with _answering(tmp_path, answers) as (kubeconfig, host):
        result = run("diff", kubeconfig)

    text = f"toolhive-hooks: {host} doesn't answer as an API server\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", text)


def test_a_list_of_nothing_is_empty(tmp_path: Path) -> None:
    """Some answer `items: null`."""
    answers = {"/apis/apiextensions.k8s.io/": (200, json.dumps(SERVED)), "": (200, '{"items": null}')}
    with _answering(tmp_path, answers) as (kubeconfig, _):
        compared, migrated = run("diff", kubeconfig), run("migrate", kubeconfig, "-n", "slip")

    assert (compared.returncode, compared.stdout, compared.stderr) == (0, "", "note: no MCPServer in the cluster\n")
    assert (migrated.returncode, migrated.stdout) == (0, "nothing to change\n")
    assert "note: no MCPServer in namespace slip" in migrated.stderr.splitlines()


@contextmanager
def _answering(directory: Path, answers: Mapping[str, tuple[int, str]]) -> Iterator[tuple[Path, str]]:
    """Something that answers by the first of these beginnings that a path has, and 404 otherwise; its kubeconfig."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = [answer for begin, answer in answers.items() if self.path.startswith(begin)]
            status, body = found[0] if found else (404, "404 page not found")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    named = {"cluster": "c", "user": "u"}
    config = {
        "current-context": "x",
        "contexts": [{"name": "x", "context": named}],
        "clusters": [{"name": "c", "cluster": {"server": host}}],
        "users": [{"name": "u", "user": {}}],
    }
    (directory / "config").write_text(json.dumps(config))
    try:
        yield directory / "config", host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
