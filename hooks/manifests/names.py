"""Names that no API server takes: an object that has one never gets into a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from hooks.api.meta import GROUP
from hooks.api.texts import PLACEHOLDER_LEFT, has_placeholder
from hooks.kubernetes.kinds import CONFIG_MAP, SECRET
from hooks.kubernetes.names import DNS_LABEL, LABEL_VALUE, LABEL_VALUE_RULE, OBJECT_NAME, SECRET_KEY, is_qualified_name
from hooks.kubernetes.objects import Object
from hooks.text import shortened

_SAID = 5
"""How many faults of one object a message has."""
_MAX_KEY = 100
"""Characters of a key in a message."""


def name_faults(obj: Object) -> list[tuple[str, str]]:
    """Return each name in an object that no API server takes: its field, and what is wrong with it.

    Args:
        obj: a manifest whose metadata, and data if it is a ConfigMap or Secret, have the right types. Of kinds that
            the hooks don't see nothing is said.
    """
    if not is_seen(obj):
        return []
    faults = chain(_metadata(obj["metadata"]), _data(obj) if has_data(obj) else ())
    return list(islice(faults, _SAID))


def is_seen(obj: Object) -> bool:
    """Whether the hooks see objects of this kind."""
    return obj["apiVersion"].rpartition("/")[0] == GROUP or has_data(obj)


def has_data(obj: Object) -> bool:
    """Whether this is a ConfigMap or a Secret."""
    return CONFIG_MAP.includes(obj) or SECRET.includes(obj)


def _metadata(metadata: Object) -> Iterator[tuple[str, str]]:
    if not OBJECT_NAME.fullmatch(metadata["name"]):
        rule = "must be lower-case letters, digits, '-' and '.', at most 253 (RFC 1123)"
        yield "metadata.name", _or_placeholder(metadata["name"], rule)
    namespace = metadata.get("namespace") or "default"
    if not DNS_LABEL.fullmatch(namespace):
        rule = "must be lower-case letters, digits and '-', at most 63 (RFC 1123)"
        yield "metadata.namespace", _or_placeholder(namespace, rule)
    for key, value in (metadata.get("labels") or {}).items():
        if not is_qualified_name(key):
            yield f"metadata.labels[{shortened(key, _MAX_KEY)}]", _or_placeholder(key, "is no label key")
        if not LABEL_VALUE.fullmatch(value or ""):
            rule = f"must have a value of {LABEL_VALUE_RULE}"
            yield f"metadata.labels[{shortened(key, _MAX_KEY)}]", _or_placeholder(value, rule)
    for key in metadata.get("annotations") or {}:
        if not is_qualified_name(key.lower()):  # as the API server looks at them
            yield f"metadata.annotations[{shortened(key, _MAX_KEY)}]", _or_placeholder(key, "is no annotation key")


def _data(obj: Object) -> Iterator[tuple[str, str]]:
    for field in ("data", "stringData", "binaryData"):
        for key in obj.get(field) or {}:
            if not SECRET_KEY.fullmatch(key) or key == "." or key.startswith(".."):
                rule = "has a key that is not letters, digits, '-', '_' and '.', at most 253"
                yield f"{field}[{shortened(key, _MAX_KEY)}]", _or_placeholder(key, rule)


def _or_placeholder(text: str, rule: str) -> str:
    return PLACEHOLDER_LEFT if has_placeholder(text) else rule
