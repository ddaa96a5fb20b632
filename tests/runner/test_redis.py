"""What proxies keep in a Redis: MCP sessions, logins, and how often callers have called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hooks.kubernetes.objects import Object
from tests.controlplane import ControlPlane
from tests.runner.backend import Backend
from tests.runner.caller import Caller
from tests.runner.identity_provider import LOGGED_IN, IdentityProvider
from tests.runner.manifests import by_reference, oidc_config, secret, server
from tests.runner.oauth_client import OAuthClient
from tests.runner.redis import PASSWORD, USER, Redis, redis
from tests.runner.runner import Start
from tests.runner.test_auth_server import auth_server, edited, guarded, status

pytestmark = pytest.mark.runner


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Redis]:
    """A Redis for sessions, with a password."""
    with redis(tmp_path, password=True, not_shown="sessions and rate limits shared by proxies") as running:
        yield running


def stored_in(storage: Redis) -> Object:
    """A sessionStorage."""
    password = {"name": "redis", "key": "password"}
    return {"provider": "redis", "address": storage.address, "keyPrefix": "weather:", "passwordRef": password}


CREDENTIALS = secret("redis", user=USER, password=PASSWORD)


def joined(caller: Caller, session: Caller) -> int:
    """How a call in someone's session is answered."""
    return caller.joining(session).post("tools/list").status


def test_a_session_outlives_the_proxy_and_is_known_to_a_second_one(
    start: Start, backend: Backend, storage: Redis
) -> None:
    proxy = start(server(backend, sessionStorage=stored_in(storage)), CREDENTIALS).wait_started()
    session = proxy.caller().connect()

    replica = proxy.replica().wait_started()
    assert joined(replica.caller(), session) == 200
    replica.process.stop()
    again = proxy.again().wait_started()

    assert joined(again.caller(), session) == 200
    assert {key.partition(":")[0] for key in storage.all_keys()} == {"weather"}


def test_without_storage_a_session_ends_with_its_proxy(start: Start, backend: Backend) -> None:
    proxy = start(server(backend)).wait_started()
    session = proxy.caller().connect()
    assert joined(proxy.caller(), session) == 200

    assert joined(proxy.again().wait_started().caller(), session) == 404


REFUSED = 429
ONCE = {"maxTokens": 1, "refillPeriod": "1h"}
TWICE = {"maxTokens": 2, "refillPeriod": "1h"}


def limited(backend: Backend, storage: Redis, **limits: Any) -> Object:
    return by_reference(backend, sessionStorage=stored_in(storage), rateLimiting=limits)


def called(caller: Caller, *tools: str) -> list[int]:
    return [caller.call(tool).status for tool in tools]


def test_a_shared_limit_counts_everybodys_calls_at_every_proxy(
    start: Start, provider: IdentityProvider, backend: Backend, storage: Redis
) -> None:
    proxy = start(limited(backend, storage, shared=TWICE), *oidc_config(provider), CREDENTIALS).wait_started()
    replica = proxy.replica().wait_started()
    alice = proxy.caller(provider.token()).connect()
    bob = replica.caller(provider.token(sub="bob")).connect()

    assert [called(alice, "fetch"), called(bob, "fetch"), called(alice, "fetch")] == [[200], [200], [REFUSED]]
    assert called(bob, "search") == [REFUSED]
    assert len(backend.called("fetch")) == 2


def test_a_limit_per_user_counts_each_callers_calls(
    start: Start, provider: IdentityProvider, backend: Backend, storage: Redis
) -> None:
    proxy = start(limited(backend, storage, perUser=TWICE), *oidc_config(provider), CREDENTIALS).wait_started()
    alice, bob = (proxy.caller(provider.token(sub=name)).connect() for name in ("alice", "bob"))

    assert called(alice, "fetch", "search", "fetch") == [200, 200, REFUSED]
    assert called(bob, "fetch") == [200]


