"""Holding a child: returning one that exists as it is, when what it should be can't be computed now."""

from __future__ import annotations

from hooks.metacontroller.requests import (
    CONTROLLER_UID,
    LAST_APPLIED,
    SERVER_SET_METADATA,
    Object,
    kept,
    labels_of,
    last_applied,
)


def held(observed: Object) -> Object:
    """An observed child as the hook last returned it, so that Metacontroller changes nothing in it.

    That is the JSON in Metacontroller's last-applied annotation, less what Metacontroller puts there itself (the
    controller-uid label and the namespace). A tenant can edit the annotation, and what a hook returns is written with
    Metacontroller's rights: so it counts only if it speaks of this very object. Without one (an adopted object),
    what `kept` returns, which changes nothing.
    """
    applied = last_applied(observed)
    if applied is None or not _speaks_of(applied, observed):
        return kept(observed)
    metadata = {
        key: value for key, value in applied["metadata"].items() if key not in (*SERVER_SET_METADATA, "namespace")
    }
    for group in ("labels", "annotations"):
        if group in metadata:
            metadata[group] = _strings(metadata[group])
    if metadata.get("labels"):
        metadata["labels"].pop(CONTROLLER_UID, None)
    if metadata.get("labels") == {}:
        del metadata["labels"]
    metadata.get("annotations", {}).pop(LAST_APPLIED, None)
    return {key: value for key, value in applied.items() if key not in ("metadata", "status")} | {"metadata": metadata}


def _speaks_of(applied: Object, observed: Object) -> bool:
    metadata = applied.get("metadata")
    return (
        applied.get("apiVersion") == observed["apiVersion"]
        and applied.get("kind") == observed["kind"]
        and isinstance(metadata, dict)
        and metadata.get("name") == observed["metadata"]["name"]
        and metadata.get("namespace", observed["metadata"].get("namespace")) == observed["metadata"].get("namespace")
    )


def _strings(values: object) -> dict[str, str]:
    """Labels or annotations, without what isn't a string: one such value would fail the sync or wipe the others."""
    if not isinstance(values, dict):
        return {}
    return {key: value for key, value in values.items() if isinstance(value, str)}


def was_a_child(obj: Object) -> bool:
    """Return whether Metacontroller made or updated an object as a child of a parent, by its own note on it."""
    return CONTROLLER_UID in labels_of(last_applied(obj) or {})
