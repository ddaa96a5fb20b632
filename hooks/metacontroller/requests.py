"""Metacontroller's composite-hook protocol, version 2: its words, and what a request says.

It knows neither HTTP nor any custom resource; `reading` reads and writes its bytes, `responses` has what an
answer may say. A request that can't be read is `Malformed` (answered with 400); a response that would lose or misplace
an object is a `BrokenRule` (answered with 500). Metacontroller leaves every object alone on both, and tries again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from hooks.strict_json import read_text

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
"""Metadata that a hook may not return: it is the API server's or Metacontroller's to set."""

LAST_APPLIED = "metacontroller.k8s.io/last-applied-configuration"
"""Where Metacontroller keeps the child as the hook last returned it, with its own label and the namespace added."""

_IDENTITY = ("apiVersion", "kind", "metadata", "status")

CONTROLLER_UID = "controller-uid"
"""The label by which Metacontroller selects the children of a parent (generateSelector)."""

LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?")
"""What the value of a label can be; the empty text is one."""

OBJECT_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
"""What the name of an object can be: a DNS subdomain (RFC 1123)."""

_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]")


def is_qualified_name(key: str) -> bool:
    """Return whether this can be the key of a label or annotation: a name, or a DNS subdomain, a slash and a name."""
    prefix, slash, name = key.rpartition("/")
    return _QUALIFIED.fullmatch(name) is not None and (not slash or OBJECT_NAME.fullmatch(prefix) is not None)


class Malformed(ValueError):
    """The request isn't one that Metacontroller sends to v2 hooks. Its text holds no object contents."""


class BrokenRule(RuntimeError):
    """A response that would delete, misplace or wipe something, or a request that shows a broken installation."""


@dataclass(frozen=True)
class Kind:
    """A served kind: what a manifest calls it, and the plural by which rules name it."""

    api_version: str
    kind: str
    resource: str

    @cached_property
    def key(self) -> str:
        """The outer key of `children` and `related`: `Deployment.apps/v1`, `ConfigMap.v1`."""
        return f"{self.kind}.{self.api_version}"


class Objects:
    """`children` or `related` of a request: the objects of the parent's namespace, by kind and name."""

    def __init__(self, kinds: Mapping[str, Mapping[str, Object]]) -> None:
        """Take objects of the parent's namespace alone, by the key of their kind and by name."""
        self._kinds = kinds

    def get(self, kind: Kind, name: str) -> Object | None:
        """The object of this kind and name, or None."""
        objects = self._kinds.get(kind.key)
        return objects.get(name) if objects else None

    @cached_property
    def identities(self) -> frozenset[tuple[str, str]]:
        """(kind, name) of every object."""
        return frozenset({(key.partition(".")[0], name) for key, objects in self._kinds.items() for name in objects})

    def list(self, kind: Kind) -> list[Object]:
        """All objects of this kind, by name."""
        return [obj for _, obj in sorted(self._kinds.get(kind.key, {}).items())]

    @property
    def kinds(self) -> AbstractSet[str]:
        """The key of each kind that Metacontroller looks for: there is one, if an empty one, for each of its rules."""
        return self._kinds.keys()

    def require(self, *kinds: Kind) -> None:
        """Refuse to go on where a kind has no key at all.

        A missing key means that Metacontroller works by other rules than customize returned: stale ones, or a broken
        install. To read that as "there is none" would release a config that is in use.

        Raises:
            BrokenRule: a kind is missing.
        """
        for kind in kinds:
            if kind.key not in self._kinds:
                raise BrokenRule(f"no related {kind.resource} in the request: the customize rules in force are stale")

    def __iter__(self) -> Iterator[Object]:
        """Every object, by kind and name."""
        for _, objects in sorted(self._kinds.items()):
            for _, obj in sorted(objects.items()):
                yield obj


@dataclass(frozen=True, slots=True)
class CustomizeRequest:
    """What Metacontroller asks before it syncs a parent: which other objects do you want to see?"""

    parent: Object


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """A sync or finalize request: everything observed, and nothing else, decides the answer."""

    parent: Object
    children: Objects
    related: Objects
    finalizing: bool

    @property
    def name(self) -> str:
        """The parent's name."""
        return str(self.parent["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """The parent's namespace."""
        return str(self.parent["metadata"]["namespace"])

    @property
    def uid(self) -> str:
        """The parent's uid."""
        return str(self.parent["metadata"]["uid"])

    @property
    def generation(self) -> int:
        """The parent's generation: the API server counts it up with each change of the spec, and with deletion."""
        return int(self.parent["metadata"].get("generation", 0))


def kind_and_name(obj: Object) -> tuple[str, str]:
    """By what a child is told from the parent's others."""
    return obj["kind"], obj["metadata"]["name"]


def is_deleting(obj: Object) -> bool:
    """Whether an object's deletion was asked for: finalizers may keep it for a while."""
    return "deletionTimestamp" in obj["metadata"]


def raw_spec(obj: Object) -> Object:
    """An object's spec as it came, or an empty one where it isn't even an object."""
    spec = obj.get("spec")
    return spec if isinstance(spec, dict) else {}


def annotations_of(obj: Object) -> Object:
    """An object's annotations, an empty dict without any."""
    found = obj["metadata"].get("annotations")
    return found if isinstance(found, dict) else {}


def kept(observed: Object) -> Object:
    """The least that keeps an observed object as it is, whoever made it.

    That is apiVersion, kind and name. Where Metacontroller's annotation is on it (a tenant's copy of a child has it
    too), Metacontroller would take away what the annotation lists and the answer lacks; so these fields come along,
    with the values that they have now, and never with the annotation's.
    """
    applied = last_applied(observed) or {}
    metadata: Object = {"name": observed["metadata"]["name"]}
    listed = applied.get("metadata")
    for group in ("labels", "annotations"):
        keys = listed.get(group) if isinstance(listed, dict) else None
        live = observed["metadata"].get(group) or {}
        values = {key: live[key] for key in keys if key in live} if isinstance(keys, dict) else {}
        values = {key: value for key, value in values.items() if key not in (CONTROLLER_UID, LAST_APPLIED)}
        if values:
            metadata[group] = values
    fields = {key: observed[key] for key in applied if key in observed and key not in _IDENTITY}
    return {"apiVersion": observed["apiVersion"], "kind": observed["kind"], "metadata": metadata, **fields}


def last_applied(observed: Object) -> Object | None:
    """What the hook last returned for this child, by Metacontroller's annotation; None without one that can be read.

    The annotation lies in a tenant's reach: check what it holds before you return any of it.
    """
    text = annotations_of(observed).get(LAST_APPLIED)
    applied = read_text(text) if isinstance(text, str) else None
    return applied if isinstance(applied, dict) else None


def labels_of(obj: Object) -> Object:
    """Return an object's labels, an empty dict without any."""
    metadata = obj.get("metadata")
    found = metadata.get("labels") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def controller_of(obj: Object) -> Object | None:
    """Return the ownerReference of the object's controller, or None where none controls it."""
    owners = obj["metadata"].get("ownerReferences")
    owners = owners if isinstance(owners, list) else []
    return next((owner for owner in owners if isinstance(owner, dict) and owner.get("controller") is True), None)


def is_of_kind(owner: Object, kind: Kind) -> bool:
    """Return whether an ownerReference names an object of this kind, of any version of its group."""
    group = kind.api_version.partition("/")[0]
    return owner.get("kind") == kind.kind and str(owner.get("apiVersion")).startswith(f"{group}/")