def test_limits_of_a_tool_leave_the_others_alone(
    start: Start, provider: IdentityProvider, backend: Backend, storage: Redis
) -> None:
    tools = [{"name": "fetch", "shared": ONCE}, {"name": "search", "perUser": ONCE}]
    proxy = start(limited(backend, storage, tools=tools), *oidc_config(provider), CREDENTIALS).wait_started()
    alice, bob = (proxy.caller(provider.token(sub=name)).connect() for name in ("alice", "bob"))

    assert called(alice, "fetch", "search", "search", "delete", "delete") == [200, 200, REFUSED, 200, 200]
    assert called(bob, "fetch", "search") == [REFUSED, 200]


def test_calls_are_refused_while_redis_is_away(
    start: Start, provider: IdentityProvider, backend: Backend, tmp_path: Path
) -> None:
    """Sessions are in it: the proxy can't tell which there are."""
    with redis(tmp_path, password=True, not_shown="what proxies do without their Redis") as storage:
        proxy = start(limited(backend, storage, shared=TWICE), *oidc_config(provider), CREDENTIALS).wait_started()
        caller = proxy.caller(provider.token()).connect()
        assert called(caller, "fetch") == [200]

    assert called(caller, "fetch") == [503]
    assert len(backend.called("fetch")) == 1


LOGIN_STORES: dict[str, dict[str, Any]] = {
    "default-user": {},
    "acl": {"user": True},
    "acl-tls": {"user": True, "tls": True},
}


@pytest.mark.parametrize("kind", LOGIN_STORES)
def test_a_login_outlives_the_proxy(
    start: Start, provider: IdentityProvider, backend: Backend, tmp_path: Path, kind: str
) -> None:
    """The token is accepted, the upstream's still found for it, and a refresh gives another one."""
    user, tls = (LOGIN_STORES[kind].get(key, False) for key in ("user", "tls"))
    with redis(tmp_path, password=True, tls=tls, not_shown=f"a login that outlives the proxy, {kind}") as storage:
        settings, credentials = logins_in(storage, user)
        proxy = start(guarded(backend), *auth_server(provider, storage=settings), credentials).wait_started()
        client = OAuthClient(proxy.port, provider).register()
        tokens = client.log_in()

        again = proxy.again().wait_started()

        assert status(again, tokens["access_token"]) == 200
        assert provider.claims(backend.calls[-1].bearer, LOGGED_IN)["sub"] == "alice"
        assert status(again, client.refresh(tokens["refresh_token"])["access_token"]) == 200
        assert {key.split("{")[0] for key in storage.all_keys()} == {"thv:auth:"}


def logins_in(storage: Redis, user: bool = True) -> tuple[Object, Object]:
    """The storage of an authorization server, and the Secret that it needs."""
    account = {"passwordSecretRef": {"name": "redis", "key": "password"}}
    if user:
        account["usernameSecretRef"] = {"name": "redis", "key": "user"}
    settings: Object = {"addr": storage.address, "aclUserConfig": account}
    if storage.authority is None:
        return {"type": "redis", "redis": settings}, CREDENTIALS
    settings["tls"] = {"caCertSecretRef": {"name": "redis", "key": "ca"}}
    ca = storage.authority.cert_pem.bytes().decode()
    return {"type": "redis", "redis": settings}, secret("redis", user=USER, password=PASSWORD, ca=ca)


def test_an_old_hmac_secret_is_good_until_it_is_removed(
    start: Start, cluster: ControlPlane, provider: IdentityProvider, backend: Backend, tmp_path: Path
) -> None:
    """A refresh token from before is good until its secret is taken out of the list."""
    old, new = {"name": "keys", "key": "hmac"}, {"name": "keys", "key": "hmac2"}
    with redis(tmp_path, password=True, not_shown="the rotation of HMAC secrets") as storage:
        settings, credentials = logins_in(storage)
        proxy = start(guarded(backend), *auth_server(provider, storage=settings), credentials).wait_started()
        client = OAuthClient(proxy.port, provider).register()
        first, second = client.log_in()["refresh_token"], client.log_in()["refresh_token"]

        rotated = edited(cluster, proxy, hmacSecretRefs=[new, old])
        assert "access_token" in client.refresh(first)

        edited(cluster, rotated, hmacSecretRefs=[new])
        assert client.refresh(second)["error"] == "invalid_request"
