"""Each kind of shared config by itself: what is good, and what is refused with field and remedy."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG, MCP_OIDC_CONFIG, MCP_TELEMETRY_CONFIG, MCP_WEBHOOK_CONFIG
from hooks.controllers.configs.config_controller import config_hash
from hooks.kubernetes.objects import Object
from tests.world import (
    authz_config,
    condition,
    config_map,
    oidc_config,
    parent,
    secret,
    stamped,
    sync,
    telemetry_config,
    tool_config,
    webhook_config,
)

PASSED = "Spec validation passed"
PDP = {"http": {"url": "https://pdp.acme.test"}, "claim_mapping": "standard"}
IN_SECRET = {"name": "s", "key": "k"}
IN_CONFIG_MAP = {"configMapRef": {"name": "ca", "key": "ca.crt"}}
WHERE = "spec.embeddedAuthServer"


def service_accounts(**settings: Any) -> Object:
    spec = {"type": "kubernetesServiceAccount", "kubernetesServiceAccount": settings}
    return parent(MCP_OIDC_CONFIG, "k8s", spec)


def external(type_: str, **settings: Any) -> Object:
    return parent(MCP_EXTERNAL_AUTH_CONFIG, "out", {"type": type_, type_: settings})


def auth_server(**settings: Any) -> Object:
    oidc = {"issuerUrl": "https://idp.acme.test", "clientId": "c"}
    upstream = {"name": "corp", "type": "oidc", "oidcConfig": {**oidc, **settings.pop("oidc", {})}}
    given = {"issuer": "https://auth.acme.test", "upstreamProviders": [upstream], **settings}
    return external("embeddedAuthServer", **given)


def oauth2(**settings: Any) -> list[Object]:
    """One upstream that doesn't speak OpenID Connect."""
    endpoints = {"authorizationEndpoint": "https://git.acme.test/a", "tokenEndpoint": "https://git.acme.test/t"}
    return [{"name": "git", "type": "oauth2", "oauth2Config": {**endpoints, "clientId": "c", **settings}}]


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (oidc_config(), "ConfigValid"),
        (service_accounts(), "ConfigValid"),
        (authz_config(), "ConfigValid"),
        (authz_config(type_="httpv1", **PDP), "ConfigValid"),
        (telemetry_config(), "ValidationSucceeded"),
        (parent(MCP_TELEMETRY_CONFIG, "otel", {}), "ValidationSucceeded"),
        (webhook_config(), "ValidationSucceeded"),
        (tool_config(), "ValidationSucceeded"),
        (external("upstreamInject", providerName="corp"), "ValidationSucceeded"),
        (
            external("awsSts", region="eu-central-1", fallbackRoleArn="arn:aws:iam::012345678901:role/r"),
            "ValidationSucceeded",
        ),
        (
            external("xaa", idpTokenUrl="https://a.test/t", targetTokenUrl="https://b.test/t", targetAudience="b"),
            "ValidationSucceeded",
        ),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_the_status_of_a_good_config_that_names_no_content(config: Object, reason: str) -> None:
    assert sync(config) == {
        "status": {
            "observedGeneration": 1,
            "configHash": config_hash(config["spec"]),
            "conditions": stamped(
                ("Ready", "True", "Ready", f"{config['kind']} can be used"), ("Valid", "True", reason, PASSED)
            ),
        },
        "children": [],
    }


def judged_false(config: Object, reason: str, message: str) -> None:
    """The config is refused so, and by nothing else."""
    answer = sync(config)
    fault = ("False", reason, message)
    assert (condition(answer, "Valid"), condition(answer, "Ready")) == (fault, fault)
    assert condition(answer, "SecretAvailable") is None
    assert answer["resyncAfterSeconds"] == 60


def test_an_issuer_that_is_no_url_is_used_and_noted() -> None:
    answer = sync(oidc_config(issuer="acme-idp", jwksUrl="https://idp.acme.test/keys"))

    said = f"{PASSED}; spec.inline.issuer is no URL, so callers can't find the issuer by it"
    assert condition(answer, "Valid") == ("True", "ConfigValid", said)


