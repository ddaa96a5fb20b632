"""Authorization configurations: the document that a ConfigMap holds, checked, and the one that inline policies make."""

from __future__ import annotations

from typing import Any

import yaml

from hooks.api.access import AuthzConfigMapRef, is_entity_list
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import SyncRequest
from hooks.references.config_maps import find_text
from hooks.references.resolution import Resolution, failed
from hooks.strict_json import MAX_DEPTH, read_text

MAX_YAML = 128 << 10


def read_authz(text: str) -> Object | str:
    """The configuration in a ConfigMap's text, JSON or YAML; or what is wrong with it.

    Unknown keys are left out, and what must be there is checked as the reference checks it.
    """
    document = _parse(text)
    if not isinstance(document, dict):
        return "is neither a JSON nor a YAML object"
    version, type_, block = document.get("version"), document.get("type"), document.get("cedar")
    if not version or not isinstance(version, str):
        return "version is required"
    if not type_ or not isinstance(type_, str):
        return "type is required"
    if type_ != "cedarv1":
        return "unsupported configuration type: only cedarv1 is known"
    if not isinstance(block, dict):
        return "cedar configuration is required for type cedarv1"
    policies, entities = block.get("policies"), block.get("entities_json", "")
    if not isinstance(policies, list) or not policies or not all(isinstance(policy, str) for policy in policies):
        return "at least one policy is required for type cedarv1, and each is a string"
    if not isinstance(entities, str) or (entities and not is_entity_list(entities)):
        return "cedar.entities_json must be a string that holds a JSON list of objects"
    return cedar(version, policies, entities)


def cedar(version: str, policies: list[str], entities: str) -> Object:
    """Return an authorization configuration of Cedar policies, as the RunConfig holds it."""
    return {"version": version, "type": "cedarv1", "cedar": {"policies": policies, "entities_json": entities}}


def _parse(text: str) -> Any:
    """JSON, or else YAML in which every scalar is a string.

    A tenant writes this text, so what YAML makes of it must stay small and quick: no aliases, by which a little text
    becomes enormous; no numbers and times, which take long to read; a bound on depth and length.
    """
    document = read_text(text)
    if document is not None or len(text) > MAX_YAML:
        return document
    try:
        return yaml.load(text, Loader=yaml.CBaseLoader) if _is_plain(text) else None  # noqa: S506  # makes strings only
    except (yaml.YAMLError, ValueError):
        return None


def _is_plain(text: str) -> bool:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CBaseLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if isinstance(event, yaml.AliasEvent) or depth > MAX_DEPTH:
            return False
    return True


def resolve_authz(request: SyncRequest, reference: AuthzConfigMapRef) -> Resolution[Object]:
    """Return the authorization configuration in the ConfigMap that spec.authzConfig names."""
    condition, name, key = "AuthzConfigRefValidated", reference.name, reference.key or "authz.json"
    text = find_text(request, name, key, condition, "spec.authzConfig.configMap")
    if text.value is None:
        return Resolution(condition=text.condition)
    config = read_authz(text.value)
    if isinstance(config, str):
        message = f"ConfigMap {name!r} key {key!r} (spec.authzConfig.configMap): {config}"
        return failed(condition, "AuthzConfigInvalid", message)
    return Resolution(config, text.condition, name=name)
