"""What tells one spec of a shared config from another."""

from __future__ import annotations

import hashlib

import orjson

from hooks.kubernetes.objects import Object


def config_hash(spec: Object) -> str:
    """Return a fingerprint of a config's spec: the same whatever the order of its keys, and of unset fields."""
    return hashlib.sha256(orjson.dumps(_set_fields(spec), option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _set_fields(value: object) -> object:
    if isinstance(value, dict):
        return {key: _set_fields(inner) for key, inner in value.items() if inner is not None}
    return [_set_fields(item) for item in value] if isinstance(value, list) else value
