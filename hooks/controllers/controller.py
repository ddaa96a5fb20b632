"""What a controller is to the rest of the program: a parent kind, its children's kinds, and three pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from hooks import wire
from hooks.protocol import CustomizeRequest, Kind, Object, SyncRequest
from hooks.responses import RelatedRule, SyncResponse

Hook: TypeAlias = Literal["customize", "sync", "finalize"]
HOOKS: tuple[Hook, ...] = ("customize", "sync", "finalize")

RULES_VERSION = 2
"""Count this up when a customize function changes its rules, and `?rules=` in metacontroller/ with it.

Metacontroller caches customize answers for 20 minutes; a changed CompositeController drops that cache.
"""

RUNNER_RELEASE = "v0.44.0"
"""The release of the proxy runner whose dialect RunConfig speaks."""


@dataclass(frozen=True, slots=True)
class Config:
    """What an installation decides, the same for every object: controllers read it here, never from the environment."""

    runner_image: str = f"ghcr.io/stacklok/toolhive/proxyrunner:{RUNNER_RELEASE}"
    """Image of the proxy runner, of that release."""
    proxy_host: str = "0.0.0.0"  # noqa: S104  # inside the pod: the Service reaches it there
    """Address on which the proxy listens."""
    openshift: bool = False
    """Security contexts for OpenShift, which assigns the ids itself."""
    digest_key: bytes = b""
    """Key of the HMAC that stands for a secret's value in a status. Without one, nothing made from it is published."""
    read_secrets: bool = True
    """Whether Metacontroller may look up Secrets."""
    read_pods: bool = True
    """Whether Metacontroller may look up Pods."""


@dataclass(frozen=True, slots=True)
class Controller:
    """The controller of one parent kind."""

    parent: Kind
    child_kinds: tuple[Kind, ...]
    """Kinds of the children: the CompositeController's childResources."""
    customize: Callable[[CustomizeRequest, Config], list[RelatedRule]]
    """Which related objects a parent needs. By spec, and by whether it is being deleted; nothing else: it is cached."""
    sync: Callable[[SyncRequest, Config, datetime], SyncResponse]
    """What shall exist for a live parent, and its status. The time stamps conditions whose status changes."""
    finalize: Callable[[SyncRequest, Config, datetime], SyncResponse]
    """The same for a parent that is being deleted."""
    child_names: Callable[[str], Iterable[tuple[Kind, str]]]
    """Every child that this controller may ever make for a parent of this name: any other in an answer is refused."""

    @property
    def path(self) -> str:
        """The first part of the webhooks' paths: `/mcpserver/sync`."""
        return self.parent.kind.lower()

    def answer(self, hook: Hook, body: bytes, config: Config, now: datetime) -> bytes:
        """Answer one hook call: bytes in, bytes out.

        Raises:
            Malformed: the body is no such request about such a parent.
            BrokenRule: the answer would delete, misplace or wipe something.
        """
        return wire.write(self.respond(self.read(hook, body), config, now))

    def read(self, hook: Hook, body: bytes) -> CustomizeRequest | SyncRequest:
        """What the body of a call asks.

        Raises:
            Malformed: it is no such request about such a parent.
        """
        return wire.read_customize(body, self.parent) if hook == "customize" else wire.read_sync(body, self.parent)

    def respond(self, request: CustomizeRequest | SyncRequest, config: Config, now: datetime) -> Object:
        """The response as Metacontroller reads it.

        Raises:
            Malformed: a part of the request that only this answer needed can't be read.
            BrokenRule: it would delete, misplace or wipe something.
        """
        if isinstance(request, CustomizeRequest):
            return {"relatedResources": [rule.to_wire() for rule in self.customize(request, config)]}
        decide = self.finalize if request.finalizing else self.sync
        return decide(request, config, now).to_wire(request, self.child_names(request.name))
