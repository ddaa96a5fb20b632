"""The hash that distinguishes two specs of a shared config."""

from __future__ import annotations

import hashlib

import orjson

from hooks import strict_json
from hooks.kubernetes.objects import Object


def config_hash(spec: Object) -> str:
    """Return a fingerprint of a config's spec: the same for any order of its keys, and with or without unset fields.

    A spec that is nested too deeply is cut as that of a parent is: its workloads and its own controller get the same.
    """
    fields = _set_fields(strict_json.cut(spec))
    return hashlib.sha256(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _set_fields(value: object) -> object:
    if isinstance(value, dict):
        return {key: _set_fields(inner) for key, inner in value.items() if inner is not None}
    return [_set_fields(item) for item in value] if isinstance(value, list) else value
