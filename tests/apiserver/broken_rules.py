"""What fits the schemas and breaks a rule over several fields: each rule at least once, with the place that is told."""

from __future__ import annotations

from hooks.kubernetes.objects import Object
from tests.unit.config_specs import AUTH_SERVER, OAUTH2_UPSTREAM, OIDC_UPSTREAM, REGISTERED_UPSTREAM, SECRET_KEY
from tests.unit.config_specs import OIDC_CONFIGS as OIDC

POLICIES: Object = {"policies": ["permit();"]}
BUCKET: Object = {"maxTokens": 5, "refillPeriod": "1m"}
REDIS: Object = {"provider": "redis", "address": "redis:6379"}
NAMED: Object = {"name": "x"}
CALLERS: Object = {"oidcConfigRef": {"name": "x", "audience": "x"}}

SERVERS: list[tuple[Object, str]] = [
    ({"authzConfig": {"configMap": NAMED}, "authzConfigRef": NAMED}, "spec"),
    ({"oidcConfig": {}, **CALLERS}, "spec"),
    ({"telemetry": {}, "telemetryConfigRef": NAMED}, "spec"),
    ({"rateLimiting": {"shared": BUCKET}}, "spec"),
    ({"rateLimiting": {"shared": BUCKET}, "sessionStorage": {"provider": "memory"}}, "spec"),
    ({"rateLimiting": {"perUser": BUCKET}, "sessionStorage": REDIS}, "spec"),
    ({"rateLimiting": {"tools": [{"name": "x", "perUser": BUCKET}]}, "sessionStorage": REDIS}, "spec"),
    ({"rateLimiting": {}, "sessionStorage": REDIS}, "spec.rateLimiting"),
    ({"rateLimiting": {"tools": []}, "sessionStorage": REDIS}, "spec.rateLimiting"),
    ({"rateLimiting": {"tools": [{"name": "x"}]}, "sessionStorage": REDIS}, "spec.rateLimiting.tools[0]"),
    ({"sessionStorage": {"provider": "redis"}}, "spec.sessionStorage"),
    ({"permissionProfile": {"type": "configmap", "name": "p"}}, "spec.permissionProfile"),
    ({"permissionProfile": {"type": "configmap", "name": "p", "key": ""}}, "spec.permissionProfile"),
    ({"oidcConfig": {"type": "inline"}}, "spec.oidcConfig"),
    ({"oidcConfig": {"type": "inline", "inline": None}}, "spec.oidcConfig"),
    ({"oidcConfig": {"type": "configMap", "inline": {"issuer": "i"}}}, "spec.oidcConfig"),
    ({"authzConfig": {}}, "spec.authzConfig"),
    ({"authzConfig": {"inline": POLICIES}}, "spec.authzConfig"),
    ({"authzConfig": {"type": "inline", "configMap": NAMED}}, "spec.authzConfig"),
    ({"authzConfig": {"configMap": NAMED, "inline": POLICIES}}, "spec.authzConfig"),
]
PROXIES: list[tuple[Object, str]] = [
    ({"authzConfig": {"configMap": NAMED}, "authzConfigRef": NAMED}, "spec"),
    ({"authzConfig": {"type": "configMap"}}, "spec.authzConfig"),
    ({"authzConfig": {"type": "inline"}}, "spec.authzConfig"),
    ({"sessionStorage": {"provider": "redis"}}, "spec.sessionStorage"),
]
TYPES = [
    *("tokenExchange", "headerInjection", "bearerToken", "embeddedAuthServer", "awsSts"),
    *("upstreamInject", "obo", "xaa"),
]
_DELEGATE, _ISSUER = AUTH_SERVER["delegateClients"][0], AUTH_SERVER["trustedIssuers"][0]
_ACL: Object = {"aclUserConfig": {"passwordSecretRef": SECRET_KEY}}
_AT = "spec.embeddedAuthServer"


def _oauth2(**fields: object) -> Object:
    upstream = {"name": "git", "type": "oauth2", "oauth2Config": {**OAUTH2_UPSTREAM, **fields}}
    return {"upstreamProviders": [upstream]}


