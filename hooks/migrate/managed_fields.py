"""The fields of an object that a manager wrote, by its managedFields (FieldsV1)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from hooks.kubernetes.objects import Object
from hooks.migrate.plan import merge_patch

MANAGER = "thv-operator"
"""The name under which the API server notes the old operator's writes in managedFields."""

_ESSENCE = {
    "Deployment": ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"toolhive"}', "f:image"),
    "Service": ("f:spec", "f:selector"),
    "ConfigMap": ("f:data",),
    "Role": ("f:rules",),
    "RoleBinding": ("f:roleRef",),
}
"""What each child can't be without, in the words of managedFields."""

_MAPS = ("labels", "annotations")


def managed(child: Object) -> Object | None:
    """Return the fields that the old operator wrote last (FieldsV1); None where nothing says that it wrote any."""
    return _joined(entry.get("fieldsV1") or {} for entry in _entries(child) if entry.get("manager") == MANAGER)


def writers(child: Object) -> Object | None:
    """Return the fields of each manager that wrote the essence of a child, by any name; None where none is named."""
    written = [entry.get("fieldsV1") or {} for entry in _entries(child)]
    path = _ESSENCE.get(child["kind"], ())
    return _joined(fields for fields in written if path and _has(fields, path))


def _has(fields: Object, path: Iterable[str]) -> bool:
    for step in path:
        if step not in fields:
            return False
        fields = fields[step]
    return True


def _entries(child: Object) -> list[Object]:
    entries = child["metadata"].get("managedFields") or []
    return [entry for entry in entries if not entry.get("subresource")]


def _joined(entries: Iterable[Object]) -> Object | None:
    merged: Object | None = None
    for entry in entries:
        merged = merge_patch(merged, entry)  # FieldsV1 has no nulls, so a merge patch adds fields alone
    return merged


def owned(value: Any, fields: Object) -> Any:
    """Return what of a value is under these fields.

    A field without further ones covers all that is in it, as the API server notes what is atomic (a selector,
    arguments). For labels and annotations it covers the map alone: each key in it is another manager's.
    """
    if not fields:
        return value
    if isinstance(value, dict):
        return {
            key: {} if key in _MAPS and not fields[f"f:{key}"] else owned(inner, fields[f"f:{key}"])
            for key, inner in value.items()
            if f"f:{key}" in fields
        }
    if isinstance(value, list):
        items = [(json.loads(key[2:]), inner) for key, inner in fields.items() if key.startswith("k:")]
        return [
            {**keys, **owned(item, inner)}
            for item in value
            for keys, inner in items
            if isinstance(item, dict) and keys.items() <= item.items()
        ]
    return value
