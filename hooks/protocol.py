"""Metacontroller's composite-hook protocol, version 2: what a request says, and what an answer may.

It knows neither HTTP nor any custom resource; `hooks.wire` reads and writes its bytes. A request that can't be read is
`Malformed` (answered with 400); a response that would lose or misplace an object is a `BrokenRule` (answered with 500).
Metacontroller leaves every object alone on both, and tries again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pydantic_core

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

MAX_DEPTH = 150
TOO_DEEP = "(nested too deeply for toolhive-hooks)"

LAST_APPLIED = "metacontroller.k8s.io/last-applied-configuration"
"""Where Metacontroller keeps the child as the hook last returned it, with its own label and the namespace added."""

_IDENTITY = ("apiVersion", "kind", "metadata", "status")

CONTROLLER_UID = "controller-uid"
"""The label by which Metacontroller selects the children of a parent (generateSelector)."""


class Malformed(ValueError):
    """The request isn't one that Metacontroller sends to v2 hooks. Its text holds no object contents."""


class BrokenRule(RuntimeError):
    """A response that would delete, misplace or wipe something, or a request that shows a broken installation."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A served kind: what a manifest calls it, and the plural by which rules name it."""

    api_version: str
    kind: str
    resource: str

    @property
    def key(self) -> str:
        """The outer key of `children` and `related`: `Deployment.apps/v1`, `ConfigMap.v1`."""
        return f"{self.kind}.{self.api_version}"


class Objects:
    """`children` or `related` of a request: the objects of the parent's namespace, by kind and name.

    v2 hooks key objects by `namespace/name`. Objects of other namespaces are never looked up: no rule asks for them.
    """

    __slots__ = ("_kinds", "_namespace")

    def __init__(self, kinds: Mapping[str, Mapping[str, Object]], namespace: str) -> None:
        self._kinds = kinds
        self._namespace = namespace

    def get(self, kind: Kind, name: str) -> Object | None:
        """The object of this kind and name, or None."""
        return self._kinds.get(kind.key, {}).get(f"{self._namespace}/{name}")

    def has(self, child: Object) -> bool:
        """Whether there is an object of this one's kind and name."""
        objects = self._kinds.get(f"{child['kind']}.{child['apiVersion']}", {})
        return f"{self._namespace}/{child['metadata']['name']}" in objects

    def list(self, kind: Kind) -> list[Object]:
        """All objects of this kind, by name."""
        prefix = f"{self._namespace}/"
        return [obj for key, obj in sorted(self._kinds.get(kind.key, {}).items()) if key.startswith(prefix)]

    def require(self, *kinds: Kind) -> None:
        """Refuse to go on where a kind has no key at all.

        Metacontroller sends a key, if an empty one, for each rule that customize returned. A missing key means that it
        works by other rules than ours: stale ones, or a broken install. To read that as "there is none" would release a
        config that is in use.

        Raises:
            BrokenRule: a kind is missing.
        """
        for kind in kinds:
            if kind.key not in self._kinds:
                raise BrokenRule(f"no related {kind.resource} in the request: the customize rules in force are stale")

    def __iter__(self) -> Iterator[Object]:
        """Every object of the parent's namespace, by kind and name."""
        prefix = f"{self._namespace}/"
        for _, objects in sorted(self._kinds.items()):
            for key, obj in sorted(objects.items()):
                if key.startswith(prefix):
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
    child_resources: frozenset[tuple[str, str]]
    """(apiVersion, plural) of each childResources rule of the CompositeController that sends this."""

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


LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class RelatedRule:
    """One rule of a customize response: objects of one kind in one namespace, by names, by labels, or all of them."""

    kind: Kind
    namespace: str
    names: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what Metacontroller refuses, and what would reach beyond the parent's namespace."""
        if not self.namespace:
            raise BrokenRule("a related rule without a namespace would match objects of every namespace")
        if self.names and self.labels:
            raise BrokenRule("a related rule takes names or labels, not both")
        if not all(LABEL_VALUE.fullmatch(value) for value in self.labels.values()):
            # Metacontroller would fail before each sync and finalize of this parent.
            raise BrokenRule("a related rule selects by a value that no label can have")

    def to_wire(self) -> Object:
        """The rule as Metacontroller reads it."""
        rule: Object = {
            "apiVersion": self.kind.api_version,
            "resource": self.kind.resource,
            "namespace": self.namespace,
        }
        if self.names:
            rule["names"] = sorted(set(self.names))
        if self.labels:
            rule["labelSelector"] = {"matchLabels": dict(self.labels)}
        return rule


