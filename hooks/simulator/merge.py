"""Metacontroller's client-side apply: a three-way merge of what is, what was last applied and what is desired.

The rules are those of Metacontroller 4.17.2's pkg/dynamic/apply/apply.go, its surprises included: lists of objects
merge by a key that is guessed, an order that is desired is never applied to such a list, and a value whose type clashes
with what is there counts as null.
"""

from __future__ import annotations

from typing import Any

from hooks import go_json
from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import LAST_APPLIED

MERGE_KEYS = ("containerPort", "port", "mountPath", "name", "uid", "ip", "path")
"""The fields that may be the key of a list of objects; the first one that all of them have is taken."""

_REVERTED_METADATA = (
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
)


def stored(value: Any) -> Any:
    """A value as an API server gives it back: fields that are null are gone, a whole number is an integer."""
    if isinstance(value, dict):
        return {key: stored(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [stored(inner) for inner in value]
    return go_json.number(value) if isinstance(value, float) else value


def with_last_applied(obj: Object, applied: Object) -> Object:
    """The object with what was applied in its annotation."""
    metadata = obj["metadata"]
    annotations = {**(metadata.get("annotations") or {}), LAST_APPLIED: go_json.to_json(applied)}
    return {**obj, "metadata": {**metadata, "annotations": annotations}}


def updated(observed: Object, applied: Object | None, desired: Object) -> Object:
    """The observed object with what is desired applied to it (manage_children.go, ApplyUpdate).

    Args:
        observed: the object as it is.
        applied: what was desired when it was last applied, if it ever was.
        desired: what the hook returned, with namespace and controller-uid label added.

    Returns:
        A new object. Status and the metadata that the API server sets are as they were.
    """
    merged: Object = merge(observed, applied, desired)
    _revert(merged, observed, ("status",))
    merged["metadata"] = dict(merged["metadata"])
    _revert(merged["metadata"], observed["metadata"], _REVERTED_METADATA)
    return with_last_applied(merged, desired)


def _revert(obj: Object, original: Object, fields: tuple[str, ...]) -> None:
    for field in fields:
        obj.pop(field, None)
        if field in original:
            obj[field] = original[field]


def merge(observed: Any, applied: Any, desired: Any) -> Any:
    """Return the merged value: `desired` decides, but for fields that were never ours.

    Nothing is changed in place; the result shares parts with its arguments.
    """
    if isinstance(observed, dict):
        return _merge_objects(
            observed, applied if isinstance(applied, dict) else {}, desired if isinstance(desired, dict) else {}
        )
    if isinstance(observed, list):
        return _merge_lists(observed, applied if isinstance(applied, list) else [], desired)
    return desired


def _merge_objects(observed: Object, applied: Object, desired: Object) -> Object:
    merged = {key: value for key, value in observed.items() if key in desired or key not in applied}
    for key, value in desired.items():
        merged[key] = merge(observed.get(key), applied.get(key), value)
    return merged


def _merge_lists(observed: list[Any], applied: list[Any], desired: Any) -> list[Any] | None:
    """Lists whose items all have a merge key are merged by it: in the observed order, with new items at the end."""
    wanted = desired if isinstance(desired, list) else []
    key = _merge_key([*observed, *applied, *wanted])
    if not key:
        return desired if isinstance(desired, list) else None
    items = _merge_objects(_by_key(key, observed), _by_key(key, applied), _by_key(key, wanted))
    order = [name for name in (_name(item[key]) for item in observed) if name in items]
    return [items[name] for name in [*order, *(name for name in items if name not in order)]]


def _merge_key(items: list[Any]) -> str:
    if not items or not all(isinstance(item, dict) for item in items):
        return ""
    return next((key for key in MERGE_KEYS if all(key in item for item in items)), "")


def _by_key(key: str, items: list[Any]) -> Object:
    """The items by their key; of two with the same one, the last stays."""
    return {_name(item[key]): item for item in items}


def _name(value: Any) -> str:
    """A key as Go's `%v` writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "<nil>" if value is None else str(value)
