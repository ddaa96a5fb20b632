"""A proxy that is an authorization server, before a provider that is no OpenID provider; and clients of other kinds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from hooks.kubernetes.objects import Object
from tests.runner.backend import Backend
from tests.runner.code_host import CLIENT, INITIAL_TOKEN, CodeHost
from tests.runner.identity_provider import PROXY, IdentityProvider
from tests.runner.manifests import secret
from tests.runner.oauth_client import OAuthClient
from tests.runner.runner import Start
from tests.runner.test_auth_server import HMAC, auth_server, guarded, status

pytestmark = pytest.mark.runner

LOGIN = secret("code-host", secret=CLIENT[1], initial=INITIAL_TOKEN)


@pytest.fixture
def code_host(provider: IdentityProvider) -> Iterator[CodeHost]:
    """A provider whose certificate is of the same authority."""
    with CodeHost(provider.authority).running() as running:
        yield running


def upstream(code_host: CodeHost, **settings: Any) -> dict[str, Any]:
    """The provider as the upstream, by a client that is registered there unless the settings say otherwise."""
    client = {"clientId": CLIENT[0], "clientSecretRef": {"name": "code-host", "key": "secret"}}
    endpoints = {"authorizationEndpoint": f"{code_host.url}/authorize", "tokenEndpoint": f"{code_host.url}/token"}
    block = {**endpoints, "allowPrivateIPs": True, **({} if "dcrConfig" in settings else client), **settings}
    return {"upstreamProviders": [{"name": "code-host", "type": "oauth2", "oauth2Config": block}]}


def claims(token: str) -> Object:
    """The claims of a token, unverified."""
    found: Object = jwt.decode(token, options={"verify_signature": False})
    return found


def test_user_information_says_who_logged_in(
    start: Start, provider: IdentityProvider, backend: Backend, code_host: CodeHost
) -> None:
    info = {
        "endpointUrl": f"{code_host.url}/user",
        "httpMethod": "POST",
        "additionalHeaders": {"X-Api-Version": "3"},
        "fieldMapping": {"subjectFields": ["uid", "login"], "nameFields": ["display"], "emailFields": ["mail"]},
    }
    config = auth_server(provider, **upstream(code_host, userInfo=info))
    proxy = start(guarded(backend), *config, LOGIN).wait_started()
    client = OAuthClient(proxy.port, provider).register()

    first, second = (client.log_in()["access_token"] for _ in range(2))

    assert status(proxy, first) == 200
    assert [call.bearer for call in backend.calls] == [code_host.tokens[0]]
    asked = code_host.user_requests[0]
    assert (asked.method, asked.headers["X-Api-Version"]) == ("POST", "3")
    assert asked.headers["Authorization"] == f"Bearer {code_host.tokens[0]}"
    assert claims(first)["sub"] == claims(second)["sub"], "a lasting identity"
    assert {name: claims(first).get(name) for name in ("name", "email")} == {
        "name": "Alice",
        "email": "alice@acme.test",
    }


def test_a_token_response_in_a_form_of_its_own_is_read_by_its_paths(
    start: Start, provider: IdentityProvider, backend: Backend, code_host: CodeHost
) -> None:
    code_host.is_wrapped = True
    paths = {
        "accessTokenPath": "authed_user.token",
        "scopePath": "authed_user.granted",
        "expiresInPath": "authed_user.ttl",
    }
    identity = {"subjectPath": "authed_user.profile.uid", "namePath": "authed_user.profile.name"}
    settings = upstream(code_host, tokenResponseMapping=paths, identityFromToken=identity)
    proxy = start(guarded(backend), *auth_server(provider, **settings), LOGIN).wait_started()
    client = OAuthClient(proxy.port, provider).register()

    first, second = (client.log_in()["access_token"] for _ in range(2))

    assert status(proxy, first) == 200
    assert [call.bearer for call in backend.calls] == [code_host.tokens[0]]
    assert claims(first)["sub"] == claims(second)["sub"]
    assert claims(first)["name"] == "Alice"
    assert code_host.user_requests == []


def test_without_user_information_each_login_is_another_user(
    start: Start, provider: IdentityProvider, backend: Backend, code_host: CodeHost
) -> None:
    """Of which the config's condition IdentitySynthesized warns."""
    proxy = start(guarded(backend), *auth_server(provider, **upstream(code_host)), LOGIN).wait_started()
    client = OAuthClient(proxy.port, provider).register()

    first, second = (claims(client.log_in()["access_token"])["sub"] for _ in range(2))

    assert first.startswith("tk-")
    assert second.startswith("tk-")
    assert first != second