@pytest.mark.parametrize(
    ("config", "reason", "message"),
    [
        (
            oidc_config(issuer="http://idp.acme.test"),
            "ConfigInvalid",
            "spec.inline.issuer must be an https:// URL, or set spec.inline.insecureAllowHTTP for development",
        ),
        (oidc_config(issuer="idp.acme.test"), "ConfigInvalid", "spec.inline.issuer must be an https:// URL"),
        (
            oidc_config(introspectionUrl="http://idp.acme.test/i", clientSecretRef=IN_SECRET),
            "ConfigInvalid",
            "spec.inline.introspectionUrl must be an https:// URL, "
            "or set spec.inline.insecureAllowHTTP for development",
        ),
        (oidc_config(issuer=""), "IssuerMissing", "spec.inline has neither issuer nor jwksUrl: add the issuer"),
        (
            oidc_config(issuer="https://${IDP}", jwksUrl="ftp://a"),
            "ConfigInvalid",
            "spec.inline.issuer still has a placeholder in it: put the value in its place; "
            "spec.inline.jwksUrl must be an https:// URL",
        ),
        (
            oidc_config(caBundleRef={}),
            "CABundleRefInvalid",
            "spec.inline.caBundleRef.configMapRef.name must be the name of a ConfigMap",
        ),
        (
            oidc_config(caBundleRef={"configMapRef": {"name": "c" * 49, "key": "ca.crt"}}),
            "CABundleRefInvalid",
            "spec.inline.caBundleRef.configMapRef.name must be at most 48 characters long: a volume is named after it",
        ),
        (
            oidc_config(clientSecretRef={"name": "A B", "key": "k/"}),
            "SecretNameInvalid",
            "spec.inline.clientSecretRef.name must be the name of a Secret; "
            "spec.inline.clientSecretRef.key must be letters, digits, '-', '_' and '.'",
        ),
        (
            service_accounts(issuer="http://issuer"),
            "ConfigInvalid",
            "spec.kubernetesServiceAccount.issuer must be an https:// URL",
        ),
        (
            parent(MCP_OIDC_CONFIG, "x", {"type": "inline"}),
            "SpecInvalid",
            "spec: inline must be set when type is 'inline', and must not be set otherwise",
        ),
    ],
)
def test_an_oidc_config_that_could_not_work(config: Object, reason: str, message: str) -> None:
    judged_false(config, reason, message)


def test_an_issuer_without_tls_is_for_those_who_ask_for_it() -> None:
    answer = sync(oidc_config(issuer="http://idp.acme.test", insecureAllowHTTP=True))

    assert condition(answer, "Valid") == ("True", "ConfigValid", PASSED)


def test_service_accounts_that_seem_to_be_chosen_are_said_to_be_not() -> None:
    where, answer = "spec.kubernetesServiceAccount", sync(service_accounts(serviceAccount="a", namespace="b"))

    said = "have no effect: a token of any service account for the audience is accepted"
    message = f"{PASSED}; {where}.serviceAccount and {where}.namespace {said}"
    assert condition(answer, "Valid") == ("True", "ConfigValid", message)


