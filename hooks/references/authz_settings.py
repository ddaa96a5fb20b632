"""The settings of each type of authorization configuration, checked as runner 0.44.0 does when it starts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hooks.api.access import is_entity_list
from hooks.api.urls import url_fault
from hooks.kubernetes.objects import Object
from hooks.proxy.runconfig.authorization import CEDAR_OPTIONS

_CEDAR_TEXTS = ("primary_upstream_provider", "group_claim_name", "role_claim_name")
CEDAR_KEYS = frozenset(("policies", "entities_json", *CEDAR_OPTIONS))
PDP_KEYS = frozenset(("http", "context", "claim_mapping"))
CLAIM_MAPPINGS = ("mpe", "standard")

_ENTITY_TYPE = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = {"if", "then", "else", "in", "is", "like", "has", "true", "false", "__cedar"}
"""Words that Cedar's grammar keeps for itself."""


def cedar_faults(settings: Object) -> Iterator[tuple[str, str]]:
    """Yield key and fault of each setting of type cedarv1; the policies' own grammar is left to the runner."""
    policies = settings.get("policies")
    if not _is_list_of_texts(policies) or not policies:
        yield "policies", "must be a list of at least one Cedar policy, each a string"
    elif not all(policy.strip() for policy in policies):
        yield "policies", "must have no policy that is blank"
    entities = settings.get("entities_json")
    entities = "" if entities is None else entities
    if not isinstance(entities, str) or (entities and not is_entity_list(entities)):
        yield "entities_json", "must be a string that contains a JSON list of objects"
    for key in _CEDAR_TEXTS:
        if not isinstance(settings.get(key) or "", str):
            yield key, "must be a string"
    entity_type = settings.get("group_entity_type") or ""
    if entity_type and not (isinstance(entity_type, str) and _is_entity_type(entity_type)):
        yield "group_entity_type", "must be a Cedar identifier without a namespace, such as THVGroup"
    if not _is_list_of_texts(settings.get("multi_valued_claims") or []):
        yield "multi_valued_claims", "must be a list of names of claims"


def pdp_faults(settings: Object) -> Iterator[tuple[str, str]]:
    """Yield key and fault of each setting of type httpv1."""
    http = settings.get("http")
    if not isinstance(http, dict) or not http.get("url"):
        yield "http.url", "is required: the URL of the policy decision point"
    elif fault := url_fault(http["url"], "https", "http") if isinstance(http["url"], str) else "must be a string":
        yield "http.url", fault
    if isinstance(http, dict):
        timeout = http.get("timeout")
        if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, int)):
            yield "http.timeout", "must be a whole number of seconds"
        yield from _bool_faults(http, "http", "insecure_skip_verify")
    context = settings.get("context")
    if context is not None and not isinstance(context, dict):
        yield "context", "must be an object"
    elif context:
        yield from _bool_faults(context, "context", "include_args", "include_operation")
    if settings.get("claim_mapping") not in CLAIM_MAPPINGS:
        yield "claim_mapping", f"must be one of {', '.join(CLAIM_MAPPINGS)}"


def _bool_faults(settings: Object, where: str, *keys: str) -> Iterator[tuple[str, str]]:
    for key in keys:
        if not isinstance(settings.get(key, False), bool):
            yield f"{where}.{key}", "must be true or false"


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_entity_type(text: str) -> bool:
    return bool(_ENTITY_TYPE.fullmatch(text)) and text not in _RESERVED
