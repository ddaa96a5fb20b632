"""Fields of the CRDs: those of a status, which have defaults, which must be there, and which lists have keys."""

import copy

import pytest

from hooks.kubernetes.objects import Object
from tests.unit.structural import KINDS, nodes, root

HASHES = ["authServerConfigHash", "authzConfigHash", "externalAuthConfigHash", "oidcConfigHash"]
OF_A_CONFIG = ["conditions", "configHash", "credentialDigest", "observedGeneration", "referencingServers"]
STATUSES = {
    "MCPServer": [
        *("conditions", "message", "observedGeneration", "phase", "readyReplicas", "telemetryConfigHash"),
        *("toolConfigHash", "url", "webhookConfigHash", *HASHES),
    ],
    "MCPRemoteProxy": [
        *("conditions", "externalUrl", "message", "observedGeneration", "phase", "telemetryConfigHash"),
        *("toolConfigHash", "url", *HASHES),
    ],
    "MCPGroup": [
        *("conditions", "observedGeneration", "phase", "remoteProxies", "remoteProxyCount", "serverCount", "servers"),
    ],
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_status_has_a_field_for_all_that_a_controller_writes(kind: str) -> None:
    """All that a controller may write: what the schema doesn't know would be pruned, and written again for ever."""
    status = root(kind)["properties"]["status"]["properties"]

    assert sorted(status) == sorted(STATUSES.get(kind, OF_A_CONFIG))
    assert status["observedGeneration"]["format"] == "int64"


def test_phases_are_those_of_both_releases() -> None:
    """Running is what earlier releases wrote and stored; Ready is what ToolHive 0.44 writes."""
    phases = {kind: root(kind)["properties"]["status"]["properties"].get("phase") for kind in KINDS}

    assert {kind: phase["enum"] for kind, phase in phases.items() if phase} == {
        "MCPServer": ["Pending", "Ready", "Running", "Stopped", "Failed", "Terminating"],
        "MCPRemoteProxy": ["Pending", "Ready", "Failed", "Terminating"],
        "MCPGroup": ["Ready", "Pending", "Failed"],
    }


WORKLOAD_DEFAULTS = {
    "authServerRef.kind": "MCPExternalAuthConfig",
    "authzConfig.configMap.key": "authz.json",
    "authzConfig.inline.entitiesJson": "[]",
    "authzConfig.type": "configMap",
    "audit.enabled": False,
    "sessionAffinity": "ClientIP",
    "sessionStorage.db": 0,
    "trustProxyHeaders": False,
}
AUTH_SERVER_DEFAULTS = {
    "allowConfidentialClientRegistration": False,
    "cimd.enabled": False,
    "disableUpstreamTokenInjection": False,
    "insecureAllowConfidentialOverLoopbackHTTP": False,
    "insecureAllowHTTP": False,
    "storage.redis.dialTimeout": "5s",
    "storage.redis.readTimeout": "3s",
    "storage.redis.sentinelConfig.db": 0,
    "storage.redis.sentinelConfig.sentinelService.port": 26379,
    "storage.redis.writeTimeout": "3s",
    "storage.type": "memory",
    "trustedIssuers[].allowMayAct": False,
}
DEFAULTS: dict[str, Object] = {
    "MCPServer": {
        **WORKLOAD_DEFAULTS,
        "oidcConfig.configMap.key": "oidc.json",
        "oidcConfig.inline.jwksAllowPrivateIP": False,
        "oidcConfig.kubernetes.audience": "toolhive",
        "oidcConfig.kubernetes.issuer": "https://kubernetes.default.svc",
        "oidcConfig.type": "kubernetes",
        "permissionProfile.type": "builtin",
        "proxyMode": "streamable-http",
        "telemetry.openTelemetry.enabled": False,
        "telemetry.openTelemetry.insecure": False,
        "telemetry.openTelemetry.metrics.enabled": False,
        "telemetry.openTelemetry.tracing.enabled": False,
        "telemetry.openTelemetry.tracing.samplingRate": "0.05",
        "telemetry.prometheus.enabled": False,
        "transport": "stdio",
        "volumes[].readOnly": False,
    },
    "MCPRemoteProxy": {**WORKLOAD_DEFAULTS, "transport": "streamable-http"},
    "MCPExternalAuthConfig": {
        **{f"embeddedAuthServer.{at}": default for at, default in AUTH_SERVER_DEFAULTS.items()},
        "awsSts.roleClaim": "groups",
        "awsSts.service": "aws-mcp",
        "awsSts.sessionDuration": 3600,
        "awsSts.sessionNameClaim": "sub",
    },
    "MCPToolConfig": {},
    "MCPOIDCConfig": {
        "inline.insecureAllowHTTP": False,
        "inline.jwksAllowPrivateIP": False,
        "inline.protectedResourceAllowPrivateIP": False,
        "kubernetesServiceAccount.issuer": "https://kubernetes.default.svc",
    },
    "MCPAuthzConfig": {},
    "MCPTelemetryConfig": {
        "openTelemetry.enabled": False,
        "openTelemetry.insecure": False,
        "openTelemetry.metrics.enabled": False,
        "openTelemetry.tracing.enabled": False,
        "openTelemetry.tracing.samplingRate": "0.05",
        "openTelemetry.useLegacyAttributes": True,
        "prometheus.enabled": False,
    },
    "MCPWebhookConfig": {"mutating[].failurePolicy": "fail", "validating[].failurePolicy": "fail"},
    "MCPGroup": {},
}


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_are_the_references(kind: str) -> None:
    """Where the reference gives its CRD a default, and nowhere else; ports have none, since they have two names."""
    found = {at.removeprefix(".spec."): node["default"] for at, node in nodes(root(kind)) if "default" in node}

    assert found == DEFAULTS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_versions_differ_in_the_default_of_proxy_mode_alone(kind: str) -> None:
    versions = {version["name"]: version for version in KINDS[kind]["spec"]["versions"]}
    schemas = {name: copy.deepcopy(version["schema"]["openAPIV3Schema"]) for name, version in versions.items()}
    modes = {}
    for name, found in schemas.items():
        del found["properties"]["apiVersion"]
        modes[name] = found["properties"]["spec"]["properties"].get("proxyMode", {}).pop("default", None)

    assert all(found == schemas["v1alpha1"] for found in schemas.values())
    if kind == "MCPServer":
        assert modes == {"v1alpha1": "sse", "v1beta1": "streamable-http"}


KEYED_LISTS = {
    "MCPServer.spec.rateLimiting.tools": ["name"],
    "MCPRemoteProxy.spec.headerForward.addHeadersFromSecret": ["headerName"],
    "MCPExternalAuthConfig.spec.embeddedAuthServer.upstreamProviders": ["name"],
    "MCPTelemetryConfig.spec.openTelemetry.sensitiveHeaders": ["name"],
}


def test_all_other_lists_are_atomic() -> None:
    """Two keys of one Secret, and a variable that stands twice, were good in the older API: they stay so."""
    found = {
        f"{kind}{at}": node["x-kubernetes-list-map-keys"]
        for kind in KINDS
        for at, node in nodes(root(kind))
        if "x-kubernetes-list-type" in node and at != ".status.conditions"
    }

    assert found == KEYED_LISTS


KEYED = ["key", "name"]
UPSTREAM = "embeddedAuthServer.upstreamProviders[]"
BUCKET = ["maxTokens", "refillPeriod"]
PROXY = "resourceOverrides.proxyDeployment"
REQUIRED_TERMS, PREFERRED_TERMS = (
    f"{group}DuringSchedulingIgnoredDuringExecution" for group in ("required", "preferred")
)
NODES = f"{PROXY}.affinity.nodeAffinity"
NODE_TERMS = (f"{NODES}.{REQUIRED_TERMS}.nodeSelectorTerms[]", f"{NODES}.{PREFERRED_TERMS}[].preference")
NEIGHBOURS = [f"{PROXY}.affinity.{group}" for group in ("podAffinity", "podAntiAffinity")]
POD_TERMS = [
    place for at in NEIGHBOURS for place in (f"{at}.{REQUIRED_TERMS}[]", f"{at}.{PREFERRED_TERMS}[].podAffinityTerm")
]
SPREAD = f"{PROXY}.topologySpreadConstraints[]"
SELECTORS = [
    *(f"{at}.{selector}" for at in POD_TERMS for selector in ("labelSelector", "namespaceSelector")),
    f"{SPREAD}.labelSelector",
]
REQUIREMENT = ["key", "operator"]
PLACEMENT_REQUIRED = {
    f"{NODES}.{REQUIRED_TERMS}": ["nodeSelectorTerms"],
    f"{NODES}.{PREFERRED_TERMS}[]": ["preference", "weight"],
    **{f"{at}.{group}[]": REQUIREMENT for at in NODE_TERMS for group in ("matchExpressions", "matchFields")},
    **{f"{at}.{PREFERRED_TERMS}[]": ["podAffinityTerm", "weight"] for at in NEIGHBOURS},
    **{at: ["topologyKey"] for at in POD_TERMS},
    SPREAD: ["maxSkew", "topologyKey", "whenUnsatisfiable"],
    **{f"{at}.matchExpressions[]": REQUIREMENT for at in SELECTORS},
}
WORKLOAD_REQUIRED = {
    **PLACEMENT_REQUIRED,
    "authServerRef": ["name"],
    "authzConfig.configMap": ["name"],
    "authzConfig.inline": ["policies"],
    "authzConfigRef": ["name"],
    "externalAuthConfigRef": ["name"],
    "groupRef": ["name"],
    "oidcConfigRef": ["audience", "name"],
    f"{PROXY}.env[]": ["name", "value"],
    f"{PROXY}.imagePullSecrets[]": ["name"],
    "sessionStorage": ["provider"],
    "telemetryConfigRef": ["name"],
    "toolConfigRef": ["name"],
}
REQUIRED: dict[str, dict[str, list[str]]] = {
    "MCPServer": {
        **WORKLOAD_REQUIRED,
        "": ["image"],
        "env[]": ["name", "value"],
        "oidcConfig.configMap": ["name"],
        "oidcConfig.inline": ["issuer"],
        "permissionProfile": ["name"],
        **{f"rateLimiting.{at}": BUCKET for at in ("shared", "perUser", "tools[].shared", "tools[].perUser")},
        "rateLimiting.tools[]": ["name"],
        "volumes[]": ["hostPath", "mountPath", "name"],
        "webhookConfigRef": ["name"],
    },
    "MCPRemoteProxy": {
        **WORKLOAD_REQUIRED,
        "": ["remoteUrl"],
        "headerForward.addHeadersFromSecret[]": ["headerName", "valueSecretRef"],
    },
    "MCPExternalAuthConfig": {
        "": ["type"],
        "awsSts": ["region"],
        "awsSts.roleMappings[]": ["roleArn"],
        "bearerToken": ["tokenSecretRef"],
        "embeddedAuthServer": ["issuer", "upstreamProviders"],
        "embeddedAuthServer.delegateClients[]": ["audiences", "clientId", "clientSecretRef", "scopes"],
        "embeddedAuthServer.storage.redis": ["aclUserConfig"],
        "embeddedAuthServer.storage.redis.aclUserConfig": ["passwordSecretRef"],
        "embeddedAuthServer.storage.redis.sentinelConfig": ["masterName"],
        "embeddedAuthServer.storage.redis.sentinelConfig.sentinelService": ["name"],
        "embeddedAuthServer.trustedIssuers[]": ["allowedDelegateClients", "expectedAudience", "issuerUrl"],
        UPSTREAM: ["name", "type"],
        f"{UPSTREAM}.oauth2Config": ["authorizationEndpoint", "tokenEndpoint"],
        f"{UPSTREAM}.oauth2Config.identityFromToken": ["subjectPath"],
        f"{UPSTREAM}.oauth2Config.tokenResponseMapping": ["accessTokenPath"],
        f"{UPSTREAM}.oauth2Config.userInfo": ["endpointUrl"],
        f"{UPSTREAM}.oidcConfig": ["clientId", "issuerUrl"],
        f"{UPSTREAM}.oidcConfig.userInfoOverride": ["endpointUrl"],
        "headerInjection": ["headerName", "valueSecretRef"],
        "tokenExchange": ["audience", "tokenUrl"],
        "upstreamInject": ["providerName"],
        "xaa": ["idpTokenUrl", "targetAudience", "targetTokenUrl"],
    },
    "MCPToolConfig": {},
    "MCPOIDCConfig": {"": ["type"], "inline": ["issuer"]},
    "MCPAuthzConfig": {"": ["config", "type"]},
    "MCPTelemetryConfig": {"openTelemetry.sensitiveHeaders[]": ["name", "secretKeyRef"]},
    "MCPWebhookConfig": {"mutating[]": ["name", "url"], "validating[]": ["name", "url"]},
    "MCPGroup": {},
}


@pytest.mark.parametrize("kind", KINDS)
def test_required_fields_are_those_of_both_generations(kind: str) -> None:
    """What both generations of the API ask for. A reference to a key of a Secret always has both its parts."""
    found = {
        at.removeprefix(".spec").removeprefix("."): sorted(node["required"])
        for at, node in nodes(root(kind)["properties"]["spec"], ".spec")
        if "required" in node
    }

    assert {at: names for at, names in found.items() if names != KEYED} == REQUIRED[kind]
