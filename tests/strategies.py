"""Hypothesis strategies for custom resources: all that their CRD's schema admits."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from hooks.api.crd import crds
from hooks.api.scalars import QUANTITY
from tests.pod_templates import pod_templates

SCHEMAS = {
    crd["spec"]["names"]["kind"]: crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    for crd in crds()
}

Path = tuple[str | int, ...]

# Words that mean something somewhere, beside arbitrary text.
WORDS = (
    "",
    "a",
    "b",
    "mcp",
    "runconfig",
    "authz.json",
    "A=B",
    "a,b",
    "/data",
    "x" * 64,
    "no spaces",
    "line\nbreak",
    "$(HOME)",
    "<&>",
)
NAMES = st.sampled_from(("tx", "tools", "oidc", "authz", "profiles", "missing"))
TEXT = st.sampled_from(WORDS) | st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=12)

LONG_QUANTITIES = st.builds(
    lambda digit, count, suffix: digit * count + suffix,
    st.sampled_from(("0", "1", "9")),
    st.sampled_from((90, 97, 101, 1300, 5000)),
    st.sampled_from(("", "Ei", "e999", "e-999", ".5m")),
)
"""The API server has no bound for them."""
ADDRESSES = ("https://idp.acme.test/a", "http://idp.acme.test", "idp.acme.test")
LIKELY: dict[str, tuple[str, ...]] = {
    "image": ("ghcr.io/acme/mcp-demo:1.2.3", "localhost:5000/x", "uvx://x"),
    "endpoint": ("otel:4318", "https://otel:4318/a"),
    "headers": ("x-team=a", "x-key=b"),
    "samplingRate": ("0.5", "1"),
    **dict.fromkeys(("issuer", "jwksUrl", "introspectionUrl", "resourceUrl"), ADDRESSES),
}
"""Texts that a field may have and that arbitrary text never hits."""

POD_TEMPLATES = st.none() | st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(("metadata", "spec", "containers", "name", "env", "annotations", "labels")), inner
        )
    ),
    max_leaves=6,
)


def specs(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Specs of a kind that its schema admits; the rules over several fields may be broken."""
    return _object(SCHEMAS[kind], "spec")


