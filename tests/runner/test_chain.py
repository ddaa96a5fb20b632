"""The rest of the middleware chain, with the exchange and without: tools, authz, audit, telemetry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.controlplane import eventually
from tests.runner.backend import Backend
from tests.runner.caller import Caller
from tests.runner.collector import collector
from tests.runner.identity_provider import BACKEND, PROXY, IdentityProvider
from tests.runner.manifests import TRUST, exchanging, external_auth, oidc, server, tool_config, with_proxy_env
from tests.runner.runner import Proxy, Start

pytestmark = pytest.mark.runner

ONLY_ALICE = 'permit(principal == Client::"alice", action == Action::"call_tool", resource == Tool::"fetch");'
EVERYTHING: dict[str, Any] = {
    "toolConfigRef": {"name": "weather-tools"},
    "authzConfig": {"type": "inline", "inline": {"policies": [ONLY_ALICE]}},
    "audit": {"enabled": True},
    "telemetry": {"prometheus": {"enabled": True}},
}
TOOLS = tool_config(
    toolsFilter=["get", "search"], toolsOverride={"fetch": {"name": "get", "description": "Gets a page."}}
)


@dataclass(frozen=True)
class World:
    proxy: Proxy
    provider: IdentityProvider
    backend: Backend
    exchanges: bool

    def caller(self, name: str) -> Caller:
        """Someone whom the provider knows by this name, connected."""
        caller = self.proxy.caller(self.provider.token(sub=name)).connect()
        self.backend.calls.clear()
        return caller

    def audited(self, **wanted: str) -> list[dict[str, Any]]:
        """The audit log's lines in which these keys have these values."""
        lines = self.proxy.events("audit_event")
        return [line for line in lines if wanted.items() <= line.items()]


@pytest.fixture(params=[True, False], ids=["exchanging", "without-exchange"])
def world(start: Start, provider: IdentityProvider, backend: Backend, request: pytest.FixtureRequest) -> World:
    """A server with everything, with external auth and without."""
    if request.param:
        proxy = start(exchanging(backend, provider, **EVERYTHING), *external_auth(provider), TOOLS)
    else:
        proxy = start(server(backend, oidcConfig=oidc(provider), **TRUST, **EVERYTHING), TOOLS)
    written = [middleware["type"] for middleware in proxy.run_config["middleware_configs"]]
    assert ("tokenexchange" in written) == request.param
    return World(proxy.wait_started(), provider, backend, request.param)


def test_the_chain_is_the_one_that_we_wrote(start: Start, provider: IdentityProvider, backend: Backend) -> None:
    """Each part is at work, in that order, and nothing else: no `usagemetrics`, which the runner adds to its own."""
    spec = with_proxy_env(exchanging(backend, provider, **EVERYTHING), TOOLHIVE_DEBUG="true")
    proxy = start(spec, *external_auth(provider), TOOLS).wait_started()

    applied = [line["name"] for line in proxy.events("applied middleware")]  # from the innermost

    written = [middleware["type"] for middleware in proxy.run_config["middleware_configs"]]
    assert applied[::-1] == written
    assert written == [
        *("bodylimit", "audit", "auth", "tokenexchange", "tool-filter", "tool-call-filter", "mcp-parser"),
        *("telemetry", "authorization", "recovery"),
    ]


def test_tools_are_filtered_and_renamed(world: World) -> None:
    alice = world.caller("alice")

    # The filter's "search" is hidden too: alice may not call it.
    assert alice.tools() == {"get": "Gets a page."}
    assert alice.call("get").message["result"]["content"][0]["text"] == "called fetch"
    [call] = world.backend.called("fetch")
    audience = BACKEND if world.exchanges else PROXY
    assert world.provider.claims(call.bearer, audience)["sub"] == "alice"


@pytest.mark.parametrize("tool", ["fetch", "delete"], ids=["by-its-old-name", "hidden"])
def test_a_tool_that_is_not_shown_cannot_be_called(world: World, tool: str) -> None:
    reply = world.caller("alice").call(tool)

    assert reply.message["error"] == {"code": -32602, "message": "tool not found"}
    assert world.backend.calls == []


@pytest.mark.parametrize(("name", "tool"), [("alice", "search"), ("bob", "get")])
def test_cedar_policies_deny_other_callers_and_tools(world: World, name: str, tool: str) -> None:
    reply = world.caller(name).call(tool)

    assert (reply.status, reply.message["error"]["message"]) == (403, "Unauthorized")
    assert world.backend.calls == []


def test_the_audit_log_has_every_call_and_who_made_it(world: World) -> None:
    alice, bob = world.caller("alice"), world.caller("bob")
    alice.call("get")
    bob.call("get")
    world.proxy.caller().call("get")

    def calls() -> bool:
        found = [
            (line["outcome"], line["subjects"].get("user_id", ""), line["target"].get("name", ""))
            for line in world.audited(type="mcp_tool_call") + world.audited(type="http_request", outcome="denied")[-1:]
        ]
        assert found == [("success", "alice", "fetch"), ("denied", "bob", "fetch"), ("denied", "", "")]
        return True

    eventually(calls)
    assert world.audited(level="AUDIT", component="toolhive-api")


def test_metrics_count_calls_and_are_open_to_all(world: World) -> None:
    world.caller("alice").call("get")

    reply = world.proxy.caller().request("GET", "/metrics")

    assert reply.status == 200, "it answers anybody who reaches the port"
    lines = [line for line in reply.text.splitlines() if line.startswith("toolhive_mcp_")]
    assert any('mcp_method="tools/call"' in line and 'server="weather"' in line for line in lines), lines


def test_traces_and_metrics_reach_the_collector(start: Start, backend: Backend) -> None:
    with collector("X-Team") as (address, received):
        otel = {
            "enabled": True,
            "endpoint": address,
            "insecure": True,
            "headers": ["x-team=weather"],
            "metrics": {"enabled": True},
            "tracing": {"enabled": True, "samplingRate": "1"},
        }
        proxy = start(server(backend, telemetry={"openTelemetry": otel})).wait_started()
        proxy.caller().connect()
        proxy.process.stop()  # sends what is left

    assert set(received) == {("traces", "weather"), ("metrics", "weather")}
