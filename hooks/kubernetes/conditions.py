"""Conditions by the Kubernetes API conventions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from hooks.kubernetes.names import CONDITION_REASON
from hooks.kubernetes.objects import Object
from hooks.text import shortened

MAX_MESSAGE = 1000
MAX_REASON = 128
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class Condition(NamedTuple):
    """One condition, before it has its times."""

    type: str
    status: str
    """`True`, `False` or `Unknown`."""
    reason: str
    message: str


def true(type_: str, reason: str, message: str) -> Condition:
    """A condition that holds."""
    return Condition(type_, "True", reason, message)


def false(type_: str, reason: str, message: str) -> Condition:
    """A condition that doesn't hold."""
    return Condition(type_, "False", reason, message)


def stamp(conditions: Iterable[Condition], parent: Object, now: datetime) -> list[Object]:
    """The conditions as the parent's status has them.

    lastTransitionTime is taken over from the parent's observed condition of that type unless the status changed, so
    that a sync in which nothing happens answers the same bytes.
    """
    observed = {condition["type"]: condition for condition in read(parent)}
    generation = parent["metadata"].get("generation", 0)
    this_second = now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return [
        {
            "type": type_,
            "status": status,
            "reason": _reason(reason),
            "message": short(message),
            "observedGeneration": generation,
            "lastTransitionTime": _transition(observed.get(type_), status, this_second),
        }
        for type_, status, reason, message in conditions
    ]


def _reason(reason: str) -> str:
    """A reason that another object gave may be of any form."""
    return reason if len(reason) <= MAX_REASON and CONDITION_REASON.fullmatch(reason) else "Unknown"


def short(message: str) -> str:
    """A message that people still read: cut off where it is longer."""
    return shortened(message, MAX_MESSAGE)


def _transition(observed: Object | None, status: str, this_second: str) -> str:
    if observed is None or observed.get("status") != status:
        return this_second
    time = observed.get("lastTransitionTime")
    # A tenant can write it. A time to come doesn't count: a wait that is counted from it would never end.
    return time if isinstance(time, str) and time < this_second and _TIME.fullmatch(time) else this_second


def read(obj: Object) -> list[Object]:
    """The conditions in an observed object's status; other values in the list are passed over."""
    status = obj.get("status")
    listed = status.get("conditions") if isinstance(status, dict) else None
    listed = listed if isinstance(listed, list) else []
    return [c for c in listed if isinstance(c, dict) and isinstance(c.get("type"), str)]


def find(obj: Object, type_: str) -> Object | None:
    """The observed condition of this type."""
    return next((condition for condition in read(obj) if condition["type"] == type_), None)


def seconds_since(obj: Object, type_: str, status: str, now: datetime) -> float | None:
    """How long an observed condition has had this status; None where it hasn't."""
    condition = find(obj, type_)
    if condition is None or condition.get("status") != status:
        return None
    since = _time(condition.get("lastTransitionTime"))
    return None if since is None else max((now - since).total_seconds(), 0)


def deletion_time(obj: Object, now: datetime) -> datetime:
    """When an object's deletion was asked for; now where it wasn't.

    It is the same in each call. Metacontroller may call again before its cache has the status of the call before, and
    another time in the answer would be another write of the status.
    """
    return _time(obj["metadata"].get("deletionTimestamp")) or now


def seconds_since_creation(obj: Object, now: datetime) -> float:
    """How long ago an object was created, by the API server's clock; 0 where it has no such time."""
    created = _time(obj["metadata"].get("creationTimestamp")) or now
    return (now - created).total_seconds()


def _time(text: object) -> datetime | None:
    """The time that another object gives, or None where it gives none."""
    try:
        return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None
