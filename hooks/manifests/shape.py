"""Whether a document has the form of a Kubernetes object, and of one that an API server would decode."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from hooks.manifests.names import has_data, is_seen, name_faults

NO_OBJECT = "NoObject"
"""The reason of what is passed over: other YAML, and objects of other groups that have no name."""

NAME_INVALID = "NameInvalid"
"""The reason of what is an object, with a name or a key in it that no API server takes."""


class Fault(NamedTuple):
    """Why a document is no object that would be taken."""

    message: str
    reason: str
    field: str = ""


def unrolled(document: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield a document, or what is in it where it is a list: `v1 List`, or another kind that ends so and has items.

    Each comes with its path in the document, such as `("items", 0)`.
    """
    items = document.get("items") if isinstance(document, dict) else None
    if isinstance(items, list) and str(document.get("kind")).endswith("List"):
        for number, item in enumerate(items):
            yield from unrolled(item, (*path, "items", number))
    else:
        yield path, document


def fault_of(document: Any) -> Fault | None:
    """Find what is wrong with a document's form; None for nothing.

    That covers metadata, and the values in ConfigMaps and Secrets; its kind's schema checks a spec.
    """
    if not isinstance(document, dict):
        return Fault("left out: not a Kubernetes object", NO_OBJECT)
    given = [field for field in ("apiVersion", "kind") if isinstance(document.get(field), str) and document[field]]
    if not given and not document.keys() & {"apiVersion", "kind"}:
        return Fault("left out: not a Kubernetes object, since it has neither apiVersion nor kind", NO_OBJECT)
    for field in ("apiVersion", "kind"):
        if field not in given:
            return Fault("is missing", "ManifestInvalid", field)
    fault = _of_metadata(document)
    if fault and not is_seen(document):
        return Fault(f"left out: {fault.field} {fault.message}", NO_OBJECT)
    if fault:
        return fault
    return _of_names(document)


def _of_names(document: dict[str, Any]) -> Fault | None:
    faults = name_faults(document)
    if not faults:
        return None
    (field, first), *others = faults
    return Fault("; ".join([first, *(f"{other} {wrong}" for other, wrong in others)]), NAME_INVALID, field)


def _of_metadata(document: dict[str, Any]) -> Fault | None:
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("name") in (None, ""):
        return Fault("is missing", "ManifestInvalid", "metadata.name")
    for field in ("name", "namespace"):
        if not isinstance(metadata.get(field), str | None):
            return Fault("is not a string: quote it", "ManifestInvalid", f"metadata.{field}")
    maps = {f"metadata.{field}": metadata.get(field) for field in ("labels", "annotations")}
    if has_data(document):
        maps |= {field: document.get(field) for field in ("data", "stringData", "binaryData")}
    return next(filter(None, (_not_strings(field, value) for field, value in maps.items())), None)


def _not_strings(field: str, value: Any) -> Fault | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        return Fault("is not a mapping", "ManifestInvalid", field)
    wrong = (name for name, text in value.items() if not isinstance(text, str) and text is not None)
    found = next(wrong, None)
    if found is None:
        return None
    return Fault("is not a string: quote it", "ManifestInvalid", f"{field}[{found}]")