@pytest.mark.parametrize("by", ["discoveryUrl", "registrationEndpoint"])
def test_the_proxy_registers_itself_at_the_upstream(
    start: Start, provider: IdentityProvider, backend: Backend, code_host: CodeHost, by: str
) -> None:
    addresses = {
        "discoveryUrl": f"{code_host.url}/.well-known/oauth-authorization-server",
        "registrationEndpoint": f"{code_host.url}/register",
    }
    registration = {by: addresses[by], "initialAccessTokenRef": {"name": "code-host", "key": "initial"}}
    settings = upstream(code_host, dcrConfig=registration)
    proxy = start(guarded(backend), *auth_server(provider, **settings), LOGIN).wait_started()

    token = OAuthClient(proxy.port, provider).register().log_in()["access_token"]

    assert status(proxy, token) == 200
    assert [call.bearer for call in backend.calls] == code_host.tokens
    [registered] = code_host.registrations
    assert registered.headers["Authorization"] == f"Bearer {INITIAL_TOKEN}"
    assert registered.body["redirect_uris"] == [f"{PROXY}/oauth/callback"]


def test_a_client_is_known_by_the_document_at_its_id(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    """Client ID Metadata Documents: such a client registers nowhere, and only where `cimd` is enabled."""
    proxy = start(guarded(backend), *auth_server(provider, cimd={"enabled": True})).wait_started()
    client = OAuthClient(proxy.port, provider, provider.client_document)
    metadata = client.document("/.well-known/oauth-authorization-server")

    token = client.log_in()["access_token"]

    assert metadata["client_id_metadata_document_supported"] is True
    assert status(proxy, token) == 200
    assert claims(token)["client_id"] == provider.client_document


def test_a_delegate_client_exchanges_a_token_of_a_trusted_issuer(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    """It is meant for the proxy too, and has the scope that is asked for: no exchange gives more than there was."""
    agent = {"clientId": "agent", "clientSecretRef": {"name": "agent", "key": "secret"}}
    settings = {
        "delegateClients": [{**agent, "scopes": ["openid"], "audiences": [PROXY]}],
        "trustedIssuers": [
            {
                "issuerUrl": provider.issuer,
                "expectedAudience": "team-tools",
                "jwksUrl": f"{provider.issuer}/keys",
                "allowPrivateIPs": True,
                "actorClaim": "azp",
                "allowedActors": ["robot"],
                "allowedDelegateClients": ["agent"],
            }
        ],
        "disableUpstreamTokenInjection": True,
    }
    proxy = start(guarded(backend), *auth_server(provider, **settings), secret("agent", secret=HMAC)).wait_started()
    delegate = OAuthClient(proxy.port, provider, "agent")

    def of(issuer: str = provider.issuer, audience: str = "team-tools", actor: str = "robot", **more: str) -> str:
        return provider.token(iss=issuer, aud=[audience, PROXY], azp=actor, scope="openid", **more)

    given = delegate.exchange(of(), HMAC)
    others = [
        of(audience="another"),
        of(actor="another"),
        of(issuer="https://other.acme.test"),
        of(signed_by="another"),
    ]
    refused = [delegate.exchange(token, HMAC) for token in others]

    assert status(proxy, given["access_token"]) == 200
    assert claims(given["access_token"])["act"]["sub"] == "agent"
    assert [(answer["error"], "access_token" in answer) for answer in refused] == [("invalid_request", False)] * 4
