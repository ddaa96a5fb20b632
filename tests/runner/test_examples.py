"""Every example is started by the real proxy runner, and what its README promises of calls holds."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from hooks.api.kinds import RESOURCES
from hooks.kubernetes.objects import Object
from hooks.manifests.load import load
from tests.controlplane.processes import free_port
from tests.examples import APPLIED, FOLDER, name
from tests.runner.backend import Backend
from tests.runner.gate import Gate
from tests.runner.identity_provider import LOGGED_IN, LOGIN_CLIENT, PROXY, IdentityProvider
from tests.runner.manifests import TRUST, oidc_config
from tests.runner.oauth_client import OAuthClient
from tests.runner.redis import PASSWORD, USER, redis
from tests.runner.runner import Proxy, Start
from tests.runner.test_auth_server import HMAC, pem, status
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


NEED_OTHERS = ("auth-server", "rate-limits", "replicas", "webhooks")
"""Examples whose proxies don't get ready without a Redis, an identity provider or webhooks: each has a test below."""
SERVERS = [(folder, server) for folder in APPLIED if folder.name not in NEED_OTHERS for server in servers(folder)]
SERVED = ("Secret", "ConfigMap", *(kind.kind for kind in RESOURCES))
REDIS = "redis.redis.svc.cluster.local:6379"


def started(start: Start, backend: Backend, folder: Path, server: str, *more: Object, **spec: Any) -> Proxy:
    """The proxy of an example's server, on a free port and before our backend; more objects, and parts of its spec."""
    objects = load([str(folder)], io.BytesIO())
    [chosen] = [obj for obj in objects if obj["kind"] == "MCPServer" and obj["metadata"]["name"] == server]
    chosen["spec"] |= {"proxyPort": free_port(), **spec}
    if chosen["spec"]["transport"] != "stdio":
        chosen["spec"]["mcpPort"] = backend.port
    others = [obj for obj in objects if obj["kind"] != "MCPServer"]
    if not any(obj["kind"] == "Secret" for obj in others):
        others.append(STAND_IN)
    return start(chosen, *others, *more)


def among(
    start: Start, backend: Backend, folder: str, instead: dict[str, str], secrets: dict[str, str], **spec: Any
) -> Proxy:
    """The proxy of an example's server, led to what the test runs.

    Args:
        start: starts proxies.
        backend: the MCP server.
        folder: the example's.
        instead: what stands in place of addresses.
        secrets: values by key, of whatever Secret.
        spec: parts of the MCPServer's spec.
    """
    text = json.dumps([obj for obj in load([str(FOLDER / folder)], io.BytesIO()) if obj["kind"] in SERVED])
    for address, other in instead.items():
        assert address in text
        text = text.replace(address, other)
    objects = json.loads(text)
    for obj in objects:
        if obj["kind"] == "MCPServer":
            obj["spec"] |= {"proxyPort": free_port(), "mcpPort": backend.port, **spec}
        if obj["kind"] == "Secret":
            obj["stringData"] = {key: secrets[key] for key in obj["stringData"]}
    return start(*objects)


@pytest.mark.parametrize(
    ("folder", "server"), SERVERS, ids=lambda value: name(value) if isinstance(value, Path) else value
)
def test_an_example_starts(start: Start, backend: Backend, folder: Path, server: str) -> None:
    check_serves(started(start, backend, folder, server))


def test_cedar_policies_decide_by_claims_and_arguments(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    spec = {"oidcConfigRef": {"name": "idp", "audience": PROXY}, **TRUST}
    proxy = started(start, backend, FOLDER / "authz-cedar", "fetch", *oidc_config(provider), **spec).wait_started()
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


@pytest.mark.parametrize("folder", ["rate-limits", "replicas"])
def test_an_example_with_redis_starts(start: Start, backend: Backend, tmp_path: Path, folder: str) -> None:
    with redis(tmp_path, password=True, not_shown=f"that examples/{folder} starts") as storage:
        check_serves(among(start, backend, folder, {REDIS: storage.address}, {"password": PASSWORD}))


def test_the_webhooks_of_the_example_are_asked(start: Start, backend: Backend) -> None:
    with Gate("hm4c").running() as gate:
        hosts = {f"https://{name}.policy.example.com": gate.url for name in ("redact", "review")}
        ca = gate.authority.cert_pem.bytes().decode()
        gate.refused = {"delete"}
        proxy = among(start, backend, "webhooks", hosts, {"hmac": "hm4c", "ca": ca}).wait_started()
        caller = proxy.caller().connect()

        assert [caller.call(tool).status for tool in ("fetch", "delete")] == [200, 403]
        assert all(question.signed == question.signature for question in gate.asked)
        assert [len(gate.about(path, "fetch")) for path in ("/mutate", "/validate")] == [1, 1]


def test_a_user_logs_in_at_the_authorization_server_of_the_example(
    start: Start, provider: IdentityProvider, backend: Backend, tmp_path: Path
) -> None:
    client_id, client_secret = LOGIN_CLIENT
    with redis(tmp_path, password=True, not_shown="that examples/auth-server works") as storage:
        instead = {
            "https://weather.mcp.example.com": PROXY,
            "https://idp.example.com": provider.issuer,
            REDIS: storage.address,
            '"clientId": "weather-mcp"': f'"clientId": "{client_id}"',
        }
        keys = {"client-secret": client_secret, "signing-key": pem("old"), "hmac": HMAC}
        secrets = {**keys, "username": USER, "password": PASSWORD}
        proxy = among(start, backend, "auth-server", instead, secrets, **TRUST).wait_started()

        token = OAuthClient(proxy.port, provider).register().log_in()["access_token"]

        assert status(proxy, token) == 200
        assert provider.claims(backend.calls[-1].bearer, LOGGED_IN)["sub"] == "alice"
