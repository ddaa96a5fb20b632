"""Fields that an author applied and the API server dropped, since the cluster's CRD doesn't know them."""

from __future__ import annotations

from typing import Any

from hooks.api.errors import fault_lines
from hooks.api.meta import Model
from hooks.api.unknown import unknown_fields
from hooks.kubernetes.objects import KUBECTL_LAST_APPLIED, Object, annotations_of
from hooks.strict_json import read_text

WHAT_TO_DO = (
    "The manifest that was applied has fields that the API server dropped. Apply it without them; if the spec was "
    f"changed since by other means, remove the annotation {KUBECTL_LAST_APPLIED}."
)


def pruned(parent: Object, model: type[Model]) -> str:
    """Find what the last applied manifest asks for and the stored spec can't say.

    A later change by another client leaves the annotation as it was. So a field counts only if no spec can have it,
    because the model doesn't know it, and while the object in which it was written is still in the spec.

    Args:
        parent: the custom resource; the model has read its spec, so that none of these fields is in there.
        model: the spec's.

    Returns:
        What to say to its author; empty where nothing was dropped, and where the annotation can't be read.
    """
    wanted, stored = applied_spec(parent), parent.get("spec")
    faults = [fault for fault in unknown_fields(model, wanted) if _is_there(fault["loc"][:-1], wanted, stored)]
    if not faults:
        return ""
    return f"{WHAT_TO_DO} {'; '.join(fault_lines(faults, model))}"


def applied_spec(parent: Object) -> Any:
    """Return the spec of the manifest that kubectl notes on an object; None where there is none that can be read."""
    text = annotations_of(parent).get(KUBECTL_LAST_APPLIED)
    applied = read_text(text) if isinstance(text, str) else None
    return applied.get("spec") if isinstance(applied, dict) and _speaks_of(applied, parent) else None


def _speaks_of(applied: Object, parent: Object) -> bool:
    """Whether it is this object's manifest, and not one of which this is a copy under another name."""
    metadata = applied.get("metadata")
    return not isinstance(metadata, dict) or metadata.get("name") in (None, parent["metadata"]["name"])


def _is_there(place: tuple[int | str, ...], wanted: Any, stored: Any) -> bool:
    """Whether the spec has an object at this place of the manifest; an item of a list is known by its name."""
    for part in place:
        if isinstance(part, int):
            name = wanted[part].get("name")
            items = stored if isinstance(stored, list) else []
            stored = next((item for item in items if isinstance(item, dict) and item.get("name") == name), None)
        else:
            stored = stored.get(part) if isinstance(stored, dict) else None
        wanted = wanted[part]
    return isinstance(stored, dict)