def _registered(**fields: object) -> Object:
    upstream = {"name": "git", "type": "oauth2", "oauth2Config": {**REGISTERED_UPSTREAM, **fields}}
    return {"upstreamProviders": [upstream]}


def _redis(**fields: object) -> Object:
    return {"storage": {"type": "redis", "redis": {**_ACL, **fields}}}


AUTH_SERVERS: list[tuple[Object, str]] = [
    ({"insecureAllowHTTP": True}, _AT),
    ({"issuer": "http://localhost:8080"}, _AT),
    ({"allowConfidentialClientRegistration": False}, _AT),
    ({"delegateClients": [{**_DELEGATE, "clientSecretRef": {"name": "", "key": "k"}}]}, f"{_AT}.delegateClients[0]"),
    (
        {"trustedIssuers": [{**_ISSUER, "allowedDelegateClients": ["*", "a"], "allowMayAct": False}]},
        f"{_AT}.trustedIssuers[0]",
    ),
    ({"trustedIssuers": [{**_ISSUER, "allowedDelegateClients": ["*"]}]}, f"{_AT}.trustedIssuers[0]"),
    ({"trustedIssuers": [{**_ISSUER, "actorClaim": "sub"}]}, f"{_AT}.trustedIssuers[0]"),
    ({"trustedIssuers": [{**_ISSUER, "jwksUrl": ""}]}, f"{_AT}.trustedIssuers[0]"),
    (_redis(), f"{_AT}.storage.redis"),
    (_redis(addr="redis:6379", sentinelConfig={"masterName": "m"}), f"{_AT}.storage.redis"),
    (_redis(clusterMode=True, sentinelConfig={"masterName": "m"}), f"{_AT}.storage.redis"),
    ({"upstreamProviders": [{"name": "a", "type": "oidc"}]}, f"{_AT}.upstreamProviders[0]"),
    (
        {"upstreamProviders": [{"name": "a", "type": "oauth2", "oidcConfig": OIDC_UPSTREAM}]},
        f"{_AT}.upstreamProviders[0]",
    ),
    (_oauth2(clientId=""), f"{_AT}.upstreamProviders[0].oauth2Config"),
    (_registered(clientSecretRef=SECRET_KEY), f"{_AT}.upstreamProviders[0].oauth2Config"),
    (_registered(dcrConfig={}), f"{_AT}.upstreamProviders[0].oauth2Config.dcrConfig"),
]
BROKEN_RULES: list[tuple[str, Object, str]] = [
    *(("MCPServer", {"image": "mcp:1", **fields}, place) for fields, place in SERVERS),
    *(("MCPRemoteProxy", {"remoteUrl": "https://x", **fields}, place) for fields, place in PROXIES),
    *(("MCPExternalAuthConfig", {"type": type_}, "spec") for type_ in TYPES),
    ("MCPExternalAuthConfig", {"type": "tokenExchange", "tokenExchange": None}, "spec"),
    ("MCPExternalAuthConfig", {"type": "unauthenticated", "upstreamInject": {"providerName": "x"}}, "spec"),
    *(
        ("MCPExternalAuthConfig", {"type": "embeddedAuthServer", "embeddedAuthServer": {**AUTH_SERVER, **fields}}, at)
        for fields, at in AUTH_SERVERS
    ),
    ("MCPOIDCConfig", {"type": "kubernetesServiceAccount"}, "spec"),
    ("MCPOIDCConfig", {"type": "inline"}, "spec"),
    ("MCPOIDCConfig", {**OIDC[0], **OIDC[1]}, "spec"),
    (
        "MCPTelemetryConfig",
        {"openTelemetry": {"headers": {"a": "b"}, "sensitiveHeaders": [{"name": "a", "secretKeyRef": SECRET_KEY}]}},
        "spec.openTelemetry",
    ),
    ("MCPWebhookConfig", {}, "spec"),
    ("MCPWebhookConfig", {"validating": [], "mutating": []}, "spec"),
]
