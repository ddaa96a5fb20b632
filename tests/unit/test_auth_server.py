"""A proxy that is an authorization server itself: what names it, what it needs, what becomes of logins."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG
from hooks.kubernetes.objects import Object
from tests.world import condition, external_auth, judged, oidc_config, parent, run_config, secret, server, sync

URL = "https://mcp.acme.test"
OKTA = {
    "name": "okta",
    "type": "oidc",
    "oidcConfig": {
        "issuerUrl": "https://okta.acme.test",
        "clientId": "a",
        "clientSecretRef": {"name": "s", "key": "k"},
    },
}
REF = {"kind": "MCPExternalAuthConfig", "name": "eas"}
OIDC = {"name": "idp", "audience": URL, "resourceUrl": URL}
GOOD = {"authServerRef": REF, "oidcConfigRef": OIDC}
CREDENTIALS = secret("s", k="s3cr3t")


def auth_server(**settings: Any) -> Object:
    """An MCPExternalAuthConfig of type embeddedAuthServer, judged."""
    block = {"issuer": URL, "upstreamProviders": [OKTA], **settings}
    spec = {"type": "embeddedAuthServer", "embeddedAuthServer": block}
    return judged(parent(MCP_EXTERNAL_AUTH_CONFIG, "eas", spec), CREDENTIALS)


IDP = judged(oidc_config("idp", issuer=URL))
TX = judged(external_auth(), secret())


def test_either_reference_names_the_auth_server() -> None:
    named = sync(server(**GOOD), related=[auth_server(), IDP])
    older = sync(server(externalAuthConfigRef={"name": "eas"}, oidcConfigRef=OIDC), related=[auth_server(), IDP])

    assert run_config(named)["embedded_auth_server_config"]["issuer"] == URL
    assert run_config(named) == run_config(older)
    said = ("True", "AuthServerRefValid", "MCPExternalAuthConfig 'eas' is used")
    assert (condition(named, "AuthServerRefValidated"), condition(older, "AuthServerRefValidated")) == (said, None)
    said = ("True", "ExternalAuthConfigValid", "MCPExternalAuthConfig 'eas' is used")
    assert (condition(named, "ExternalAuthConfigValidated"), condition(older, "ExternalAuthConfigValidated")) == (
        None,
        said,
    )
    hashes = ("authServerConfigHash", "externalAuthConfigHash")
    assert [[key in answer["status"] for key in hashes] for answer in (named, older)] == [[True, False], [False, True]]


def test_beside_an_auth_server_external_auth_authenticates_to_the_backend() -> None:
    answer = sync(server(**GOOD, externalAuthConfigRef={"name": "tx"}), related=[auth_server(), IDP, TX])

    types = [middleware["type"] for middleware in run_config(answer)["middleware_configs"]]
    assert types == ["bodylimit", "auth", "upstreamswap", "tokenexchange", "mcp-parser", "recovery"]


OIDC_MISSING = (
    "OIDC config is required for embedded auth server: OIDCConfigRef must be set on the MCPServer (spec.oidcConfigRef)"
)
DELEGATE = "MCPExternalAuthConfig 'eas': spec.embeddedAuthServer.delegateClients[0]"


@pytest.mark.parametrize(
    ("spec", "settings", "reason", "message"),
    [
        (
            {"oidcConfigRef": None},
            {},
            "AuthServerRefInvalidConfig",
            OIDC_MISSING,
        ),
        (
            {"oidcConfigRef": {**OIDC, "audience": "other"}},
            {},
            "AuthServerRefInvalidConfig",
            f'oidcConfigRef.audience "other" must match resourceUrl "{URL}" when an embedded auth server is active; '
            f'set audience to "{URL}" or set resourceUrl to match audience',
        ),
        (
            {},
            {"upstreamProviders": [OKTA, {**OKTA, "name": "entra"}]},
            "MultiUpstreamNotSupported",
            "MCPServer supports only one upstream provider (found 2); use VirtualMCPServer for multi-upstream, or "
            "leave one in spec.embeddedAuthServer.upstreamProviders",
        ),
        (
            {},
            {
                "delegateClients": [
                    {
                        "clientId": "agent",
                        "clientSecretRef": {"name": "s", "key": "k"},
                        "scopes": ["openid", "admin"],
                        "audiences": [URL, "https://other.acme.test"],
                    }
                ]
            },
            "AuthServerRefInvalidConfig",
            f"{DELEGATE}.scopes has 'admin', which is none of the server's: add it to "
            f"spec.oidcConfigRef.scopes; {DELEGATE}.audiences has 'https://other.acme.test', which is not this "
            f'server: use "{URL}"',
        ),
        (
            {"externalAuthConfigRef": {"name": "eas"}},
            {},
            "AuthServerRefConflict",
            "conflict: both authServerRef and externalAuthConfigRef reference an embedded auth server; use "
            "authServerRef for the embedded auth server and externalAuthConfigRef for outgoing auth only",
        ),
        (
            {"authServerRef": {**REF, "name": "tx"}},
            {},
            "AuthServerRefInvalidType",
            "authServerRef 'tx' has type 'tokenExchange', but only embeddedAuthServer is supported: name it in "
            "spec.externalAuthConfigRef, if it is for calls of the MCP server",
        ),
    ],
)
def test_a_spec_that_an_auth_server_cannot_work_with_is_failed_with_the_remedy(
    spec: Any, settings: Any, reason: str, message: str
) -> None:
    given = {key: value for key, value in {**GOOD, **spec}.items() if value}

    answer = sync(server(**given), related=[auth_server(**settings), IDP, TX])

    assert condition(answer, "AuthServerRefValidated") == ("False", reason, message)
    assert (answer["status"]["phase"], answer["status"]["message"]) == ("Failed", message)


def test_the_older_reference_has_its_own_condition() -> None:
    answer = sync(server(externalAuthConfigRef={"name": "eas"}), related=[auth_server()])

    assert answer["status"]["phase"] == "Failed"
    assert condition(answer, "ExternalAuthConfigValidated") == ("False", "InvalidConfig", OIDC_MISSING)


IN_MEMORY = (
    "LoginsInMemory",
    "MCPExternalAuthConfig 'eas' keeps logins in memory: each restart and rollout of the proxy ends all of them; "
    "set spec.embeddedAuthServer.storage to type redis there",
)
NOT_SHARED = (
    "LoginsNotShared",
    "MCPExternalAuthConfig 'eas' keeps logins in memory, and each of 3 replicas has its own: a login at one is unknown "
    "to the others; set spec.embeddedAuthServer.storage to type redis there",
)


@pytest.mark.parametrize(
    ("replicas", "storage", "warning"),
    [(None, None, IN_MEMORY), (1, "memory", IN_MEMORY), (3, "memory", NOT_SHARED), (3, "redis", None)],
)
def test_a_warning_says_when_logins_in_memory_are_lost(
    replicas: int | None, storage: str | None, warning: tuple[str, str] | None
) -> None:
    user = {"passwordSecretRef": {"name": "s", "key": "k"}}
    redis = {"redis": {"addr": "redis:6379", "aclUserConfig": user}} if storage == "redis" else {}
    settings = {"storage": {"type": storage, **redis}} if storage else {}
    scaled = {"transport": "sse", "replicas": replicas} if replicas else {}

    answer = sync(server(**GOOD, **scaled), related=[auth_server(**settings), IDP])

    assert condition(answer, "AuthServerStorageWarning") == (("True", *warning) if warning else None)
