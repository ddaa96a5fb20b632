"""A proxy that is an authorization server: clients register, users log in upstream, and keys are rotated."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from hooks.kubernetes.objects import Object
from tests.controlplane import ControlPlane
from tests.runner.backend import Backend
from tests.runner.identity_provider import BACKEND, LOGGED_IN, LOGIN_CLIENT, PROXY, IdentityProvider, key
from tests.runner.manifests import AUTH, TRUST, custom, external_auth, secret, server
from tests.runner.oauth_client import OAuthClient
from tests.runner.runner import Proxy, Start

pytestmark = pytest.mark.runner

HMAC = "0123456789abcdef0123456789abcdef"
OLD, NEW = {"name": "keys", "key": "old"}, {"name": "keys", "key": "new"}


def pem(name: str) -> str:
    """A private key as PEM."""
    encoding, format_ = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key(name).private_bytes(encoding, format_, serialization.NoEncryption()).decode()


def auth_server(provider: IdentityProvider, **settings: Any) -> list[Object]:
    """An MCPExternalAuthConfig that makes a proxy an authorization server, and all that it needs."""
    client_id, client_secret = LOGIN_CLIENT
    upstream = {
        "issuerUrl": provider.issuer,
        "clientId": client_id,
        "scopes": ["openid", "profile"],
        "clientSecretRef": {"name": "login", "key": "secret"},
    }
    block = {
        "issuer": PROXY,
        "upstreamProviders": [{"name": "corp", "type": "oidc", "oidcConfig": upstream}],
        "signingKeySecretRefs": [OLD],
        "hmacSecretRefs": [{"name": "keys", "key": "hmac"}],
        **settings,
    }
    return [
        custom("MCPExternalAuthConfig", "login", {"type": "embeddedAuthServer", "embeddedAuthServer": block}),
        custom("MCPOIDCConfig", "self", {"type": "inline", "inline": {"issuer": PROXY}}),
        secret("keys", old=pem("old"), new=pem("new"), hmac=HMAC, hmac2=HMAC[::-1]),
        secret("login", secret=client_secret),
    ]


def guarded(backend: Backend, **spec: Any) -> Object:
    """An MCPServer whose callers log in at its own proxy."""
    refs = {
        "oidcConfigRef": {"name": "self", "audience": PROXY, "resourceUrl": PROXY},
        "authServerRef": {"kind": "MCPExternalAuthConfig", "name": "login"},
    }
    return server(backend, **{**TRUST, **refs, **spec})


def status(proxy: Proxy, token: str | None) -> int:
    """How the proxy answers a caller with this token."""
    return proxy.caller(token).post("initialize").status


def test_a_client_registers_logs_in_and_calls(start: Start, provider: IdentityProvider, backend: Backend) -> None:
    proxy = start(guarded(backend), *auth_server(provider)).wait_started()
    client = OAuthClient(proxy.port, provider)
    metadata = client.document("/.well-known/oauth-authorization-server")
    [published] = client.document("/.well-known/jwks.json")["keys"]
    protected = client.document("/.well-known/oauth-protected-resource")

    token = client.register().log_in()["access_token"]

    assert (metadata["issuer"], metadata["registration_endpoint"]) == (PROXY, f"{PROXY}/oauth/register")
    assert (protected["resource"], protected["authorization_servers"]) == (PROXY, [PROXY])
    claims = jwt.decode(token, jwt.PyJWK(published).key, algorithms=["RS256"], audience=PROXY, issuer=PROXY)
    assert claims["client_id"] == client.id
    assert [status(proxy, None), status(proxy, provider.token()), status(proxy, token)] == [401, 401, 200]
    [call] = backend.calls
    assert provider.claims(call.bearer, LOGGED_IN)["sub"] == "alice", "the MCP server must see the upstream's token"


def test_the_upstreams_token_is_kept_from_the_server_where_the_config_says_so(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    proxy = start(guarded(backend), *auth_server(provider, disableUpstreamTokenInjection=True)).wait_started()

    assert status(proxy, OAuthClient(proxy.port, provider).register().log_in()["access_token"]) == 200

    [call] = backend.calls
    assert "Authorization" not in call.headers


def test_an_old_signing_key_verifies_until_it_is_removed(
    start: Start, cluster: ControlPlane, provider: IdentityProvider, backend: Backend
) -> None:
    """The new key signs at once; the old one verifies what hasn't expired, until it is taken out of the list.

    Logins are in the proxy's memory, so that the upstream's token is gone with each restart: what is asked here is
    whether the token itself is accepted, and the upstream's is kept from the MCP server.
    """
    settings = {"disableUpstreamTokenInjection": True}
    proxy = start(guarded(backend), *auth_server(provider, **settings)).wait_started()
    before = OAuthClient(proxy.port, provider).register().log_in()["access_token"]
    assert status(proxy, before) == 200

    rotated = rotate(cluster, proxy, NEW, OLD)
    assert status(rotated, before) == 200
    assert [status(rotated, expiring(before, seconds)) for seconds in (60, -1)] == [200, 401]
    client = OAuthClient(rotated.port, provider).register()
    after = client.log_in()["access_token"]
    assert status(rotated, after) == 200
    kids = [jwt.get_unverified_header(token)["kid"] for token in (before, after)]
    published = [key["kid"] for key in client.document("/.well-known/jwks.json")["keys"]]
    assert kids[0] != kids[1]
    assert published == [kids[1]], "0.44 publishes the signing key alone: see docs/differences.md"

    removed = rotate(cluster, rotated, NEW)
    assert [status(removed, before), status(removed, after)] == [401, 200]


def expiring(token: str, seconds: int) -> str:
    """The same token, signed with the old key again, with another time at which it expires."""
    claims = jwt.decode(token, options={"verify_signature": False})
    header = {name: text for name, text in jwt.get_unverified_header(token).items() if name != "alg"}
    return jwt.encode({**claims, "exp": int(time.time()) + seconds}, key("old"), algorithm="RS256", headers=header)


def rotate(cluster: ControlPlane, proxy: Proxy, *keys: Object) -> Proxy:
    """The proxy with these signing keys, the first of which signs."""
    return edited(cluster, proxy, signingKeySecretRefs=list(keys))


def edited(cluster: ControlPlane, proxy: Proxy, **settings: Any) -> Proxy:
    """The proxy with these settings of its authorization server."""
    change = {"spec": {"embeddedAuthServer": settings}}
    kind = cluster.resource("toolhive.stacklok.dev/v1beta1/MCPExternalAuthConfig")
    content = "application/merge-patch+json"
    kind.patch(name="login", namespace=proxy.namespace, body=change, content_type=content)
    return proxy.remade().wait_started()


def test_the_upstreams_token_is_exchanged(start: Start, provider: IdentityProvider, backend: Backend) -> None:
    """With a tokenExchange config beside it: the subject is what the upstream gave the authorization server."""
    exchange = external_auth(provider, subjectProviderName="corp")
    spec = guarded(backend, externalAuthConfigRef={"name": AUTH})
    proxy = start(spec, *auth_server(provider), *exchange).wait_started()

    assert status(proxy, OAuthClient(proxy.port, provider).register().log_in()["access_token"]) == 200

    [request] = provider.token_requests
    assert provider.claims(request.form["subject_token"], LOGGED_IN)["sub"] == "alice"
    [call] = backend.calls
    assert provider.claims(call.bearer, BACKEND)["sub"] == "alice"


def test_a_delegate_client_exchanges_a_users_token(
    start: Start, cluster: ControlPlane, provider: IdentityProvider, backend: Backend
) -> None:
    """The subject is a token of the authorization server itself; the new one names the client as actor.

    It belongs to no login, so there is no upstream's token for it: where that one is to reach the MCP server, 0.44
    refuses the call.
    """
    agent = {"clientId": "agent", "clientSecretRef": {"name": "agent", "key": "secret"}}
    delegates = [{**agent, "scopes": ["openid"], "audiences": [PROXY]}]
    settings = {"delegateClients": delegates, "disableUpstreamTokenInjection": True}
    proxy = start(guarded(backend), *auth_server(provider, **settings), secret("agent", secret=HMAC)).wait_started()
    token = OAuthClient(proxy.port, provider).register().log_in()["access_token"]
    delegate = OAuthClient(proxy.port, provider, "agent")

    refused = delegate.exchange(token, "wrong")
    exchanged = delegate.exchange(token, HMAC)

    assert refused["error"] == "invalid_client"
    assert status(proxy, exchanged["access_token"]) == 200
    claims = [jwt.decode(t, options={"verify_signature": False}) for t in (token, exchanged["access_token"])]
    assert claims[0]["sub"] == claims[1]["sub"]
    assert claims[1]["act"]["sub"] == "agent"
    swapping = edited(cluster, proxy, disableUpstreamTokenInjection=False)
    again = delegate.exchange(OAuthClient(swapping.port, provider).register().log_in()["access_token"], HMAC)
    assert status(swapping, again["access_token"]) == 401
