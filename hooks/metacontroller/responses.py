"""What an answer to a hook call may say: customize's rules, and the response to sync and finalize.

Metacontroller deletes each observed child that a response lacks, and writes all others with its own rights.
So a response is checked against its request before it leaves; one that would do harm is a `BrokenRule`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.names import LABEL_VALUE
from hooks.kubernetes.objects import SERVER_SET_METADATA, Object
from hooks.metacontroller.last_applied import minimal_desired
from hooks.metacontroller.requests import CONTROLLER_UID, BrokenRule, SyncRequest

RESYNC_SECONDS = 60
"""The longest wait for something that no event may announce."""


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
        observed = request.children.identities
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
    namespace, uid, watched = request.namespace, request.uid, request.children.kinds
    returned: set[tuple[str, str]] = set()
    for child in children:
        version, kind, metadata = child.get("apiVersion", ""), child.get("kind", ""), child.get("metadata", {})
        name = metadata.get("name", "")
        known = kinds.get((version, kind, name))
        if known is None and not _is_kept(child, request):
            raise BrokenRule(f"{kind}/{name} is not a child of this parent")
        if known and known.key not in watched:
            raise BrokenRule(f"{known.resource} are not among the CompositeController's childResources")
        if metadata.get("namespace", namespace) != namespace:
            raise BrokenRule(f"{kind}/{name} is in another namespace than its parent")
        if "status" in child or not SERVER_SET_METADATA.isdisjoint(metadata):
            raise BrokenRule(f"{kind}/{name} carries what only the API server may set")
        for group in ("labels", "annotations"):
            if group in metadata and not {*map(type, metadata[group].values())} <= {str}:
                raise BrokenRule(f"{kind}/{name} has {group} that are not strings: its others would be lost")
        if "labels" in metadata and metadata["labels"].get(CONTROLLER_UID, uid) != uid:
            raise BrokenRule(f"{kind}/{name} has another parent's {CONTROLLER_UID} label")
        if (kind, name) in returned:
            raise BrokenRule(f"{kind}/{name} is returned twice")
        returned.add((kind, name))
    return returned


def _is_kept(child: Object, request: SyncRequest) -> bool:
    """Whether this is an observed child as it is: such an answer can't change one, nor make one."""
    return any(_identity(seen) == _identity(child) and minimal_desired(seen) == child for seen in request.children)


def _identity(obj: Object) -> tuple[object, ...]:
    return obj.get("apiVersion"), obj.get("kind"), (obj.get("metadata") or {}).get("name")


def _list(children: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{kind}/{name}" for kind, name in sorted(children))
