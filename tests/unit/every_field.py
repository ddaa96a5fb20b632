"""Namespaces for test_every_field: a spec with every field set, and all that it refers to."""

from __future__ import annotations

import json
from dataclasses import dataclass

from hooks.api.kinds import RESOURCES
from hooks.kubernetes.objects import Object
from tests.unit.config_specs import ANNOTATIONS, AUTH_SERVER, EXTERNAL_AUTHS, OIDC_CONFIGS, SENTINEL_AUTH_SERVER, TOOLS
from tests.unit.workload_specs import AUTHZ, GROUP, OLD_SERVER, REMOTE_PROXY, SERVER, TELEMETRY, WEBHOOKS
from tests.world import config_map, secret

NAMES = {
    "MCPServer": "demo",
    "MCPRemoteProxy": "demo",
    "MCPExternalAuthConfig": "auth",
    "MCPToolConfig": "tools",
    "MCPOIDCConfig": "oidc",
    "MCPTelemetryConfig": "telemetry",
    "MCPAuthzConfig": "authz",
    "MCPWebhookConfig": "webhooks",
    "MCPGroup": "group",
}
VERSIONS = {resource.kind: resource.api_version for resource in RESOURCES}


def custom(kind: str, spec: Object, name: str = "") -> Object:
    return {
        "apiVersion": VERSIONS[kind],
        "kind": kind,
        "metadata": {"name": name or NAMES[kind], "namespace": "team-a"},
        "spec": spec,
    }


@dataclass(frozen=True)
class Base:
    """A spec whose fields are walked, and the objects beside it."""

    kind: str
    spec: Object
    beside: tuple[Object, ...] = ()
    failed: tuple[str, ...] = ()
    """The reasons of what is Failed, where an MCPServer can't have what the base is about."""

    @property
    def manifests(self) -> list[Object]:
        return self.with_spec(self.spec)

    def with_spec(self, spec: Object) -> list[Object]:
        return [custom(self.kind, spec), *self.beside]


CEDAR = {"version": "1.0", "type": "cedarv1", "cedar": {"policies": ["permit(p,a,r);"]}}
PLAIN = (
    secret("secret", key="-".join(["a-secret-of-many-bytes"] * 3)),
    config_map("ca", **{"ca.crt": "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"}),
    config_map("oidc", issuer="https://idp.acme.test"),
    config_map("authz", **dict.fromkeys(("authz.json", "policies.json"), json.dumps(CEDAR))),
    config_map("profiles", **{"profile.json": '{"name": "p"}'}),
)
CONFIGS = (
    custom("MCPOIDCConfig", OIDC_CONFIGS[1]),
    custom("MCPTelemetryConfig", TELEMETRY),
    custom("MCPAuthzConfig", AUTHZ),
    custom("MCPWebhookConfig", WEBHOOKS),
    custom("MCPExternalAuthConfig", EXTERNAL_AUTHS[0]),
    custom("MCPToolConfig", TOOLS),
    custom("MCPGroup", GROUP),
)


def _beside(kind: str, user: Object) -> tuple[Object, ...]:
    """The Secrets and ConfigMaps, and the configs of other kinds that a workload's spec refers to."""
    names = json.dumps(user)
    configs = [config for config in (*CONFIGS, WITH_LOGIN) if config["kind"] != kind or config is WITH_LOGIN]
    return (*PLAIN, *(config for config in configs if f'"name": "{config["metadata"]["name"]}"' in names))


def _used(kind: str, spec: Object, field: str) -> Base:
    """A config, and a server that refers to it by this field."""
    server = {"image": "mcp:1", "transport": "sse", field: SERVER[field]}
    return Base(kind, spec, (custom("MCPServer", server), *_beside(kind, server)))


def _workload(kind: str, spec: Object) -> Base:
    return Base(kind, spec, _beside(kind, spec))


def _old(type_: str) -> Object:
    return {**OLD_SERVER, "oidcConfig": {**OLD_SERVER["oidcConfig"], "type": type_}}


FOR_REMOTE_SERVERS = ("bearerToken", "awsSts")
FAILED = {
    "obo": ("EnterpriseRequired", "EnterpriseRequired"),
}


def _auth(spec: Object, **references: object) -> Base:
    """An MCPExternalAuthConfig and what uses it."""
    kind, user = (
        ("MCPRemoteProxy", {"remoteUrl": "https://mcp.example.com", **references})
        if spec["type"] in FOR_REMOTE_SERVERS
        else ("MCPServer", {"image": "mcp:1", "transport": "sse", **references})
    )
    beside = (custom(kind, user), *_beside("MCPExternalAuthConfig", user))
    return Base("MCPExternalAuthConfig", spec, beside, FAILED.get(spec["type"], ()))


AUTHZ_REF = {"name": "authz"}
AUTHZ_IN_A_CONFIG_MAP = {"type": "configMap", "configMap": {"name": "authz", "key": "authz.json"}}
OUTGOING = {"externalAuthConfigRef": {"name": "auth"}}
LOGIN = {"authServerRef": {"name": "auth"}, "oidcConfigRef": SERVER["oidcConfigRef"]}
UPSTREAMS = AUTH_SERVER["upstreamProviders"]
ONE_UPSTREAM: Object = {**AUTH_SERVER, "upstreamProviders": UPSTREAMS[:1]}
SENTINEL = {**SENTINEL_AUTH_SERVER["storage"]["redis"], "sentinelTls": {"insecureSkipVerify": True}}
BY_SERVICE = {
    **SENTINEL,
    "sentinelConfig": {key: value for key, value in SENTINEL["sentinelConfig"].items() if key != "sentinelAddrs"},
}
WITH_LOGIN = custom(
    "MCPExternalAuthConfig",
    {"type": "embeddedAuthServer", "embeddedAuthServer": {**ONE_UPSTREAM, "disableUpstreamTokenInjection": False}},
    "login",
)