@st.composite
def near(draw: st.DrawFn, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Specs like this one: up to three parts are left out, or are anything that the kind's schema admits there."""
    spec = copy.deepcopy(spec)
    for path in draw(st.lists(st.sampled_from(sorted(_paths(spec), key=str)), max_size=3)):
        _alter(draw, SCHEMAS[kind], spec, path)
    return spec


def _paths(value: Any, above: Path = ()) -> Iterator[Path]:
    """Where each part of a value is: the keys and indices that lead there."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*above, key)
        yield from _paths(part, (*above, key))


def _alter(draw: st.DrawFn, schema: dict[str, Any], value: Any, path: Path) -> None:
    """Leave a part out, or put something else there; nothing, where it is gone already."""
    for key in path[:-1]:
        schema = _inner(schema, key)
        value = value.get(key) if isinstance(value, dict) else value[key] if key in range(len(value or ())) else None
    last = path[-1]
    if not (last in value if isinstance(value, dict) else isinstance(value, list) and last in range(len(value))):
        return
    if last not in schema.get("required", ()) and draw(st.booleans()):
        value.pop(last)
    else:
        value[last] = draw(_value(_inner(schema, last), str(last)))


def _inner(schema: dict[str, Any], key: str | int) -> dict[str, Any]:
    inner: dict[str, Any] = (
        schema.get("properties", {}).get(key) or schema.get("items") or schema["additionalProperties"]
    )
    return inner


def _value(schema: dict[str, Any], name: str) -> st.SearchStrategy[Any]:
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return pod_templates() | st.dictionaries(st.sampled_from(("metadata", "spec")), POD_TEMPLATES, max_size=2)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema["type"]
    if kind == "object":
        return _object(schema, name)
    if kind == "array":
        return st.lists(_value(schema["items"], name), min_size=schema.get("minItems", 0), max_size=3)
    if kind == "integer":
        return st.integers(schema.get("minimum", -5), schema.get("maximum", 5))
    if kind == "boolean":
        return st.booleans()
    if "pattern" in schema:
        short = st.from_regex(schema["pattern"], fullmatch=True).filter(lambda text: len(text) < 40)
        return short | LONG_QUANTITIES if schema["pattern"] == QUANTITY else short
    if name in LIKELY:
        return st.sampled_from(LIKELY[name]) | TEXT
    return NAMES if name == "name" else TEXT


def _object(schema: dict[str, Any], name: str) -> st.SearchStrategy[dict[str, Any]]:
    if "additionalProperties" in schema:
        return st.dictionaries(TEXT, _value(schema["additionalProperties"], name), max_size=3)
    fields = {key: _value(inner, key) for key, inner in schema["properties"].items()}
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {key: strategy for key, strategy in fields.items() if key in required},
        optional={key: strategy for key, strategy in fields.items() if key not in required},
    )


def closed_objects(value: Any, schema: dict[str, Any], path: str = "spec") -> Iterator[tuple[str, Any, set[str]]]:
    """Each object in a value in which its schema allows certain fields alone: its path, itself, and these fields."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from closed_objects(item, schema["items"], f"{path}[{index}]")
    elif isinstance(value, dict):
        properties = schema.get("properties", {})
        if properties:
            yield path, value, set(properties)
        for key, inner in value.items():
            yield from closed_objects(
                inner, properties.get(key) or schema.get("additionalProperties", {}), f"{path}.{key}"
            )


MCP_URL = "https://mcp.acme.test"
GOOD_VALUES: dict[str, list[Any]] = {
    "transport": ["stdio", "sse", "streamable-http"],
    "proxyMode": ["sse", "streamable-http"],
    "image": ["ghcr.io/acme/other:1"],
    "port": [8080, 9000],
    "targetPort": [9001],
    "proxyPort": [8080, 9002],
    "mcpPort": [9003],
    "replicas": [0, 1, 2],
    "backendReplicas": [0, 2],
    "sessionAffinity": ["ClientIP", "None"],
    "endpointPrefix": ["/demo"],
    "sessionStorage": [{"provider": "memory"}, {"provider": "redis", "address": "redis:6379", "keyPrefix": "demo:"}],
    "rateLimiting": [{"shared": {"maxTokens": 1, "refillPeriod": "1m"}}],
    "oidcConfigRef": [{"name": "idp", "audience": MCP_URL, "resourceUrl": MCP_URL}],
    "telemetryConfigRef": [{"name": "otel"}, {"name": "otel", "serviceName": "svc"}],
    "authzConfigRef": [{"name": "rules"}],
    "webhookConfigRef": [{"name": "gate"}],
    "groupRef": [{"name": "team"}],
    "authServerRef": [{"kind": "MCPExternalAuthConfig", "name": "eas"}],
    "args": [["-v"]],
    "env": [[{"name": "A", "value": "1"}], [{"name": "B", "value": ""}, {"name": "A", "value": "2"}]],
    "volumes": [[{"name": "v", "hostPath": "/a", "mountPath": "/b"}]],
    "resources": [{"limits": {"cpu": "0.5"}}, {"requests": {"memory": "1Gi"}}],
    "secrets": [[{"name": "s", "key": "k"}]],
    "serviceAccount": ["mine"],
    "permissionProfile": [{"type": "builtin", "name": "none"}, {"type": "configmap", "name": "profiles", "key": "p"}],
    "podTemplateSpec": [{"spec": {"nodeSelector": {"a": "b"}}}],
    "resourceOverrides": [
        {"proxyDeployment": {"annotations": {"a": "b"}, "labels": {"c": "d"}, "env": [{"name": "A", "value": ""}]}},
        {"proxyDeployment": {"podTemplateMetadataOverrides": {"labels": {"a": "b"}, "annotations": {"c": "d"}}}},
        {"proxyDeployment": {"nodeSelector": {"a": "b"}, "tolerations": [{"key": "c", "operator": "Exists"}]}},
        {"proxyService": {"annotations": {"a": "b"}, "labels": {"c": "d"}}},
    ],
    "oidcConfig": [{"type": "configMap", "configMap": {"name": "oidc"}}, {"type": "kubernetes"}],
    "authzConfig": [
        {"type": "inline", "inline": {"policies": ["permit(p,a,r);"]}},
        {"type": "configMap", "configMap": {"name": "authz"}},
    ],
    "audit": [{"enabled": True}],
    "tools": [["a"]],
    "toolConfigRef": [{"name": "tools"}],
    "externalAuthConfigRef": [{"name": "tx"}, {"name": "other"}],
    "telemetry": [{"prometheus": {"enabled": True}}],
    "trustProxyHeaders": [True, False],
}
"""For each field of an MCPServer's spec, values that work beside the objects of tests/neighbours.py."""


def good_specs() -> st.SearchStrategy[dict[str, Any]]:
    """MCPServer specs that work with any fields: they refer to the objects of tests/neighbours.py."""
    return st.fixed_dictionaries(
        {"image": st.just("ghcr.io/acme/mcp-demo:1.2.3") | st.sampled_from(GOOD_VALUES["image"])},
        optional={field: st.sampled_from(values) for field, values in GOOD_VALUES.items() if field != "image"},
    ).map(_consistent)


EXCLUSIVE = {"oidcConfigRef": "oidcConfig", "telemetryConfigRef": "telemetry", "authzConfigRef": "authzConfig"}
"""References, each with the field that stands in the spec instead."""


def _consistent(spec: dict[str, Any]) -> dict[str, Any]:
    """The same spec less what its other fields exclude, or don't go with."""
    for reference, field in EXCLUSIVE.items():
        if reference in spec:
            spec.pop(field, None)
    if spec.get("sessionStorage", {}).get("provider") != "redis":
        spec.pop("rateLimiting", None)
    if "oidcConfigRef" not in spec:
        spec.pop("authServerRef", None)
    return spec


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
