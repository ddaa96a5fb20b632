"""Authorization configurations: that of an MCPAuthzConfig, one that a ConfigMap holds, and what inline policies make.

Runner 0.44.0 knows two ways to decide: Cedar policies (cedarv1), and a policy decision point that it asks (httpv1). The
keys are the runner's, and so is what must be there (pkg/authz/authorizers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from hooks.api.access import AuthzConfigMapRef
from hooks.api.mcpauthzconfig import MCPAuthzConfigSpec
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy.spec import Authorization
from hooks.references.authz_settings import CEDAR_KEYS, PDP_KEYS, cedar_faults, pdp_faults
from hooks.references.authz_text import parse_document
from hooks.references.config_maps import find_text
from hooks.references.resolution import Resolution, failed

VERSION = "1.0"


class _Backend(NamedTuple):
    key: str
    """The key of a configuration that has the settings of this type."""
    faults: Callable[[Object], Iterator[tuple[str, str]]]
    known: frozenset[str]


BACKENDS = {
    "cedarv1": _Backend("cedar", cedar_faults, CEDAR_KEYS),
    "httpv1": _Backend("pdp", pdp_faults, PDP_KEYS),
}
_TYPES = " or ".join(BACKENDS)


def authorization(config: MCPAuthzConfigSpec) -> Authorization:
    """Return what an MCPAuthzConfig makes of a workload's proxy."""
    key = BACKENDS[config.type].key
    return Authorization(_sorted({"version": VERSION, "type": config.type, key: config.config}))


def faults(type_: str, settings: Object) -> Iterator[tuple[str, str]]:
    """Yield the place of each setting of an MCPAuthzConfig that the runner would refuse, and what is wrong there."""
    if type_ not in BACKENDS:
        yield "spec.type", f"must be {_TYPES}"
    elif not settings:
        yield "spec.config", "must not be empty"
    else:
        yield from ((f"spec.config.{key}", fault) for key, fault in BACKENDS[type_].faults(settings))


def unknown_settings(type_: str, settings: Object) -> list[str]:
    """Return the keys of settings that the runner passes over."""
    return sorted(settings.keys() - BACKENDS[type_].known)


def read_authz(text: str) -> Object | str:
    """Return the configuration in a ConfigMap's text, JSON or YAML; or what is wrong with it.

    All its keys are kept, by name, as ToolHive's operator keeps them.
    """
    document = parse_document(text)
    if not isinstance(document, dict):
        return "is neither a JSON nor a YAML object"
    type_ = document.get("type")
    for key, value in (("version", document.get("version")), ("type", type_)):
        if not value or not isinstance(value, str):
            return f"{key} is required"
    backend = BACKENDS.get(str(type_))
    if backend is None:
        return f"type must be {_TYPES}"
    settings = document.get(backend.key)
    if not isinstance(settings, dict) or not settings:
        return f"{backend.key} configuration is required for type {type_}"
    found = [f"{backend.key}.{key} {fault}" for key, fault in backend.faults(settings)]
    return "; ".join(found) if found else _sorted(document)


def resolve_authz(request: SyncRequest, reference: AuthzConfigMapRef, condition: str) -> Resolution[Authorization]:
    """Return the authorization configuration in the ConfigMap that spec.authzConfig names, and that ConfigMap."""
    name, key = reference.name, reference.key or "authz.json"
    text = find_text(request, name, key, condition, "spec.authzConfig.configMap")
    if text.value is None:
        return Resolution(condition=text.condition)
    config = read_authz(text.value)
    if isinstance(config, str):
        message = f"ConfigMap {name!r} key {key!r} (spec.authzConfig.configMap): {config}"
        return failed(condition, "AuthzConfigInvalid", message)
    return Resolution(Authorization(config, config_map=name, key=key), text.condition, name=name)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
