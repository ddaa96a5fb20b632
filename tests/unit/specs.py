"""Specs in which every field is set, and ways to change one place in them."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from hooks.api.errors import spec_errors
from hooks.api.external_auth import MCPExternalAuthConfigSpec
from hooks.api.mcpserver import MCPServerSpec
from hooks.api.mcptoolconfig import MCPToolConfigSpec
from hooks.api.meta import Model
from hooks.kubernetes.objects import Object

TOKEN_EXCHANGE: Object = {
    "tokenUrl": "https://idp.acme.test/token",
    "clientId": "client",
    "clientSecretRef": {"name": "secret", "key": "key"},
    "audience": "backend",
    "scopes": ["read"],
    "externalTokenHeaderName": "X-Token",
}
EXTERNAL_AUTH: Object = {"type": "tokenExchange", "tokenExchange": TOKEN_EXCHANGE}
TOOLS: Object = {"toolsFilter": ["new"], "toolsOverride": {"old": {"name": "new", "description": "Better."}}}
SERVER: Object = {
    "image": "mcp:1",
    "transport": "streamable-http",
    "proxyMode": "streamable-http",
    "port": 9000,
    "targetPort": 9001,
    "args": ["--verbose"],
    "env": [{"name": "LEVEL", "value": "debug"}],
    "volumes": [{"name": "data", "hostPath": "/srv", "mountPath": "/data", "readOnly": True}],
    "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "256Mi"}},
    "secrets": [{"name": "secret", "key": "key", "targetEnvName": "KEY"}],
    "serviceAccount": "account",
    "permissionProfile": {"type": "configmap", "name": "profiles", "key": "profile.json"},
    "podTemplateSpec": {"spec": {"containers": [{"name": "mcp", "tty": None}]}},
    "resourceOverrides": {
        "proxyDeployment": {
            "annotations": {"a": "1"},
            "labels": {"b": "2"},
            "podTemplateMetadataOverrides": {"annotations": {"c": "3"}, "labels": {"d": "4"}},
            "env": [{"name": "HTTP_PROXY", "value": ""}],
            "imagePullSecrets": [{"name": "registry"}],
        },
        "proxyService": {"annotations": {"e": "5"}, "labels": {"f": "6"}},
    },
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
    "authzConfig": {"type": "inline", "inline": {"policies": ["permit();"], "entitiesJson": "[{}]"}},
    "audit": {"enabled": True},
    "tools": ["search"],
    "toolConfigRef": {"name": "tools"},
    "externalAuthConfigRef": {"name": "auth"},
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
    "trustProxyHeaders": True,
}
EVERYTHING = [(MCPServerSpec, SERVER), (MCPExternalAuthConfigSpec, EXTERNAL_AUTH), (MCPToolConfigSpec, TOOLS)]

Step = str | int
Path = tuple[Step, ...]


def errors(model: type[Model], data: object) -> list[str]:
    """Every line that users are told; none where the spec is good."""
    try:
        model.parse(data)
    except ValidationError as error:
        return spec_errors(error, model)
    return []


def server_errors(**fields: object) -> list[str]:
    return errors(MCPServerSpec, {"image": "mcp:1", **fields})


def paths(value: object, at: Path = ()) -> Iterator[Path]:
    """The place of every value inside this one, but for what podTemplateSpec holds."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield (*at, step)
        if step != "podTemplateSpec":
            yield from paths(inner, (*at, step))


Change = Callable[[Any, Step], None]


def changed(document: Object, path: Path, change: Change) -> Object:
    """A copy in which one place was changed."""
    holder: Any = (document := copy.deepcopy(document))
    for step in path[:-1]:
        holder = holder[step]
    change(holder, path[-1])
    return document


def put(value: object) -> Change:
    """The change that this value stands in the place."""
    return lambda holder, step: holder.__setitem__(step, value)


def written(path: Path) -> str:
    """The place as users are told it."""
    return "spec" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


PLACES = [(model, document, path) for model, document in EVERYTHING for path in paths(document)]
IDS = [written(path) for _, _, path in PLACES]
