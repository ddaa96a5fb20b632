"""ConfigMaps that a workload refers to."""

from __future__ import annotations

from hooks.kubernetes import conditions
from hooks.kubernetes.kinds import CONFIG_MAP
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import SyncRequest
from hooks.references.resolution import Resolution, failed


def find_data(request: SyncRequest, name: str, condition: str, field: str) -> Resolution[Object]:
    """Return the data of a ConfigMap that a field of the spec names."""
    if name:
        request.related.require(CONFIG_MAP)
    found = request.related.get(CONFIG_MAP, name)
    if found is None:
        message = f"ConfigMap {name!r} not found in namespace {request.namespace!r}: create it, or correct {field}.name"
        return failed(condition, "ConfigMapNotFound", message)
    used = conditions.true(condition, "Valid", f"ConfigMap {name!r} is used")
    return Resolution(found.get("data") or {}, used, name=name)


def find_text(request: SyncRequest, name: str, key: str, condition: str, field: str) -> Resolution[str]:
    """Return the text at a key of a ConfigMap that a field of the spec names."""
    data = find_data(request, name, condition, field)
    if data.value is None:
        return Resolution(condition=data.condition)
    text = data.value.get(key)
    if isinstance(text, str) and text.strip():
        return Resolution(text, data.condition, name=name)
    message = f"ConfigMap {name!r} has nothing at key {key!r}: add it, or correct {field}.key"
    return failed(condition, "ConfigMapKeyNotFound", message)
