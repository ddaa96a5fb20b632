"""A caller's token comes in, another one reaches the MCP server, and no caller gets in without one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.controlplane.processes import free_port
from tests.runner.backend import Backend
from tests.runner.identity_provider import (
    ACCESS_TOKEN,
    BACKEND,
    CLIENT_ID,
    CLIENT_SECRET,
    TOKEN_EXCHANGE,
    IdentityProvider,
    TokenRequest,
)
from tests.runner.manifests import exchanging, external_auth, with_proxy_env
from tests.runner.runner import Start

pytestmark = pytest.mark.runner

TRANSPORTS = {
    "streamable-http": ({"transport": "streamable-http"}, "/mcp"),
    "sse": ({"transport": "sse"}, "/sse"),
    "stdio-streamable-http": ({"transport": "stdio", "proxyMode": "streamable-http"}, "/mcp"),
    "stdio-sse": ({"transport": "stdio", "proxyMode": "sse"}, "/sse"),
}
"""What a spec says, and where callers connect."""

STRANGERS: dict[str, Callable[[IdentityProvider], str | None]] = {
    "none": lambda _: None,
    "rubbish": lambda _: "rubbish",
    "forged": lambda provider: provider.token(signed_by="somebody else"),
    "unsigned": lambda provider: provider.token(signed_by=None),
    "expired": lambda provider: provider.token(exp=int(time.time()) - 60),
    "wrong-audience": lambda provider: provider.token(aud=BACKEND),
    "wrong-issuer": lambda provider: provider.token(iss="https://other.acme.test"),
}
"""Tokens with which no caller gets in."""

REFUSALS: dict[str, dict[str, Any]] = {
    "invalid_client": {"clientId": "somebody else"},
    "invalid_target": {"audience": "https://other.acme.test"},
    "invalid_scope": {"scopes": ["admin"]},
}
"""What the provider answers to an MCPExternalAuthConfig that says this."""


def test_the_server_sees_another_token_for_the_same_caller(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    proxy = start(exchanging(backend, provider), *external_auth(provider)).wait_started()
    assert backend.calls == [], "the proxy itself called, before anybody did"
    token = provider.token()

    reply = proxy.caller(token).connect().call("fetch")

    assert reply.message["result"] == {"content": [{"type": "text", "text": "called fetch"}]}
    assert [call.method for call in backend.calls] == ["initialize", "tools/call"]
    for call in backend.calls:
        assert token not in str(call.headers)
        claims = provider.claims(call.bearer, BACKEND)
        assert (claims["sub"], claims["scope"]) == ("alice", "read write")
    form = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": token,
        "subject_token_type": ACCESS_TOKEN,
        "requested_token_type": ACCESS_TOKEN,
        "audience": BACKEND,
        "scope": "read write",
    }
    assert provider.token_requests == [TokenRequest(form, client=(CLIENT_ID, CLIENT_SECRET), error="")] * 2


def test_in_a_header_of_its_own_the_new_token_stands_beside_the_callers(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    auth = external_auth(provider, externalTokenHeaderName="X-Upstream-Token")
    proxy = start(exchanging(backend, provider), *auth).wait_started()
    token = provider.token()

    proxy.caller(token).connect()

    [call] = backend.calls
    assert provider.claims(call.headers["X-Upstream-Token"].removeprefix("Bearer "), BACKEND)["sub"] == "alice"
    assert call.bearer == token


def test_each_callers_calls_carry_that_callers_token(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    proxy = start(exchanging(backend, provider), *external_auth(provider)).wait_started()
    callers = [proxy.caller(provider.token(sub=name)).connect() for name in ("alice", "bob")]
    backend.calls.clear()

    for caller in [*callers, *callers]:
        caller.call("fetch")

    seen = [provider.claims(call.bearer, BACKEND)["sub"] for call in backend.called("fetch")]
    assert seen == ["alice", "bob", "alice", "bob"]


def test_over_sse_the_server_sees_the_exchanged_token(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    proxy = start(exchanging(backend, provider, transport="sse"), *external_auth(provider)).wait_started()
    caller = proxy.caller(provider.token())

    with caller.events() as events:
        endpoint = next(events)
        assert caller.send(endpoint, "tools/call", name="fetch") == 202
        assert json.loads(next(events))["result"]["content"][0]["text"] == "called fetch"

    assert [(call.verb, call.path) for call in backend.calls] == [("GET", "/sse"), ("POST", "/messages/0")]
    assert [provider.claims(call.bearer, BACKEND)["sub"] for call in backend.calls] == ["alice", "alice"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_nobody_gets_in_without_a_good_token(
    start: Start, provider: IdentityProvider, backend: Backend, transport: str
) -> None:
    spec, path = TRANSPORTS[transport]
    proxy = start(exchanging(backend, provider, **spec), *external_auth(provider)).wait_started()
    verbs = ("GET",) if path == "/sse" else ("GET", "POST", "DELETE")
    call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})

    for who, token_of in STRANGERS.items():
        for verb in verbs:
            reply = proxy.caller(token_of(provider)).request(verb, path, call if verb == "POST" else None)
            assert (reply.status, reply.headers["Www-Authenticate"][:6]) == (401, "Bearer"), f"{who}: {verb} {reply}"

    assert backend.calls == []
    assert provider.token_requests == []


@pytest.mark.parametrize("who", STRANGERS)
def test_an_open_session_is_of_no_use_to_strangers(
    start: Start, provider: IdentityProvider, backend: Backend, who: str
) -> None:
    proxy = start(exchanging(backend, provider), *external_auth(provider)).wait_started()
    session = proxy.caller(provider.token()).connect()
    stranger = proxy.caller(STRANGERS[who](provider)).joining(session)
    backend.calls.clear()
    provider.token_requests.clear()

    replies = [stranger.call("fetch"), stranger.post("tools/list"), stranger.post("initialize")]

    assert [reply.status for reply in replies] == [401, 401, 401]
    assert backend.calls == []
    assert provider.token_requests == []


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
def test_no_call_gets_through_while_the_exchange_fails(
    start: Start, provider: IdentityProvider, backend: Backend, status: int
) -> None:
    proxy = start(exchanging(backend, provider), *external_auth(provider)).wait_started()
    caller = proxy.caller(provider.token()).connect()
    backend.calls.clear()

    provider.failing = status
    refused = caller.call("fetch")

    assert (refused.status, refused.text) == (401, "Token exchange failed\n")
    assert backend.calls == []
    provider.failing = 0
    assert caller.call("fetch").status == 200, "it doesn't recover"
    assert len(backend.called("fetch")) == 1


def test_no_call_where_the_token_endpoint_is_out_of_reach(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    auth = external_auth(provider, tokenUrl=f"https://127.0.0.1:{free_port()}/token")
    proxy = start(exchanging(backend, provider), *auth).wait_started()

    assert proxy.caller(provider.token()).post("initialize").status == 401
    assert backend.calls == []


@pytest.mark.parametrize("error", REFUSALS)
def test_no_call_where_the_provider_refuses_what_the_config_says(
    start: Start, provider: IdentityProvider, backend: Backend, error: str
) -> None:
    proxy = start(exchanging(backend, provider), *external_auth(provider, **REFUSALS[error])).wait_started()

    assert proxy.caller(provider.token()).post("initialize").status == 401
    assert [request.error for request in provider.token_requests] == [error]
    assert backend.calls == []


def test_without_scopes_none_are_asked_for(start: Start, provider: IdentityProvider, backend: Backend) -> None:
    proxy = start(exchanging(backend, provider), *external_auth(provider, scopes=[])).wait_started()

    proxy.caller(provider.token()).connect()

    assert ["scope" in request.form for request in provider.token_requests] == [False]


def test_the_client_secret_is_nowhere_but_in_the_environment(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    spec = with_proxy_env(exchanging(backend, provider), TOOLHIVE_DEBUG="true")
    proxy = start(spec, *external_auth(provider)).wait_started()
    proxy.caller(provider.token()).connect()
    assert provider.token_requests[0].client == (CLIENT_ID, CLIENT_SECRET)

    places = [proxy.answer, proxy.run_config, proxy.made("apps/v1/StatefulSet"), proxy.output()]
    assert [CLIENT_SECRET in json.dumps(place) for place in places] == [False] * 4