def test_an_oidc_field_without_effect_is_said() -> None:
    answer = sync(oidc_config(protectedResourceAllowPrivateIP=True))

    message = f"{PASSED}; spec.inline.protectedResourceAllowPrivateIP has no effect: use jwksAllowPrivateIP"
    assert condition(answer, "Valid") == ("True", "ConfigValid", message)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (authz_config(type_="opa"), "spec.type must be cedarv1 or httpv1"),
        (authz_config(type_="httpv1"), "spec.config must not be empty"),
        (authz_config(policies=[]), "spec.config.policies must be a list of at least one Cedar policy, each a string"),
        (
            authz_config(policies=["a", 7]),
            "spec.config.policies must be a list of at least one Cedar policy, each a string",
        ),
        (authz_config(policies=[" "]), "spec.config.policies must have no policy that is blank"),
        (
            authz_config(entities_json="{}"),
            "spec.config.entities_json must be a string that contains a JSON list of objects",
        ),
        (authz_config(group_claim_name=7), "spec.config.group_claim_name must be a string"),
        (
            authz_config(group_entity_type="A::B"),
            "spec.config.group_entity_type must be a Cedar identifier without a namespace, such as THVGroup",
        ),
        (authz_config(multi_valued_claims="scp"), "spec.config.multi_valued_claims must be a list of names of claims"),
        (
            authz_config(type_="httpv1", http={}, claim_mapping="other"),
            "spec.config.http.url is required: the URL of the policy decision point; "
            "spec.config.claim_mapping must be one of mpe, standard",
        ),
        (
            authz_config(type_="httpv1", **{**PDP, "http": {"url": "pdp", "timeout": "5", "insecure_skip_verify": 1}}),
            "spec.config.http.url must be an https:// or http:// URL; "
            "spec.config.http.timeout must be a whole number of seconds; "
            "spec.config.http.insecure_skip_verify must be true or false",
        ),
        (
            authz_config(type_="httpv1", **PDP, context={"include_args": "yes"}),
            "spec.config.context.include_args must be true or false",
        ),
    ],
)
def test_an_authorization_that_the_proxy_would_not_start_with(config: Object, message: str) -> None:
    judged_false(config, "ConfigInvalid", message)


def test_settings_that_the_proxy_passes_over_are_said() -> None:
    answer = sync(authz_config(groupClaimName="groups"))

    message = f"{PASSED}; the proxy knows no spec.config.groupClaimName"
    assert condition(answer, "Valid") == ("True", "ConfigValid", message)


@pytest.mark.parametrize(
    ("settings", "reason", "message"),
    [
        (
            {"tracing": {"enabled": False}, "enabled": False},
            "EndpointUnused",
            "endpoint requires at least one of tracing or metrics to be enabled: enable one, or remove it",
        ),
        (
            {"endpoint": "otel:4318?x"},
            "EndpointInvalid",
            "endpoint must be HOST:PORT of an OTLP/HTTP collector, such as otel-collector.observability:4318",
        ),
        (
            {"headers": {"x y": "a"}},
            "HeaderNameInvalid",
            "headers['x y'] must be an HTTP header's name, such as x-team",
        ),
        (
            {"headers": {"x-a": "a\n"}},
            "HeaderValueInvalid",
            "headers['x-a'] must not have line breaks or control characters",
        ),
        (
            {"headers": {"X-A": "a"}, "sensitiveHeaders": [{"name": "x-a", "secretKeyRef": IN_SECRET}]},
            "HeaderRepeated",
            "sensitiveHeaders[0].name gives a header a second value, after spec.openTelemetry.headers['X-A']: "
            "leave one of them",
        ),
        (
            {"caBundleRef": IN_CONFIG_MAP, "insecure": True},
            "CABundleRefInvalid",
            "caBundleRef cannot be specified when insecure is true: remove one of them",
        ),
    ],
)
def test_telemetry_that_would_not_arrive(settings: Object, reason: str, message: str) -> None:
    judged_false(telemetry_config(**settings), reason, f"spec.openTelemetry.{message}")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"endpoint": ""}, "spec.openTelemetry has no endpoint, so no metrics and traces are sent: add it"),
        (
            {"endpoint": "http://otel:4318"},
            "the proxy follows insecure and not the endpoint's scheme: it speaks HTTPS to the collector",
        ),
    ],
)
def test_telemetry_that_is_rarely_meant_so(settings: Object, said: str) -> None:
    answer = sync(telemetry_config(**settings))

    assert condition(answer, "Valid") == ("True", "ValidationSucceeded", f"{PASSED}; {said}")


