"""The cluster's CRDs beside these hooks' own: what the ones keep and the others don't know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hooks.api.crd import crds
from hooks.api.errors import path
from hooks.api.kinds import BY_KIND, CustomResource
from hooks.api.unknown import unknown_fields
from hooks.kubernetes.names import PRESERVE_UNKNOWN
from hooks.kubernetes.objects import Object
from hooks.text import some, where

REPLACE = "kubectl apply -k crds/"
"""How a cluster gets these hooks' CRDs, from a clone of the repository."""

_OURS = {crd["metadata"]["name"]: crd for crd in crds()}


def served_version(crd: Object) -> str:
    """Return the version in which the objects of a CRD can be read: the newest that these hooks know, or "" for none.

    Its schema counts and not its name: releases of ToolHive have had both dialects under v1alpha1.
    """
    served = {version["name"] for version in crd["spec"]["versions"] if version["served"]}
    ours = (version.partition("/")[2] for version in BY_KIND[crd["spec"]["names"]["kind"]].api_versions)
    return next((version for version in ours if version in served), "")


def unknown_to_hooks(crd: Object, objects: Iterable[Object]) -> Iterator[str]:
    """Yield which fields of a spec a CRD keeps that the models don't know, and which objects set one.

    Such an object would be Failed, and once these hooks' CRD is in place the API server would drop the field: a server
    that asks for authentication there would be open.

    Args:
        crd: the cluster's.
        objects: of its kind.
    """
    theirs, ours = _part(crd, "spec"), _part(_OURS[crd["metadata"]["name"]], "spec")
    fields = list(_beyond(theirs, ours, "spec"))
    if not fields:
        return
    resource = BY_KIND[crd["spec"]["names"]["kind"]]
    users = [f"{where(obj)} ({some(found)})" for obj in objects if (found := _set(obj, resource, theirs))]
    name = crd["metadata"]["name"]
    which = f"CustomResourceDefinition {name} keeps fields that these hooks don't know: {some(fields)}"
    if users:
        yield (
            f"{which}. Objects that set one would be Failed: {resource.kind} {some(users)}. Use other fields in "
            "them, or convert a copy (docs/migrating.md, step 3). Then put these hooks' CRD in place: "
            f"{REPLACE}"
        )
    else:
        yield f"{which}. No {resource.kind} sets one: put these hooks' CRD in place, {REPLACE}"


def unknown_to_cluster(crd: Object) -> Iterator[str]:
    """Say which fields these hooks read or write that a CRD doesn't keep."""
    ours = _OURS[crd["metadata"]["name"]]
    fields = [field for part in ("spec", "status") for field in _beyond(_part(ours, part), _part(crd, part), part)]
    if fields:
        yield (
            f"CustomResourceDefinition {crd['metadata']['name']} lacks fields that these hooks read or write: "
            f"{some(fields)}. Put their own in place before you start them: {REPLACE}"
        )


def _part(crd: Object, part: str) -> Object:
    """The schema of spec or status, in the version in which its objects are read."""
    read_as = served_version(crd)
    schemas = (version.get("schema") for version in crd["spec"]["versions"] if version["name"] == read_as)
    root: Object = (next(schemas, None) or {}).get("openAPIV3Schema") or {}
    inherited = {PRESERVE_UNKNOWN: True} if root.get(PRESERVE_UNKNOWN) else {}
    return root.get("properties", {}).get(part) or inherited


def _beyond(schema: Object, other: Object, at: str) -> Iterator[str]:
    """The fields that a schema keeps and another doesn't, by path; of such a field the ones in it go unsaid."""
    if other.get(PRESERVE_UNKNOWN):
        return
    if schema.get(PRESERVE_UNKNOWN):
        yield f"{at}.*"
    for name, inner in sorted(schema.get("properties", {}).items()):
        known = other.get("properties", {}).get(name)
        if known is None:
            yield f"{at}.{name}"
        else:
            yield from _beyond(inner, known, f"{at}.{name}")
    for key, mark in (("items", "[]"), ("additionalProperties", "[*]")):
        if isinstance(schema.get(key), dict) and isinstance(other.get(key), dict):
            yield from _beyond(schema[key], other[key], f"{at}{mark}")


def _set(obj: Object, resource: CustomResource, schema: Object) -> list[str]:
    """The unknown fields that an object's author set: not those with the value that the CRD puts there by itself."""
    faults = unknown_fields(resource.spec_model, obj.get("spec"))
    return sorted(path(fault["loc"]) for fault in faults if fault["input"] != _default(schema, fault["loc"]))


def _default(schema: Object, place: tuple[int | str, ...]) -> object:
    """The default of the field at this place."""
    for part in place:
        inner = schema.get("properties", {}).get(part) or schema.get("items") or schema.get("additionalProperties")
        schema = inner if isinstance(inner, dict) else {}
    return schema.get("default")
