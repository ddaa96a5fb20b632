"""Where bytes meet a controller: a request's body in, an answer's body out. HTTP is hooks/server's."""

from __future__ import annotations

from datetime import datetime

import orjson

from hooks.installation import Installation
from hooks.kubernetes.objects import Object
from hooks.metacontroller.controller import Controller, Hook
from hooks.metacontroller.reading import read_customize, read_sync
from hooks.metacontroller.requests import CustomizeRequest, SyncRequest


def answer(controller: Controller, hook: Hook, body: bytes, installation: Installation, now: datetime) -> bytes:
    """Answer one hook call.

    Args:
        controller: of the kind whose webhook was called.
        hook: the one that was called.
        body: of the call.
        installation: what the installation decides.
        now: the time, which stamps conditions whose status changes.

    Raises:
        Malformed: the body is no such request about such a parent.
        BrokenRule: the answer would delete, misplace or wipe something.
    """
    return write(respond(controller, read(controller, hook, body), installation, now))


def read(controller: Controller, hook: Hook, body: bytes) -> CustomizeRequest | SyncRequest:
    """Return what the body of a call asks.

    Raises:
        Malformed: it is no such request about such a parent.
    """
    return read_customize(body, controller.parent) if hook == "customize" else read_sync(body, controller.parent)


def respond(
    controller: Controller, request: CustomizeRequest | SyncRequest, installation: Installation, now: datetime
) -> Object:
    """Return the response as Metacontroller reads it.

    The request's `finalizing` alone decides whether a parent is synced or finalized: not the path that was called.

    Raises:
        BrokenRule: it would delete, misplace or wipe something.
    """
    if isinstance(request, CustomizeRequest):
        return {"relatedResources": [rule.to_wire() for rule in controller.customize(request, installation)]}
    decide = controller.finalize if request.finalizing else controller.sync
    return decide(request, installation, now).to_wire(request, controller.child_names(request.name))


def write(wire: Object) -> bytes:
    """Return the bytes of a response, or of a request: compact JSON, keys in the order in which the code wrote them."""
    return orjson.dumps(wire)