def _login(redis: Object) -> Base:
    """An authorization server that keeps its logins there, and a server that uses it."""
    block = {**ONE_UPSTREAM, "storage": {"type": "redis", "redis": redis}}
    return _auth({"type": "embeddedAuthServer", "embeddedAuthServer": block}, **LOGIN)


BASES: dict[str, Base] = {
    "stdio": _workload("MCPServer", {"image": "mcp:1", "transport": "stdio", "proxyMode": "sse"}),
    "old tools": _workload("MCPServer", {"image": "mcp:1", "tools": ["search"]}),
    "old inline": _workload("MCPServer", _old("inline")),
    "old configMap": _workload("MCPServer", _old("configMap")),
    "old kubernetes": _workload("MCPServer", _old("kubernetes")),
    "old authz": _workload("MCPServer", {**_old("inline"), "authzConfig": AUTHZ_IN_A_CONFIG_MAP}),
    "server": _workload("MCPServer", SERVER),
    "proxy": _workload("MCPRemoteProxy", REMOTE_PROXY),
    "proxy, inline policies": _workload("MCPRemoteProxy", {**REMOTE_PROXY, "authzConfig": OLD_SERVER["authzConfig"]}),
    "proxy, shared policies": _workload(
        "MCPRemoteProxy",
        {**{key: value for key, value in REMOTE_PROXY.items() if key != "authzConfig"}, "authzConfigRef": AUTHZ_REF},
    ),
    **{spec["type"]: _auth(spec, **OUTGOING) for spec in EXTERNAL_AUTHS if spec["type"] != "embeddedAuthServer"},
    **{
        f"login {number}": _auth(
            {"type": "embeddedAuthServer", "embeddedAuthServer": {**ONE_UPSTREAM, "upstreamProviders": [upstream]}},
            **LOGIN,
        )
        for number, upstream in enumerate(UPSTREAMS)
    },
    "login, sentinel": _login(SENTINEL),
    "login, sentinel by its Service": _login(BY_SERVICE),
    "tools": _used("MCPToolConfig", TOOLS, "toolConfigRef"),
    **{f"oidc {spec['type']}": _used("MCPOIDCConfig", spec, "oidcConfigRef") for spec in OIDC_CONFIGS},
    "telemetry": _used("MCPTelemetryConfig", TELEMETRY, "telemetryConfigRef"),
    "authz": _used("MCPAuthzConfig", AUTHZ, "authzConfigRef"),
    "webhooks": _used("MCPWebhookConfig", WEBHOOKS, "webhookConfigRef"),
    "group": _used("MCPGroup", GROUP, "groupRef"),
}
NOT_USED = "accepted for compatibility: the runner has nothing that it could set"
NO_OTHER = "the schema has one value only"
FOR_PEOPLE = "for those who read it"
NO_PLACE = "the condition Valid says that the published runner has no place for it"
NOT_BUILT = "its condition says what the type needs, and that the published runner doesn't have it"
ALONE = "a proxy has one upstream provider, so there is none to choose"
BUNDLE = "a bundle that is named must be there: without it the proxy would trust more than is asked for"
OF_THE_TYPE = {
    "obo": ("clientId", "clientSecretRef.name", "clientSecretRef.key", "audience", "scopes[]"),
    "xaa": (
        *("idpClientId", "targetTokenUrl", "insecureTargetTokenUrl", "targetClientId", "targetAudience"),
        *("targetResource", "scopes[]", "subjectProviderName", "subjectTokenType"),
    ),
    "upstreamInject": ("providerName",),
}
NO_EFFECT: dict[str, str] = {
    "MCPServer.spec.authServerRef.kind": NO_OTHER,
    "MCPRemoteProxy.spec.authServerRef.kind": NO_OTHER,
    "MCPServer.spec.oidcConfig.kubernetes.serviceAccount": NOT_USED,
    "MCPServer.spec.oidcConfig.kubernetes.namespace": NOT_USED,
    "MCPServer.spec.oidcConfig.configMap.key": NOT_USED,
    "MCPOIDCConfig.spec.kubernetesServiceAccount.serviceAccount": NOT_USED,
    "MCPOIDCConfig.spec.kubernetesServiceAccount.namespace": NOT_USED,
    "MCPOIDCConfig.spec.inline.caBundleRef.configMapRef.optional": BUNDLE,
    "MCPTelemetryConfig.spec.openTelemetry.caBundleRef.configMapRef.optional": BUNDLE,
    "MCPExternalAuthConfig.spec.tokenExchange.subjectProviderName": ALONE,
    "MCPExternalAuthConfig.spec.awsSts.subjectProviderName": ALONE,
    "MCPGroup.spec.description": FOR_PEOPLE,
    **{f"MCPToolConfig.spec.toolsOverride.*.annotations.{field}": NO_PLACE for field in ANNOTATIONS},
    **{
        f"MCPExternalAuthConfig.spec.{type_}.{field}": NOT_BUILT
        for type_, fields in OF_THE_TYPE.items()
        for field in fields
    },
}
"""Leaves of which no other value changes anything, and why."""
