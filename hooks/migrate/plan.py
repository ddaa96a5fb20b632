"""What a migration is made of: single writes, each worked out from the object that it changes.

So a run that was interrupted needs no record: the next one finds what is left to do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hooks.go_json import same
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object

Patch: TypeAlias = Callable[[Object], Object | None]
"""A merge patch for an object as it is; None where there is nothing to do, or no more."""


@dataclass(frozen=True, slots=True)
class Change:
    """One write."""

    kind: Kind
    obj: Object
    """The object, as it was read."""
    patch: Patch
    text: str
    """What it does, for people."""

    @property
    def title(self) -> str:
        """What people call the object."""
        return f"{self.kind.kind}/{self.obj['metadata']['name']}"


@dataclass(slots=True)
class Plan:
    """The changes, in their order, and what a person should know."""

    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What nothing needs to be done about."""
    left: list[str] = field(default_factory=list)
    """What can't be changed now, with the remedy."""

    def add(self, kind: Kind, obj: Object, patch: Patch, text: str) -> None:
        """Add a change, unless there is nothing to do."""
        if patch(obj) is not None:
            self.changes.append(Change(kind, obj, patch, text))


def merge_patch(value: Any, patch: Any) -> Any:
    """A value with a JSON merge patch applied to it (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(value) if isinstance(value, dict) else {}
    for key, inner in patch.items():
        if inner is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), inner)
    return merged


def finalizers_of(obj: Object) -> list[str]:
    """An object's finalizers."""
    return obj["metadata"].get("finalizers") or []


def merge_difference(old: Object, new: Object) -> Object:
    """Return the merge patch that makes one value of another."""
    patch: Object = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            inner = merge_difference(before, value)
            patch |= {key: inner} if inner else {}
        elif key not in old or not same(value, before):
            patch[key] = value
    return patch