@dataclass(frozen=True, slots=True)
class SyncResponse:
    """A sync or finalize response.

    `children` is everything that shall exist: Metacontroller deletes what it observed and doesn't find here. A child
    that shall go is therefore named in `removed`; one that is simply forgotten is a `BrokenRule`.
    """

    status: Object
    children: list[Object] = field(default_factory=list)
    removed: frozenset[tuple[str, str]] = frozenset()
    """(kind, name) of observed children that are left out on purpose."""
    resync_after_seconds: float = 0
    finalized: bool = False

    def to_wire(self, request: SyncRequest, expected: Iterable[tuple[Kind, str]]) -> Object:
        """The response as Metacontroller reads it, after the checks that protect users' objects.

        Args:
            request: what is being answered.
            expected: kind and name of every child that the controller may ever make for this parent.

        Raises:
            BrokenRule: the response would delete, misplace or wipe something.
        """
        if not self.status:
            raise BrokenRule("the response has no status: the parent's would be wiped")
        returned = _returned(self.children, request, expected)
        observed = {kind_and_name(child) for child in request.children}
        forgotten = observed - returned - self.removed
        if forgotten and not request.finalizing:
            raise BrokenRule(f"observed children would be deleted: {_list(forgotten)}")
        if self.finalized and not request.finalizing:
            raise BrokenRule("finalized is for a parent that is being finalized")
        if self.finalized and observed:
            raise BrokenRule(f"finalized while children exist: {_list(observed)}")
        wire: Object = {"status": self.status, "children": self.children}
        if self.resync_after_seconds:
            wire["resyncAfterSeconds"] = self.resync_after_seconds
        if request.finalizing:
            wire["finalized"] = self.finalized
        return wire


def _returned(
    children: list[Object], request: SyncRequest, expected: Iterable[tuple[Kind, str]]
) -> set[tuple[str, str]]:
    """(kind, name) of the children, each checked: a known kind, a known name, the parent's namespace, once."""
    kinds = {(kind.api_version, kind.kind, name): kind for kind, name in expected}
    returned: set[tuple[str, str]] = set()
    for child in children:
        version, kind, metadata = child.get("apiVersion", ""), child.get("kind", ""), child.get("metadata", {})
        name = metadata.get("name", "")
        known = kinds.get((version, kind, name))
        if known is None and not _is_kept(child, request):
            raise BrokenRule(f"{kind}/{name} is not a child of this parent")
        if known and (known.api_version, known.resource) not in request.child_resources:
            raise BrokenRule(f"{known.resource} are not among the CompositeController's childResources")
        if metadata.get("namespace", request.namespace) != request.namespace:
            raise BrokenRule(f"{kind}/{name} is in another namespace than its parent")
        if "status" in child or not SERVER_SET_METADATA.isdisjoint(metadata):
            raise BrokenRule(f"{kind}/{name} carries what only the API server may set")
        for group in ("labels", "annotations"):
            if not {*map(type, metadata.get(group, {}).values())} <= {str}:
                raise BrokenRule(f"{kind}/{name} has {group} that are not strings: its others would be lost")
        if metadata.get("labels", {}).get(CONTROLLER_UID, request.uid) != request.uid:
            raise BrokenRule(f"{kind}/{name} has another parent's {CONTROLLER_UID} label")
        if (kind, name) in returned:
            raise BrokenRule(f"{kind}/{name} is returned twice")
        returned.add((kind, name))
    return returned


def _is_kept(child: Object, request: SyncRequest) -> bool:
    """Whether this is an observed child as it is: such an answer can't change one, nor make one."""
    return any(_identity(seen) == _identity(child) and kept(seen) == child for seen in request.children)


def _identity(obj: Object) -> tuple[object, ...]:
    return obj.get("apiVersion"), obj.get("kind"), (obj.get("metadata") or {}).get("name")


def _list(children: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{kind}/{name}" for kind, name in sorted(children))


def kind_and_name(obj: Object) -> tuple[str, str]:
    """By what a child is told from the parent's others."""
    return obj["kind"], obj["metadata"]["name"]


def raw_spec(obj: Object) -> Object:
    """An object's spec as it came, or an empty one where it isn't even an object."""
    spec = obj.get("spec")
    return spec if isinstance(spec, dict) else {}


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
    text = (observed["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    applied = read_json(text) if isinstance(text, str) else None
    return applied if isinstance(applied, dict) else None


def read_json(text: str | bytes) -> Any:
    """What a JSON text says, or None where it isn't one: neither are NaN, lone surrogates and bottomless nesting."""
    try:
        return pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError:
        return None


def strict_json(text: str | bytes) -> Any:
    """What a JSON text says, or None where it isn't one that can be written again: 1e999 is read as infinity."""
    value = read_json(text)
    return value if is_finite(value) else None


def is_finite(value: Any) -> bool:
    """Whether every number of this can be written as JSON."""
    if isinstance(value, dict):
        return all(map(is_finite, value.values()))
    if isinstance(value, list):
        return all(map(is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def is_too_deep(value: Any) -> bool:
    """Whether something of this was left out for being nested too deeply."""
    if isinstance(value, dict):
        return any(is_too_deep(inner) for inner in value.values())
    if isinstance(value, list):
        return any(is_too_deep(inner) for inner in value)
    return bool(value == TOO_DEEP)
