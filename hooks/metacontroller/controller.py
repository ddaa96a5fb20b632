"""The form of a controller: a parent kind, its children's kinds, and three pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from hooks.installation import Installation
from hooks.kubernetes.kinds import Kind
from hooks.metacontroller.requests import CustomizeRequest, SyncRequest
from hooks.metacontroller.responses import RelatedRule, SyncResponse

Hook: TypeAlias = Literal["customize", "sync", "finalize"]
HOOKS: tuple[Hook, ...] = ("customize", "sync", "finalize")

RULES_VERSION = 3
"""Count this up when a customize function asks for something new, and `?rules=` in metacontroller/ with it.

Metacontroller caches customize answers for 20 minutes; a changed CompositeController drops that cache. An old answer
that asks for more than a sync needs does no harm.
"""


@dataclass(frozen=True, slots=True)
class Controller:
    """The controller of one parent kind."""

    parent: Kind
    child_kinds: tuple[Kind, ...]
    """Kinds of the children: the CompositeController's childResources."""
    customize: Callable[[CustomizeRequest, Installation], list[RelatedRule]]
    """Which related objects a parent needs. By spec, and by whether it is being deleted; nothing else: it is cached."""
    sync: Callable[[SyncRequest, Installation, datetime], SyncResponse]
    """Decides the children of a live parent, and its status. The time stamps conditions whose status changes."""
    finalize: Callable[[SyncRequest, Installation, datetime], SyncResponse]
    """Decides the same for a parent that is being deleted."""
    child_names: Callable[[str], Iterable[tuple[Kind, str]]]
    """Every child that this controller may ever make for a parent of this name: any other in an answer is refused."""
    on_delete: tuple[Kind, ...] = ()
    """Kinds of children that someone else makes and updates: Metacontroller only deletes them."""

    @property
    def slug(self) -> str:
        """`mcpserver`: names webhooks, CompositeController and finalizer, and calls in logs and metrics."""
        return self.parent.kind.lower()