@pytest.mark.parametrize(
    ("webhook", "reason", "message"),
    [
        (
            {"url": "http://gate.acme.test"},
            "WebhookUrlInvalid",
            "url must be an https:// URL, or set tlsConfig.insecureSkipVerify for development",
        ),
        ({"url": "https://gate:99999"}, "WebhookUrlInvalid", "url has a port that is not from 1 to 65535"),
        ({"timeout": "500ms"}, "WebhookTimeoutInvalid", 'timeout must be a duration from "1s" to "30s"'),
        ({"timeout": "1m"}, "WebhookTimeoutInvalid", 'timeout must be a duration from "1s" to "30s"'),
        (
            {"tlsConfig": {"clientCertSecretRef": IN_SECRET}},
            "ClientCertificateIncomplete",
            "tlsConfig must have both clientCertSecretRef and clientKeySecretRef, or neither",
        ),
    ],
)
def test_a_webhook_that_the_proxy_would_not_start_with(webhook: Object, reason: str, message: str) -> None:
    judged_false(webhook_config(**webhook), reason, f"spec.validating[0].{message}")


def test_every_webhook_that_is_wrong_is_named() -> None:
    bad = {"name": "a", "url": "https://gate:0"}
    spec = {"validating": [bad], "mutating": [{**bad, "url": "https://gate"}, bad]}

    message = "url has a port that is not from 1 to 65535"
    judged_false(
        parent(MCP_WEBHOOK_CONFIG, "gate", spec),
        "WebhookUrlInvalid",
        f"spec.validating[0].{message}; spec.mutating[1].{message}",
    )


def test_an_override_of_annotations_is_said_to_have_no_effect() -> None:
    answer = sync(tool_config(toolsOverride={"fetch": {"name": "get", "annotations": {"readOnlyHint": True}}}))

    said = "without effect, since the proxy runner passes over it: spec.toolsOverride['fetch'].annotations"
    assert condition(answer, "Valid") == ("True", "ValidationSucceeded", f"{PASSED}; {said}")


@pytest.mark.parametrize(
    ("config", "reason", "message"),
    [
        (
            external("awsSts", region="eu-central-1"),
            "RoleMissing",
            "spec.awsSts must have fallbackRoleArn or roleMappings, or both",
        ),
        (
            external("obo"),
            "EnterpriseRequired",
            "spec.type: on-behalf-of (OBO) external auth type requires an enterprise build; the published proxy "
            "runner has no such type: use tokenExchange, if the identity provider knows RFC 8693",
        ),
        (auth_server(issuer="http://auth.acme.test"), "IssuerInvalid", f"{WHERE}.issuer must be an https:// URL"),
        (
            auth_server(issuer="http://localhost:8080", allowConfidentialClientRegistration=True),
            "PlaintextSecret",
            f"{WHERE}.allowConfidentialClientRegistration cannot be combined with an http:// issuer: use https, or set "
            "insecureAllowConfidentialOverLoopbackHTTP for development",
        ),
        (
            auth_server(
                allowConfidentialClientRegistration=True, forceConfidentialRedirectUris=["https://localhost/cb"]
            ),
            "RedirectUriInvalid",
            f"{WHERE}.forceConfidentialRedirectUris[0] must not be a loopback URL",
        ),
        (
            auth_server(tokenLifespans={"accessTokenLifespan": "25h", "authCodeLifespan": "10m"}),
            "LifespanInvalid",
            f'{WHERE}.tokenLifespans.accessTokenLifespan must be a duration from "1m" to "24h"',
        ),
        (
            auth_server(oidc={"clientId": " "}),
            "UpstreamInvalid",
            f"{WHERE}.upstreamProviders[0].oidcConfig.clientId must not be empty",
        ),
        (
            auth_server(oidc={"additionalAuthorizationParams": {"state": "x", "prompt": "login"}}),
            "ReservedParameter",
            f"{WHERE}.upstreamProviders[0].oidcConfig.additionalAuthorizationParams['state'] is the proxy's own to "
            "set: remove it",
        ),
        (
            auth_server(storage={"type": "redis"}),
            "StorageInvalid",
            f"{WHERE}.storage.redis must be set when type is 'redis'",
        ),
        (
            auth_server(
                storage={
                    "type": "redis",
                    "redis": {
                        "sentinelConfig": {"masterName": "m"},
                        "aclUserConfig": {"passwordSecretRef": IN_SECRET},
                    },
                }
            ),
            "StorageInvalid",
            f"{WHERE}.storage.redis.sentinelConfig must have sentinelAddrs or sentinelService",
        ),
        (
            auth_server(oidc={"redirectUri": "ftp://mcp.acme.test/callback"}),
            "UpstreamInvalid",
            f"{WHERE}.upstreamProviders[0].oidcConfig.redirectUri must be an https:// or http:// URL",
        ),
        (
            auth_server(
                insecureAllowHTTP=True,
                delegateClients=[
                    {"clientId": "a", "clientSecretRef": IN_SECRET, "scopes": ["openid"], "audiences": ["b"]}
                ],
            ),
            "PlaintextSecret",
            f"{WHERE}.delegateClients cannot be combined with insecureAllowHTTP: clients would send plaintext secrets",
        ),
        (
            auth_server(
                delegateClients=[
                    {"clientId": "a", "clientSecretRef": IN_SECRET, "scopes": ["openid"], "audiences": ["b"]}
                    for _ in range(2)
                ]
            ),
            "DelegateClientRepeated",
            f"{WHERE}.delegateClients[1].clientId repeats another one: rename it",
        ),
        (
            auth_server(
                trustedIssuers=[
                    {"issuerUrl": url, "expectedAudience": "a", "allowedDelegateClients": ["*"]}
                    for url in ("https://auth.acme.test", "https://b.test", "https://b.test")
                ]
            ),
            "TrustedIssuerInvalid",
            f"{WHERE}.trustedIssuers[0].issuerUrl must not be the server's own issuer, whose tokens count anyway: "
            f"remove it; {WHERE}.trustedIssuers[2].issuerUrl repeats another one: leave one of them",
        ),
    ],
)
def test_external_auth_that_could_not_work(config: Object, reason: str, message: str) -> None:
    judged_false(config, reason, message)


