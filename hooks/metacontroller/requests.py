"""Metacontroller's composite-hook protocol, version 2: its words, and what a request says.

`reading` reads its bytes, `responses` has what an answer may say. A request that can't be read is `Malformed` (answered
with 400); a response that would lose or misplace an object is a `BrokenRule` (answered with 500). Metacontroller leaves
every object alone on both, and tries again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object

CONTROLLER_UID = "controller-uid"
"""The label by which Metacontroller selects the children of a parent (generateSelector)."""


class Malformed(ValueError):
    """The request isn't one that Metacontroller sends to v2 hooks. Its text holds no object contents."""


class BrokenRule(RuntimeError):
    """A response that would delete, misplace or wipe something, or a request that shows a broken installation."""


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
