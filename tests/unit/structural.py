"""Kubernetes' structural schemas: a walk over them, what they may say, and what the API server does with defaults."""

import copy
from collections.abc import Iterator
from typing import Any

from hooks.api.crd import crds
from hooks.kubernetes.objects import Object

KINDS = {crd["spec"]["names"]["kind"]: crd for crd in crds()}


def root(kind: str) -> Object:
    """The schema of a kind's objects, in the version that they are stored in."""
    (stored,) = [version for version in KINDS[kind]["spec"]["versions"] if version["storage"]]
    return stored["schema"]["openAPIV3Schema"]


def nodes(node: Object, at: str = "") -> Iterator[tuple[str, Object]]:
    """Every node of a schema, with the place that it describes."""
    yield at, node
    for name, inner in node.get("properties", {}).items():
        yield from nodes(inner, f"{at}.{name}")
    if "items" in node:
        yield from nodes(node["items"], f"{at}[]")
    if isinstance(node.get("additionalProperties"), dict):
        yield from nodes(node["additionalProperties"], f"{at}.*")


# Keywords of each type of node. Kubernetes takes more; any other keyword here was not meant.
SAID_BY_ALL = {"type", "description", "default", "x-kubernetes-validations"}
SAID_BY = {
    "object": {
        "properties",
        "required",
        "additionalProperties",
        "x-kubernetes-preserve-unknown-fields",
        "maxProperties",
    },
    "array": {"items", "minItems", "maxItems", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"},
    "string": {"enum", "pattern", "format", "minLength", "maxLength"},
    "integer": {"minimum", "maximum", "format"},
    "boolean": set(),
}


def unstructural(node: Object) -> list[str]:
    """Where a schema breaks the rules for structural schemas, or those that this project adds."""
    faults = []
    for at, inner in nodes(node):
        kind = inner.get("type")
        if not isinstance(kind, str) or kind not in SAID_BY:
            faults.append(f"{at}: type {kind}")
            continue
        faults += [f"{at}: {keyword}" for keyword in sorted(inner.keys() - SAID_BY_ALL - SAID_BY[kind])]
        if "properties" in inner and "additionalProperties" in inner:
            faults.append(f"{at}: properties and additionalProperties")
        if kind == "array" and "items" not in inner:
            faults.append(f"{at}: no items")
        if kind == "integer" and inner.get("format") not in ("int32", "int64"):
            faults.append(f"{at}: format {inner.get('format')}")
        unknown = set(inner.get("required", ())) - inner.get("properties", {}).keys()
        faults += [f"{at}: required {name}" for name in sorted(unknown)]
    return faults


def defaulted(value: Any, node: Object) -> Any:
    """A copy with the schema's defaults put in, as the API server does it: in objects that are there, and no others."""
    if isinstance(value, list):
        return [defaulted(item, node.get("items", {})) for item in value]
    if not isinstance(value, dict):
        return value
    properties = node.get("properties", {})
    missing = {name: copy.deepcopy(inner["default"]) for name, inner in properties.items() if "default" in inner}
    return {name: defaulted(inner, properties.get(name, {})) for name, inner in {**missing, **value}.items()}
