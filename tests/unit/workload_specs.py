"""Specs of the workload kinds, and of the smaller configs, in which every field is set."""

from __future__ import annotations

from hooks.kubernetes.objects import Object
from tests.unit.config_specs import CA_BUNDLE, HEADERS, SECRET_KEY

_SELECTOR: Object = {
    "matchLabels": {"app": "mcp"},
    "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a"]}],
}
_POD_TERM: Object = {
    "topologyKey": "kubernetes.io/hostname",
    "labelSelector": _SELECTOR,
    "namespaces": ["team-b"],
    "namespaceSelector": _SELECTOR,
    "matchLabelKeys": ["pod-template-hash"],
    "mismatchLabelKeys": ["color"],
}
_NODE_TERM: Object = {
    "matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["4"]}],
    "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}],
}
_POD_AFFINITY: Object = {
    "requiredDuringSchedulingIgnoredDuringExecution": [_POD_TERM],
    "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 10, "podAffinityTerm": _POD_TERM}],
}
PLACEMENT: Object = {
    "nodeSelector": {"pool": "mcp"},
    "tolerations": [
        {"key": "dedicated", "operator": "Equal", "value": "mcp", "effect": "NoExecute", "tolerationSeconds": 60}
    ],
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [_NODE_TERM]},
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": _NODE_TERM}],
        },
        "podAffinity": _POD_AFFINITY,
        "podAntiAffinity": _POD_AFFINITY,
    },
    "topologySpreadConstraints": [
        {
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": _SELECTOR,
            "matchLabelKeys": ["pod-template-hash"],
            "minDomains": 2,
            "nodeAffinityPolicy": "Honor",
            "nodeTaintsPolicy": "Honor",
        }
    ],
    "priorityClassName": "important",
}
"""Every field that says where the proxy runs."""
_OVERRIDES: Object = {
    "proxyDeployment": {
        "annotations": {"a": "1"},
        "labels": {"b": "2"},
        "podTemplateMetadataOverrides": {"annotations": {"c": "3"}, "labels": {"d": "4"}},
        "env": [{"name": "HTTP_PROXY", "value": ""}],
        "imagePullSecrets": [{"name": "registry"}],
        **PLACEMENT,
    },
    "proxyService": {"annotations": {"e": "5"}, "labels": {"f": "6"}},
}
_BOTH_DIALECTS: Object = {
    "image": "mcp:1",
    "transport": "streamable-http",
    "proxyMode": "streamable-http",
    "args": ["--verbose"],
    "env": [{"name": "LEVEL", "value": "debug"}],
    "volumes": [{"name": "data", "hostPath": "/srv", "mountPath": "/data", "readOnly": True}],
    "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "256Mi"}},
    "secrets": [{"name": "secret", "key": "key", "targetEnvName": "KEY"}],
    "serviceAccount": "account",
    "permissionProfile": {"type": "configmap", "name": "profiles", "key": "profile.json"},
    "podTemplateSpec": {"spec": {"containers": [{"name": "mcp", "tty": None}]}},
    "resourceOverrides": _OVERRIDES,
    "audit": {"enabled": True},
    "toolConfigRef": {"name": "tools"},
    "externalAuthConfigRef": {"name": "auth"},
    "trustProxyHeaders": True,
    "sessionAffinity": "None",
}
OLD_SERVER: Object = {
    **_BOTH_DIALECTS,
    "port": 9000,
    "targetPort": 9001,
    "oidcConfig": {
        "type": "inline",
        "resourceUrl": "https://mcp.acme.test",
        "kubernetes": {
            "serviceAccount": "account",
            "namespace": "other",
            "audience": "mcp",
            "issuer": "https://issuer.test",
            "jwksUrl": "https://issuer.test/jwks",
            "introspectionUrl": "https://issuer.test/introspect",
            "useClusterAuth": False,
        },
        "configMap": {"name": "oidc", "key": "other.json"},
        "inline": {
            "issuer": "https://idp.acme.test",
            "audience": "mcp",
            "jwksUrl": "https://idp.acme.test/jwks",
            "introspectionUrl": "https://idp.acme.test/introspect",
            "clientId": "client",
            "clientSecret": "hunter2",
            "thvCABundlePath": "/ca.crt",
            "jwksAuthTokenPath": "/token",
            "jwksAllowPrivateIP": True,
        },
    },
    "authzConfig": {
        "type": "inline",
        "inline": {"policies": ["permit();"], "entitiesJson": "[{}]", "primaryUpstreamProvider": "okta"},
        "groupClaimName": "groups",
        "roleClaimName": "roles",
        "groupEntityType": "Team",
    },
    "tools": ["search"],
    "telemetry": {
        "openTelemetry": {
            "enabled": True,
            "endpoint": "collector:4318",
            "serviceName": "service",
            "headers": ["x-team=a"],
            "insecure": True,
            "metrics": {"enabled": True},
            "tracing": {"enabled": True, "samplingRate": "1"},
        },
        "prometheus": {"enabled": True},
    },
}
_SESSIONS: Object = {
    "provider": "redis",
    "address": "redis:6379",
    "db": 2,
    "keyPrefix": "thv:",
    "passwordRef": SECRET_KEY,
}
_REFERENCES: Object = {
    "oidcConfigRef": {
        "name": "oidc",
        "audience": "https://mcp.acme.test",
        "scopes": ["openid"],
        "resourceUrl": "https://mcp.acme.test",
    },
    "authServerRef": {"kind": "MCPExternalAuthConfig", "name": "login"},
    "telemetryConfigRef": {"name": "telemetry", "serviceName": "service"},
    "groupRef": {"name": "group"},
    "endpointPrefix": "/mcp",
    "replicas": 2,
    "sessionStorage": _SESSIONS,
}
_BUCKET: Object = {"maxTokens": 10, "refillPeriod": "1m"}
SERVER: Object = {
    **_BOTH_DIALECTS,
    **_REFERENCES,
    "proxyPort": 9000,
    "mcpPort": 9001,
    "authzConfigRef": {"name": "authz"},
    "webhookConfigRef": {"name": "webhooks"},
    "backendReplicas": 0,
    "rateLimiting": {
        "shared": _BUCKET,
        "perUser": _BUCKET,
        "tools": [{"name": "search", "shared": _BUCKET, "perUser": _BUCKET}],
    },
}
REMOTE_PROXY: Object = {
    **_REFERENCES,
    "remoteUrl": "https://mcp.example.com/mcp",
    "proxyPort": 9000,
    "transport": "sse",
    "externalAuthConfigRef": {"name": "auth"},
    "headerForward": {
        "addPlaintextHeaders": HEADERS,
        "addHeadersFromSecret": [{"headerName": "X-Api-Key", "valueSecretRef": SECRET_KEY}],
    },
    "authzConfig": {"type": "configMap", "configMap": {"name": "authz", "key": "policies.json"}},
    "audit": {"enabled": True},
    "toolConfigRef": {"name": "tools"},
    "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "256Mi"}},
    "serviceAccount": "account",
    "trustProxyHeaders": True,
    "resourceOverrides": _OVERRIDES,
    "sessionAffinity": "None",
    "podTemplateSpec": {"spec": {"containers": [{"name": "toolhive", "tty": None}]}},
}
AUTHZ: Object = {"type": "cedarv1", "config": {"policies": ["permit(principal, action, resource);"]}}
TELEMETRY: Object = {
    "openTelemetry": {
        "enabled": True,
        "endpoint": "https://collector:4318",
        "insecure": False,
        "headers": HEADERS,
        "sensitiveHeaders": [{"name": "Authorization", "secretKeyRef": SECRET_KEY}],
        "resourceAttributes": {"team": "a"},
        "metrics": {"enabled": True},
        "tracing": {"enabled": True, "samplingRate": "0.1"},
        "useLegacyAttributes": False,
        "caBundleRef": CA_BUNDLE,
    },
    "prometheus": {"enabled": True},
}
_WEBHOOK: Object = {
    "name": "check",
    "url": "https://policy.acme.test/check",
    "timeout": "5s",
    "failurePolicy": "ignore",
    "tlsConfig": {
        "caSecretRef": SECRET_KEY,
        "clientCertSecretRef": SECRET_KEY,
        "clientKeySecretRef": SECRET_KEY,
        "insecureSkipVerify": True,
    },
    "hmacSecretRef": SECRET_KEY,
}
WEBHOOKS: Object = {"validating": [_WEBHOOK], "mutating": [_WEBHOOK]}
GROUP: Object = {"description": "What the team of a needs."}
