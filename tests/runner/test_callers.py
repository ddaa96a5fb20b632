"""Who the callers are: the forms of oidcConfig, and what goes on without one."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from hooks.kubernetes.kinds import DEPLOYMENT
from tests.controlplane import ControlPlane
from tests.runner.backend import Backend
from tests.runner.identity_provider import BACKEND, PROXY, IdentityProvider
from tests.runner.manifests import (
    AUTH,
    CA_FILE,
    TRUST,
    config_map,
    custom,
    exchanging,
    external_auth,
    oidc,
    server,
    with_proxy_env,
)
from tests.runner.runner import Proxy, Start
from tests.world import child, condition

pytestmark = pytest.mark.runner


def statuses(proxy: Proxy, *tokens: str | None) -> list[int]:
    """How the proxy answers callers with these tokens."""
    return [proxy.caller(token).post("initialize").status for token in tokens]


def test_callers_are_those_of_the_issuer_in_a_configmap(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    settings = {"thvCABundlePath": CA_FILE, "jwksAllowPrivateIP": "true"}
    callers = config_map("callers", issuer=provider.issuer, audience=PROXY, **settings)
    spec = {"oidcConfig": {"type": "configMap", "configMap": {"name": "callers"}}, **TRUST}
    proxy = start(server(backend, **spec), callers).wait_started()

    assert statuses(proxy, None, provider.token(signed_by="x"), provider.token(aud=BACKEND)) == [401, 401, 401]
    assert backend.calls == []
    assert statuses(proxy, provider.token()) == [200]


def test_tokens_are_verified_with_the_keys_at_jwks_url(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    inline = {**oidc(provider)["inline"], "jwksUrl": f"{provider.issuer}/keys"}
    proxy = start(server(backend, oidcConfig={"type": "inline", "inline": inline}, **TRUST)).wait_started()

    assert statuses(proxy, None, provider.token(signed_by="x"), provider.token()) == [401, 401, 200]


def test_an_issuer_that_is_no_url_is_compared_with_tokens_where_the_keys_have_a_url(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    inline = {**oidc(provider)["inline"], "issuer": " acme\n", "jwksUrl": f"{provider.issuer}/keys"}
    proxy = start(server(backend, oidcConfig={"type": "inline", "inline": inline}, **TRUST)).wait_started()

    assert statuses(proxy, None, provider.token(), provider.token(iss="acme")) == [401, 401, 200]


def test_an_issuer_without_tls_needs_the_runners_own_switch(start: Start, backend: Backend) -> None:
    """Without it the hooks deploy none: the proxy would refuse all callers, as the same Deployment without it shows."""
    with IdentityProvider().running("http") as provider:
        inline = {"issuer": provider.issuer, "audience": PROXY, "jwksAllowPrivateIP": True}
        spec = server(backend, oidcConfig={"type": "inline", "inline": inline})
        proxy = start(with_proxy_env(spec, INSECURE_DISABLE_URL_VALIDATION="true")).wait_started()
        assert statuses(proxy, None, provider.token()) == [401, 200]

        answer = copy.deepcopy(proxy.answer)
        [container] = child(answer, DEPLOYMENT, proxy.name)["spec"]["template"]["spec"]["containers"]
        container["env"] = [variable for variable in container["env"] if not variable["name"].startswith("INSECURE")]
        strict = replace(proxy, answer=answer).again().wait_started()
        assert statuses(strict, provider.token()) == [401]


def test_callers_may_be_the_clusters_service_accounts(
    start: Start, cluster: ControlPlane, namespace: str, backend: Backend
) -> None:
    """With the pod's own CA and token, by which the proxy gets the API server's keys."""
    keys = f"{cluster.url}/openid/v1/jwks"  # a real cluster's is found by its issuer's name, which leads nowhere here
    proxy = start(server(backend, oidcConfig={"type": "kubernetes", "kubernetes": {"jwksUrl": keys}})).wait_started()

    def token(audience: str) -> str:
        arguments = ("create", "token", "weather-sa", "-n", namespace, f"--audience={audience}")
        return cluster.kubectl(*arguments).stdout.strip()

    assert statuses(proxy, None, token("elsewhere")) == [401, 401]
    assert backend.calls == []
    assert statuses(proxy, token("toolhive")) == [200]


def test_without_external_auth_the_server_sees_the_callers_own_token(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    proxy = start(server(backend, oidcConfig=oidc(provider), **TRUST)).wait_started()
    token = provider.token()

    assert statuses(proxy, None, provider.token(signed_by="x")) == [401, 401]
    assert backend.calls == []
    assert statuses(proxy, token) == [200]
    assert backend.calls[0].bearer == token


def test_metadata_tells_callers_whose_tokens_they_need(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    config = {**oidc(provider), "resourceUrl": "https://mcp.acme.test"}
    proxy = start(server(backend, oidcConfig=config, **TRUST)).wait_started()

    reply = proxy.caller().request("GET", "/.well-known/oauth-protected-resource")

    assert reply.status == 200
    assert reply.message["resource"] == "https://mcp.acme.test"
    assert reply.message["authorization_servers"] == [provider.issuer]


def test_without_oidc_callers_get_in_as_the_condition_says(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    spec = server(backend, externalAuthConfigRef={"name": AUTH}, **TRUST)
    proxy = start(spec, *external_auth(provider)).wait_started()
    assert condition(proxy.answer, "IncomingAuthentication") == (
        "False",
        "NotConfigured",
        "Callers aren't authenticated without spec.oidcConfigRef: everyone gets in as a local user, bearer tokens are "
        "exchanged unverified, and calls without one pass through",
    )
    backend.calls.clear()

    # Calls without a token pass through.
    assert statuses(proxy, None) == [200]
    assert "Authorization" not in backend.calls.pop().headers
    assert provider.token_requests == []

    # A bearer token is exchanged unverified: that this one is forged is only found out by the token endpoint.
    forged = provider.token(signed_by="somebody else")
    assert statuses(proxy, forged) == [401]
    assert [(request.form["subject_token"], request.error) for request in provider.token_requests] == [
        (forged, "invalid_grant")
    ]
    assert backend.calls == []

    assert statuses(proxy, provider.token()) == [200]
    [call] = backend.calls
    assert provider.claims(call.bearer, BACKEND)["sub"] == "alice"


OTHER_TYPES: dict[str, dict[str, object]] = {
    "headerInjection": {
        "headerInjection": {"headerName": "X-Key", "valueSecretRef": {"name": "upstream", "key": "token"}}
    },
    "unauthenticated": {},
}


@pytest.mark.parametrize("type_", OTHER_TYPES)
def test_external_auth_that_does_nothing_for_a_server_takes_nothing_away(
    start: Start, provider: IdentityProvider, backend: Backend, type_: str
) -> None:
    auth = custom("MCPExternalAuthConfig", AUTH, {"type": type_, **OTHER_TYPES[type_]})
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "upstream"}, "stringData": {"token": "x"}}
    proxy = start(exchanging(backend, provider), auth, secret).wait_started()
    token = provider.token()

    assert statuses(proxy, None, provider.token(signed_by="somebody else"), token) == [401, 401, 200]
    assert [call.bearer for call in backend.calls] == [token]
    assert provider.token_requests == []
