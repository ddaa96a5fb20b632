"""A child as the hook last returned it, and the answer under which an existing child stays as it is."""

from __future__ import annotations

from hooks.kubernetes.objects import SERVER_SET_METADATA, Object, annotations_of, labels_of
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.strict_json import read_text

LAST_APPLIED = "metacontroller.k8s.io/last-applied-configuration"
"""Where Metacontroller keeps the child as the hook last returned it, with its own label and the namespace added."""

_IDENTITY = ("apiVersion", "kind", "metadata", "status")


def minimal_desired(observed: Object) -> Object:
    """Return the smallest desired state under which Metacontroller leaves an observed object unchanged.

    That is apiVersion, kind and name. Where Metacontroller's annotation is on it (a tenant's copy of a child has it
    too), Metacontroller would take away what the annotation lists and the answer lacks; so these fields come along,
    with the values that they have now, and never with the annotation's.
    """
    applied = last_applied(observed) or {}
    metadata: Object = {"name": observed["metadata"]["name"]}
    for group, of in (("labels", labels_of), ("annotations", annotations_of)):
        listed = of(applied).keys() - {CONTROLLER_UID, LAST_APPLIED}
        values = {key: text for key, text in of(observed).items() if key in listed}
        if values:
            metadata[group] = values
    fields = {key: observed[key] for key in applied if key in observed and key not in _IDENTITY}
    return {"apiVersion": observed["apiVersion"], "kind": observed["kind"], "metadata": metadata, **fields}


def last_applied(observed: Object) -> Object | None:
    """Return this child as the hook last returned it, by Metacontroller's annotation; None where none can be read.

    The annotation lies in a tenant's reach: check what it holds before you return any of it.
    """
    text = annotations_of(observed).get(LAST_APPLIED)
    applied = read_text(text) if isinstance(text, str) else None
    return applied if isinstance(applied, dict) else None


def last_desired(observed: Object) -> Object:
    """Return an observed child as the hook last returned it, so that Metacontroller changes nothing in it.

    That is the JSON in Metacontroller's last-applied annotation, less what Metacontroller puts there itself (the
    controller-uid label and the namespace). A tenant can edit the annotation, and what a hook returns is written with
    Metacontroller's rights: so it counts only if it speaks of this very object. Without one (an adopted object),
    what `minimal_desired` returns, which changes nothing.
    """
    applied = last_applied(observed)
    if applied is None or not _speaks_of(applied, observed):
        return minimal_desired(observed)
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


def noted_parent(obj: Object) -> object:
    """Return the uid of the parent as whose child Metacontroller last wrote an object, by its own note; else None."""
    return labels_of(last_applied(obj) or {}).get(CONTROLLER_UID)
