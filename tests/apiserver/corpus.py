"""Specs that must be refused, each with the places of its faults in order; and specs that must be taken."""

from __future__ import annotations

from hooks.kubernetes.objects import Object
from tests.unit.config_specs import TOKEN_EXCHANGE
from tests.unit.specs import EXTERNAL_AUTH, SERVER, TOOLS

POLICIES: Object = {"policies": ["permit();"]}
BUCKET: Object = {"maxTokens": 5, "refillPeriod": "1m30s"}
REDIS_STORE: Object = {"provider": "redis", "address": "redis:6379"}
QUANTITIES = ["", "1", "0", "+1", "500m", "1.5", ".5", "5.", "256Mi", "2Gi", "1E", "1k", "1e3", "1E-3", "100n", "0.5u"]
NO_QUANTITIES = ["banana", "1ki", "-1", "1 ", " 1", "1e", "1e1.5", "1MB", ".", "1,5", "1\n", "0x10", "5 Gi"]
URLS = ["http://idp", "https://idp.acme.test:8443/token?a=b"]
NO_URLS = ["", "idp", "ftp://idp", "https://", " https://idp", "https://idp/a b", "https://idp\n"]


def exchange(**fields: object) -> Object:
    """An MCPExternalAuthConfig's spec with these settings in place of good ones."""
    return {"type": "tokenExchange", "tokenExchange": {**TOKEN_EXCHANGE, **fields}}


BAD_SERVERS: list[tuple[Object, list[str]]] = [
    ({"image": None}, ["spec.image"]),
    ({"transport": "http"}, ["spec.transport"]),
    ({"transport": ""}, ["spec.transport"]),
    ({"proxyMode": "stdio"}, ["spec.proxyMode"]),
    ({"port": 0}, ["spec.port"]),
    ({"port": 65536}, ["spec.port"]),
    ({"port": "8080"}, ["spec.port"]),
    ({"port": 80.5}, ["spec.port"]),
    ({"targetPort": -1}, ["spec.targetPort"]),
    ({"proxyPort": 0, "mcpPort": 65536}, ["spec.mcpPort", "spec.proxyPort"]),
    ({"replicas": -1, "backendReplicas": 2**31}, ["spec.backendReplicas", "spec.replicas"]),
    ({"sessionAffinity": "none"}, ["spec.sessionAffinity"]),
    ({"oidcConfigRef": {"name": "", "audience": ""}}, ["spec.oidcConfigRef.audience", "spec.oidcConfigRef.name"]),
    ({"authServerRef": {"kind": "MCPOIDCConfig", "name": "x"}}, ["spec.authServerRef.kind"]),
    ({"authzConfigRef": {"name": ""}, "groupRef": {"name": ""}}, ["spec.authzConfigRef.name", "spec.groupRef.name"]),
    ({"sessionStorage": {"provider": "disk", "db": -1}}, ["spec.sessionStorage.db", "spec.sessionStorage.provider"]),
    (
        {"sessionStorage": REDIS_STORE, "rateLimiting": {"shared": {"maxTokens": 0, "refillPeriod": "1 m"}}},
        ["spec.rateLimiting.shared.maxTokens", "spec.rateLimiting.shared.refillPeriod"],
    ),
    ({"args": [None]}, ["spec.args[0]"]),
    ({"env": [{"name": "A", "value": "a"}, {"name": "B"}]}, ["spec.env[1].value"]),
    ({"env": [{}]}, ["spec.env[0].name", "spec.env[0].value"]),
    ({"volumes": [{"name": "data"}]}, ["spec.volumes[0].hostPath", "spec.volumes[0].mountPath"]),
    ({"secrets": [{"name": "secret"}]}, ["spec.secrets[0].key"]),
    ({"permissionProfile": {}}, ["spec.permissionProfile.name"]),
    ({"permissionProfile": {"type": "configMap", "name": "p", "key": "k"}}, ["spec.permissionProfile.type"]),
    ({"toolConfigRef": {}}, ["spec.toolConfigRef.name"]),
    ({"externalAuthConfigRef": {"name": 1}}, ["spec.externalAuthConfigRef.name"]),
    ({"oidcConfig": {"type": "google"}}, ["spec.oidcConfig.type"]),
    ({"oidcConfig": {"type": "inline", "inline": {}}}, ["spec.oidcConfig.inline.issuer"]),
    ({"oidcConfig": {"type": "configMap", "configMap": {}}}, ["spec.oidcConfig.configMap.name"]),
    ({"authzConfig": {"type": "none"}}, ["spec.authzConfig.type"]),
    ({"authzConfig": {"type": "inline", "inline": {"policies": []}}}, ["spec.authzConfig.inline.policies"]),
    (
        {"telemetry": {"openTelemetry": {"tracing": {"samplingRate": 0.5}}}},
        ["spec.telemetry.openTelemetry.tracing.samplingRate"],
    ),
    (
        {"resourceOverrides": {"proxyDeployment": {"imagePullSecrets": [{}], "labels": {"tier": 1}}}},
        [
            "spec.resourceOverrides.proxyDeployment.imagePullSecrets[0].name",
            "spec.resourceOverrides.proxyDeployment.labels.tier",
        ],
    ),
    *(({"resources": {"limits": {"cpu": text}}}, ["spec.resources.limits.cpu"]) for text in NO_QUANTITIES),
    ({"resources": {"requests": {"memory": 1024}}}, ["spec.resources.requests.memory"]),
    ({"image": 1, "port": 0, "audit": True}, ["spec.audit", "spec.image", "spec.port"]),
]
BAD_EXTERNAL_AUTHS: list[tuple[Object, list[str]]] = [
    ({}, ["spec.type"]),
    ({"tokenExchange": TOKEN_EXCHANGE}, ["spec.type"]),
    ({"type": "saml"}, ["spec.type"]),
    ({"type": "saml", "tokenExchange": TOKEN_EXCHANGE}, ["spec.type"]),
    (
        {"type": "tokenExchange", "tokenExchange": {}},
        [f"spec.tokenExchange.{name}" for name in ("audience", "tokenUrl")],
    ),
    (exchange(clientSecretRef={"name": "secret"}), ["spec.tokenExchange.clientSecretRef.key"]),
    (exchange(scopes="read write"), ["spec.tokenExchange.scopes"]),
    *((exchange(tokenUrl=url), ["spec.tokenExchange.tokenUrl"]) for url in NO_URLS),
]
BAD: list[tuple[str, Object, list[str]]] = [
    *(("MCPServer", {"image": "mcp:1", **fields}, places) for fields, places in BAD_SERVERS),
    *(("MCPExternalAuthConfig", spec, places) for spec, places in BAD_EXTERNAL_AUTHS),
    ("MCPRemoteProxy", {}, ["spec.remoteUrl"]),
    ("MCPRemoteProxy", {"remoteUrl": "mcp.acme.test"}, ["spec.remoteUrl"]),
    ("MCPRemoteProxy", {"remoteUrl": "https://mcp.acme.test", "transport": "stdio"}, ["spec.transport"]),
    ("MCPOIDCConfig", {"type": "inline", "inline": {}}, ["spec.inline.issuer"]),
    ("MCPAuthzConfig", {"type": "", "config": []}, ["spec.config", "spec.type"]),
    ("MCPTelemetryConfig", {"openTelemetry": {"headers": {"a": 1}}}, ["spec.openTelemetry.headers.a"]),
    ("MCPWebhookConfig", {"validating": [{"name": ""}]}, ["spec.validating[0].name", "spec.validating[0].url"]),
    ("MCPGroup", {"description": 1}, ["spec.description"]),
    ("MCPToolConfig", {"toolsFilter": "search"}, ["spec.toolsFilter"]),
    ("MCPToolConfig", {"toolsOverride": {"search": {"name": 1}}}, ["spec.toolsOverride.search.name"]),
]
"""What breaks the schema."""