KNOWN_USERS = (
    "False",
    "AllUpstreamsHaveUserInfo",
    "All OAuth2 upstreams have userInfo configured; user identity is resolved from the upstream",
)
UNKNOWN_USERS = (
    "True",
    "OAuth2UpstreamWithoutUserInfo",
    "OAuth2 upstream(s) [git] have no userInfo configured; the embedded auth server will synthesize a non-PII subject "
    "from the access token (no Name/Email claims). If a userInfo endpoint exists for these upstreams, configure it to "
    "resolve real identity.",
)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (auth_server(), KNOWN_USERS),
        (auth_server(upstreamProviders=oauth2()), UNKNOWN_USERS),
        (
            auth_server(upstreamProviders=oauth2(userInfo={"endpointUrl": "https://git.acme.test/u"})),
            KNOWN_USERS,
        ),
        (auth_server(upstreamProviders=oauth2(identityFromToken={"subjectPath": "user.id"})), KNOWN_USERS),
    ],
)
def test_an_auth_server_says_whose_users_it_does_not_know(config: Object, expected: tuple[str, str, str]) -> None:
    answer = sync(config)

    assert condition(answer, "IdentitySynthesized") == expected
    assert condition(answer, "Ready") == ("True", "Ready", "MCPExternalAuthConfig can be used")


def test_ca_bundles_are_looked_up_too() -> None:
    config = oidc_config(caBundleRef=IN_CONFIG_MAP, clientSecretRef={"name": "tx-oauth", "key": "client-secret"})

    missing = sync(config)
    there = sync(config, related=[config_map("ca", **{"ca.crt": "-----BEGIN CERTIFICATE-----"}), secret()])

    assert condition(missing, "SecretAvailable") == (
        "False",
        "ConfigMapNotFound",
        "ConfigMap 'ca' of namespace 'team-a' not found: create it, or correct "
        "spec.inline.caBundleRef.configMapRef.name; Secret 'tx-oauth' of namespace 'team-a' not found: create it, or "
        "correct spec.inline.clientSecretRef.name",
    )
    assert condition(there, "SecretAvailable") == (
        "True",
        "SecretAvailable",
        "All 2 keys that the spec names in Secrets and ConfigMaps are there; "
        f"digest {there['status']['credentialDigest']}",
    )
