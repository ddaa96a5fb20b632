"""An MCPRemoteProxy with the real proxy runner: who gets in, and what the remote MCP server sees of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import request

from hooks.kubernetes.objects import Object
from tests.controlplane.processes import free_port
from tests.runner.aws import SECRET_KEY, Sts, signed_for
from tests.runner.backend import Backend
from tests.runner.identity_provider import BACKEND, PROXY, IdentityProvider
from tests.runner.manifests import AUTH, custom, external_auth, oidc_config, secret, with_proxy_env
from tests.runner.runner import REMOTE_HOST, Start

pytestmark = pytest.mark.runner

NAME = "weather"
CA_FILE = "/config/certs/idp-ca/ca.crt"
ROLE = "arn:aws:iam::123456789012:role/weather"


def remote(backend: Backend, **spec: Any) -> Object:
    """An MCPRemoteProxy of a remote MCP server."""
    url = f"http://{REMOTE_HOST}:{backend.port}/mcp"
    return custom("MCPRemoteProxy", NAME, {"remoteUrl": url, "proxyPort": free_port(), **spec})


def closed(backend: Backend, **spec: Any) -> Object:
    """One whose callers are the identity provider's, and which trusts its token endpoint."""
    ref = {"name": "idp", "audience": PROXY}
    return with_proxy_env(remote(backend, oidcConfigRef=ref, **spec), SSL_CERT_FILE=CA_FILE)


def test_callers_tokens_are_exchanged_and_nobody_gets_in_without(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    ref = {"externalAuthConfigRef": {"name": AUTH}}
    proxy = start(closed(backend, **ref), *oidc_config(provider), *external_auth(provider)).wait_started()
    assert proxy.caller().post("initialize").status == 401
    assert proxy.caller(provider.token(signed_by="somebody else")).post("initialize").status == 401
    assert backend.calls == []
    token = provider.token()

    reply = proxy.caller(token).connect().call("fetch")

    assert reply.message["result"] == {"content": [{"type": "text", "text": "called fetch"}]}
    assert [call.method for call in backend.calls] == ["initialize", "tools/call"]
    for call in backend.calls:
        assert token not in str(call.headers)
        assert provider.claims(call.bearer, BACKEND)["sub"] == "alice"
    assert proxy.is_ready()


def test_a_fixed_token_takes_the_place_of_the_callers(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    auth = custom(
        "MCPExternalAuthConfig",
        AUTH,
        {"type": "bearerToken", "bearerToken": {"tokenSecretRef": {"name": "remote-token", "key": "token"}}},
    )
    spec = closed(backend, externalAuthConfigRef={"name": AUTH})
    proxy = start(spec, *oidc_config(provider), auth, secret("remote-token", token="f1xed-s3cret")).wait_started()
    assert proxy.caller().post("initialize").status == 401
    token = provider.token()

    assert proxy.caller(token).connect().call("fetch").status == 200

    calls = [call for call in backend.calls if call.method == "tools/call"]
    assert [call.bearer for call in calls] == ["f1xed-s3cret"]
    assert token not in str([call.headers for call in backend.calls])
    assert "f1xed-s3cret" not in json.dumps([proxy.answer, proxy.run_config, proxy.output()])


def test_forwarded_headers_in_clear_and_from_secrets(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    forward = {
        "addPlaintextHeaders": {"X-Team": "blue"},
        "addHeadersFromSecret": [{"headerName": "X-Api-Key", "valueSecretRef": {"name": "api", "key": "key"}}],
    }
    spec = closed(backend, headerForward=forward)
    proxy = start(spec, *oidc_config(provider), secret("api", key="an-api-key-of-31")).wait_started()
    assert proxy.caller().post("initialize").status == 401

    assert proxy.caller(provider.token()).connect().call("fetch").status == 200

    [call] = backend.called("fetch")
    assert (call.headers["X-Team"], call.headers["X-Api-Key"]) == ("blue", "an-api-key-of-31")
    assert "an-api-key-of-31" not in json.dumps([proxy.answer, proxy.run_config, proxy.output()])


def test_calls_are_signed_for_aws_with_the_callers_role(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    sts = {"region": "eu-central-1", "fallbackRoleArn": ROLE}
    auth = custom("MCPExternalAuthConfig", AUTH, {"type": "awsSts", "awsSts": sts})
    bodies: list[bytes] = []
    backend.app.before_request(lambda: bodies.append(request.get_data()))
    with Sts().running() as aws:
        spec = with_proxy_env(closed(backend, externalAuthConfigRef={"name": AUTH}), AWS_ENDPOINT_URL_STS=aws.url)
        proxy = start(spec, *oidc_config(provider), auth).wait_started()
        assert proxy.caller().post("initialize").status == 401
        assert (backend.calls, aws.requests) == ([], [])
        token = provider.token()

        assert proxy.caller(token).connect().call("fetch").status == 200

    assert [call.method for call in backend.calls] == ["initialize", "tools/call"]
    for call, body in zip(backend.calls, bodies, strict=True):
        assert signed_for(call, body, spec["spec"]["remoteUrl"]) == "eu-central-1/aws-mcp"
        assert token not in str(call.headers)
    asked = [(each["Action"], each["RoleArn"], each["RoleSessionName"]) for each in aws.requests]
    assert set(asked) == {("AssumeRoleWithWebIdentity", ROLE, "alice")}
    assert {each["WebIdentityToken"] for each in aws.requests} == {token}
    assert SECRET_KEY not in json.dumps([proxy.answer, proxy.run_config, proxy.output()])


def test_an_open_proxy_passes_calls_through(start: Start, backend: Backend) -> None:
    proxy = start(remote(backend)).wait_started()

    assert proxy.caller().connect().call("fetch").status == 200

    [call] = backend.called("fetch")
    assert "Authorization" not in call.headers
