"""Every example is started by the real proxy runner, and what its README promises of calls holds."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from hooks.kubernetes.objects import Object
from hooks.manifests.load import load
from tests.controlplane.processes import free_port
from tests.examples import APPLIED, FOLDER, name
from tests.runner.backend import Backend
from tests.runner.identity_provider import IdentityProvider
from tests.runner.manifests import TRUST, oidc
from tests.runner.runner import Proxy, Start
from tests.runner.test_reference_starts import check_serves

pytestmark = pytest.mark.runner

STAND_IN: Object = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "github-oauth"},
    "stringData": {"client-secret": "x"},
}


def servers(folder: Path) -> list[str]:
    return [obj["metadata"]["name"] for obj in load([str(folder)], io.BytesIO()) if obj["kind"] == "MCPServer"]


SERVERS = [(folder, server) for folder in APPLIED for server in servers(folder)]


def started(start: Start, backend: Backend, folder: Path, server: str, **spec: Any) -> Proxy:
    """The proxy of an example's server, on a free port and before our backend; parts of its spec as given."""
    objects = load([str(folder)], io.BytesIO())
    [chosen] = [obj for obj in objects if obj["kind"] == "MCPServer" and obj["metadata"]["name"] == server]
    chosen["spec"] |= {"port": free_port(), **spec}
    if chosen["spec"]["transport"] != "stdio":
        chosen["spec"]["targetPort"] = backend.port
    others = [obj for obj in objects if obj["kind"] != "MCPServer"]
    if not any(obj["kind"] == "Secret" for obj in others):
        others.append(STAND_IN)
    return start(chosen, *others)


@pytest.mark.parametrize(
    ("folder", "server"), SERVERS, ids=lambda value: name(value) if isinstance(value, Path) else value
)
def test_an_example_starts(start: Start, backend: Backend, folder: Path, server: str) -> None:
    check_serves(started(start, backend, folder, server))


def test_cedar_policies_decide_by_claims_and_arguments(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    proxy = started(start, backend, FOLDER / "authz-cedar", "fetch", oidcConfig=oidc(provider), **TRUST).wait_started()
    engineer = proxy.caller(provider.token(groups=["engineering"])).connect()
    stranger = proxy.caller(provider.token(groups=["sales"])).connect()
    backend.calls.clear()

    def fetches(caller: Any, url: str) -> int:
        return int(caller.post("tools/call", name="fetch", arguments={"url": url}).status)

    assert fetches(engineer, "https://example.com") == 200
    assert len(backend.calls) == 1
    assert fetches(engineer, "http://169.254.169.254/latest/meta-data/") == 403
    assert fetches(stranger, "https://example.com") == 403
    assert fetches(proxy.caller(provider.token()).joining(engineer), "https://example.com") == 403
    assert proxy.caller().joining(engineer).post("tools/list").status == 401
    assert len(backend.calls) == 1
    assert list(engineer.tools()) == ["fetch"]
    assert list(stranger.tools()) == []


def test_what_vault_wrote_is_a_variable_of_the_mcp_server(start: Start, backend: Backend, node: Path) -> None:
    (node / "vault").mkdir()
    (node / "vault/github").write_text("GITHUB_PERSONAL_ACCESS_TOKEN=from-vault")  # as the example's template has it
    agent = {"name": "agent", "hostPath": "/vault", "mountPath": "/vault/secrets", "readOnly": True}

    proxy = started(start, backend, FOLDER / "vault", "github", volumes=[agent]).wait_started()

    container = proxy.made("apps/v1/StatefulSet")["github"]["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "GITHUB_PERSONAL_ACCESS_TOKEN", "value": "from-vault"} in container["env"]
