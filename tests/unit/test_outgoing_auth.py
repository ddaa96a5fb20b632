"""Every type of external auth: what it adds to a proxy, and with which backend it acts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes import conditions
from hooks.kubernetes.objects import Object
from hooks.proxy.outgoing_auth import conditions_of, outgoing_effect, problem
from hooks.proxy.outgoing_auth.base import Effect
from hooks.proxy.validation import problems
from tests.proxies import CONTAINER, OIDC, REMOTE, auth_server, from_secret, outgoing, proxy

SECRET = {"name": "s", "key": "k"}
EXCHANGE = {"tokenUrl": "https://idp.acme.test/token", "audience": "api"}
ROLE = "arn:aws:iam::123456789012:role/mcp"
CONFIGS: dict[str, Any] = {
    "tokenExchange": EXCHANGE,
    "bearerToken": {"tokenSecretRef": SECRET},
    "awsSts": {"region": "eu-west-1", "fallbackRoleArn": ROLE},
    "headerInjection": {"headerName": "X-Api-Key", "valueSecretRef": SECRET},
    "unauthenticated": {},
    "upstreamInject": {"providerName": "corp"},
    "obo": {"tenantId": "acme.test"},
    "xaa": {
        "idpTokenUrl": "https://idp.acme.test/token",
        "targetTokenUrl": "https://target.acme.test/token",
        "targetAudience": "api",
    },
}
OF_TYPE = "MCPExternalAuthConfig 'ext' of type"
REMOTE_ONLY = (
    "acts on calls of remote MCP servers only, and an MCPServer runs in the cluster: "
    "use an MCPRemoteProxy, or remove spec.externalAuthConfigRef"
)
ENTERPRISE = "the proxy runner needs ToolHive's enterprise build for it: use another type"


@pytest.mark.parametrize(
    ("type_", "on_server", "on_remote"),
    [
        ("tokenExchange", ("True", "ExternalAuthConfigValid"), ("True", "ExternalAuthConfigValid")),
        ("bearerToken", ("False", "TypeNotSupported"), ("True", "ExternalAuthConfigValid")),
        ("awsSts", ("False", "TypeNotSupported"), ("True", "ExternalAuthConfigValid")),
        ("headerInjection", ("True", "NoEffect"), ("True", "NoEffect")),
        ("unauthenticated", ("True", "NoEffect"), ("True", "NoEffect")),
        ("upstreamInject", ("True", "NoEffect"), ("True", "NoEffect")),
        ("obo", ("False", "EnterpriseRequired"), ("False", "EnterpriseRequired")),
        ("xaa", ("True", "NoEffect"), ("True", "NoEffect")),
    ],
)
def test_each_type_acts_or_its_condition_says_that_it_does_not(
    type_: str, on_server: object, on_remote: object
) -> None:
    auth = outgoing(type_, **CONFIGS[type_])

    for backend, expected in ((CONTAINER, on_server), (REMOTE, on_remote)):
        given = proxy(outgoing_auth=auth, incoming_auth=OIDC, backend=backend)
        found = conditions_of(given)[0]
        assert (found.status, found.reason) == expected
        assert (outgoing_effect(given) != Effect()) is (expected == ("True", "ExternalAuthConfigValid"))
        assert problems(given) == ([found] if found.status == "False" else [])


@pytest.mark.parametrize(
    ("type_", "reason", "message"),
    [
        ("bearerToken", "TypeNotSupported", f"{OF_TYPE} 'bearerToken' {REMOTE_ONLY}"),
        ("awsSts", "TypeNotSupported", f"{OF_TYPE} 'awsSts' {REMOTE_ONLY}"),
        ("obo", "EnterpriseRequired", f"{OF_TYPE} 'obo': {ENTERPRISE}"),
    ],
)
def test_a_type_that_cannot_work_is_refused_with_the_remedy(type_: str, reason: str, message: str) -> None:
    found = problem(proxy(outgoing_auth=outgoing(type_, **CONFIGS[type_])))

    assert found == conditions.false("ExternalAuthConfigValidated", reason, message)


class TestTokenExchange:
    def config(self, **block: Any) -> Object:
        effect = outgoing_effect(proxy(outgoing_auth=outgoing("tokenExchange", **EXCHANGE, **block)))
        assert effect.middleware == {"tokenexchange": effect.run_config}
        found: Object = effect.run_config["token_exchange_config"]
        return found

    def test_all_settings_are_written_in_the_operators_order(self) -> None:
        config = self.config(
            clientId="cid",
            clientSecretRef=SECRET,
            scopes=["a"],
            subjectTokenType="id_token",
            externalTokenHeaderName="X-Upstream",
        )

        assert list(config.items()) == [
            ("token_url", "https://idp.acme.test/token"),
            ("client_id", "cid"),
            ("client_secret", ""),
            ("audience", "api"),
            ("scopes", ["a"]),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
            ("header_strategy", "custom"),
            ("external_token_header_name", "X-Upstream"),
        ]

    def test_a_public_client_has_no_secret(self) -> None:
        assert self.config() == {
            "token_url": "https://idp.acme.test/token",
            "client_id": "",
            "client_secret": "",
            "audience": "api",
            "header_strategy": "replace",
        }
        assert outgoing_effect(proxy(outgoing_auth=outgoing("tokenExchange", **EXCHANGE))).env == {}

    @pytest.mark.parametrize("given", ["jwt", "urn:ietf:params:oauth:token-type:jwt"])
    def test_both_spellings_of_a_token_type_are_taken(self, given: str) -> None:
        assert self.config(subjectTokenType=given)["subject_token_type"] == "urn:ietf:params:oauth:token-type:jwt"

    def test_a_token_exchange_contradicts_an_auth_server_that_promises_no_token(self) -> None:
        server = auth_server(disableUpstreamTokenInjection=True)

        found = problem(
            proxy(outgoing_auth=outgoing("tokenExchange", **EXCHANGE), auth_server=server, incoming_auth=OIDC)
        )

        message = (
            "MCPExternalAuthConfig 'ext' of type 'tokenExchange' adds an Authorization header, and "
            "disableUpstreamTokenInjection of MCPExternalAuthConfig 'as' promises none: remove one of them"
        )
        assert found == conditions.false("ExternalAuthConfigValidated", "InvalidConfig", message)


def test_a_bearer_token_comes_from_the_environment() -> None:
    auth = outgoing("bearerToken", tokenSecretRef={"name": "bt-s", "key": "token"})

    assert outgoing_effect(proxy(outgoing_auth=auth, backend=REMOTE)) == Effect(
        env={"TOOLHIVE_SECRET_bt-s": from_secret("bt-s", "token")},
        run_config={
            "remote_auth_config": {
                "use_pkce": False,
                "bearer_token": "bt-s,target=bearer_token",
                "cached_token_expiry": "0001-01-01T00:00:00Z",
                "cached_secret_expiry": "0001-01-01T00:00:00Z",
            }
        },
    )


def test_aws_credentials_sign_for_the_remote_url() -> None:
    auth = outgoing(
        "awsSts",
        region="eu-west-1",
        roleMappings=[
            {"claim": "admins", "roleArn": ROLE, "priority": 0},
            {"matcher": 'claims["g"]', "roleArn": ROLE},
        ],
    )
    config = {
        "region": "eu-west-1",
        "service": "aws-mcp",
        "role_mappings": [
            {"claim": "admins", "role_arn": ROLE, "priority": 0},
            {"matcher": 'claims["g"]', "role_arn": ROLE},
        ],
        "role_claim": "groups",
        "session_duration": 3600,
        "session_name_claim": "sub",
    }

    assert outgoing_effect(proxy(outgoing_auth=auth, backend=REMOTE)) == Effect(
        run_config={"aws_sts_config": config},
        middleware={"awssts": {"aws_sts_config": config, "target_url": "https://mcp.acme.test/mcp"}},
    )


@pytest.mark.parametrize(
    ("type_", "what"),
    [
        (
            "tokenExchange",
            "bearer tokens are exchanged unverified, and calls without one pass through",
        ),
        ("bearerToken", "and calls with the token of the config"),
        ("awsSts", "with the rights of the config"),
    ],
)
def test_without_oidc_the_condition_says_who_gets_in(type_: str, what: str) -> None:
    given = proxy(outgoing_auth=outgoing(type_, **CONFIGS[type_]), backend=replace(REMOTE))

    message = f"Callers aren't authenticated without spec.oidcConfigRef: everyone gets in as a local user, {what}"
    assert conditions_of(given)[1:] == [conditions.false("IncomingAuthentication", "NotConfigured", message)]
