"""Kubernetes objects as JSON has them, and what their metadata says."""

from __future__ import annotations

from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]
"""A Kubernetes object as JSON has it."""

SERVER_SET_METADATA = frozenset(
    (
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "finalizers",
        "generation",
        "managedFields",
        "ownerReferences",
        "resourceVersion",
        "selfLink",
        "uid",
    )
)
"""Metadata that is the API server's or a controller's to set."""

KUBECTL_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""Where `kubectl apply`, and tools that work as it does, keep the manifest that they were given."""


def kind_and_name(obj: Object) -> tuple[str, str]:
    """Return kind and name, by which a child differs from the other children of its parent."""
    return obj["kind"], obj["metadata"]["name"]


def is_deleting(obj: Object) -> bool:
    """Whether an object's deletion was asked for: finalizers may keep it for a while."""
    return "deletionTimestamp" in obj["metadata"]


def raw_spec(obj: Object) -> Object:
    """Return an object's spec as it came, or an empty one where it isn't even an object."""
    return _dict(obj, "spec")


def labels_of(obj: Object) -> Object:
    """Return an object's labels, an empty dict without any."""
    return _dict(_dict(obj, "metadata"), "labels")


def annotations_of(obj: Object) -> Object:
    """Return an object's annotations, an empty dict without any."""
    return _dict(_dict(obj, "metadata"), "annotations")


def spec_fields_written(obj: Object) -> list[Object]:
    """Return what managedFields name under spec (FieldsV1), for each entry that names any."""
    entries = _dict(obj, "metadata").get("managedFields")
    given = entries if isinstance(entries, list) else []
    found = (_dict(_dict(entry, "fieldsV1"), "f:spec") for entry in given if isinstance(entry, dict))
    return [fields for fields in found if fields]


def controller_of(obj: Object) -> Object | None:
    """Return the ownerReference of the object's controller, or None where none controls it."""
    owners = obj["metadata"].get("ownerReferences")
    owners = owners if isinstance(owners, list) else []
    return next((owner for owner in owners if isinstance(owner, dict) and owner.get("controller") is True), None)


def controller_reference(owner: Object) -> Object:
    """Return the ownerReference by which an object controls another, as Metacontroller writes it."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _dict(of: Object, key: str) -> Object:
    found = of.get(key)
    return found if isinstance(found, dict) else {}


def is_of_kind(owner: Object, api_version: str, kind: str) -> bool:
    """Return whether an ownerReference names an object of this kind, of any version of its group."""
    group = api_version.partition("/")[0]
    return owner.get("kind") == kind and str(owner.get("apiVersion")).startswith(f"{group}/")


def is_observed(obj: Object) -> bool:
    """Return whether a custom resource's controller has looked at its spec as it is now, by its status."""
    observed = _dict(obj, "status").get("observedGeneration")
    return observed is not None and observed == obj["metadata"].get("generation")