GOOD_SERVERS: list[Object] = [
    {},
    SERVER,
    {"port": 1, "targetPort": 65535},
    {"serviceAccount": "", "args": [], "env": [{"name": "A", "value": ""}]},
    {"resources": {"limits": {}}, "resourceOverrides": {"proxyDeployment": {"labels": {}}, "proxyService": {}}},
    {"resourceOverrides": {"proxyDeployment": {"annotations": {"a": None, "b": "c"}}}},
    {"permissionProfile": {"name": "none"}, "volumes": [{"name": "data", "hostPath": "/srv", "mountPath": "/data"}]},
    {"oidcConfig": {}},
    {"oidcConfig": {"kubernetes": {}, "configMap": {"name": "oidc"}, "inline": {"issuer": "https://idp.test"}}},
    {"authzConfig": {"configMap": {"name": "authz"}}},
    {"port": 9090, "proxyPort": 8080, "targetPort": 3000, "mcpPort": 3001},
    {"tools": ["search"], "toolConfigRef": {"name": "tools"}},
    {"oidcConfigRef": {"name": "oidc", "audience": "mcp"}, "authServerRef": {"name": "login"}},
    {"oidcConfig": {}, "sessionStorage": REDIS_STORE, "rateLimiting": {"perUser": BUCKET}},
    {"replicas": 0, "backendReplicas": 3, "sessionStorage": {"provider": "memory"}},
    {"authzConfig": {"type": "inline", "inline": POLICIES}},
    {"audit": {}, "telemetry": {"openTelemetry": {"metrics": {}, "tracing": {}}, "prometheus": {}}},
    {"podTemplateSpec": {"spec": {"containers": [{"name": "mcp", "tty": None, "unknown": 1.5}]}}},
    *({"resources": {"limits": {"cpu": text}, "requests": {"memory": text}}} for text in QUANTITIES),
]
GOOD: list[tuple[str, Object | None]] = [
    *(("MCPServer", {"image": "mcp:1", **fields}) for fields in GOOD_SERVERS),
    ("MCPExternalAuthConfig", EXTERNAL_AUTH),
    *(("MCPExternalAuthConfig", exchange(tokenUrl=url, scopes=None)) for url in URLS),
    ("MCPExternalAuthConfig", {"type": "unauthenticated"}),
    ("MCPRemoteProxy", {"remoteUrl": "http://mcp"}),
    ("MCPOIDCConfig", {"type": "kubernetesServiceAccount", "kubernetesServiceAccount": {}}),
    ("MCPOIDCConfig", {"type": "inline", "inline": {"issuer": "", "caBundleRef": {}}}),
    ("MCPAuthzConfig", {"type": "anything", "config": {}}),
    ("MCPTelemetryConfig", {"openTelemetry": {"headers": {}, "tracing": {}, "metrics": {}}, "prometheus": {}}),
    ("MCPWebhookConfig", {"mutating": [{"name": "a", "url": "http://a"}]}),
    ("MCPGroup", None),
    ("MCPToolConfig", None),
    ("MCPToolConfig", {}),
    ("MCPToolConfig", TOOLS),
    ("MCPToolConfig", {"toolsOverride": {"search": {}, "a.b/c": None}}),
]
"""None is an object without a spec."""
