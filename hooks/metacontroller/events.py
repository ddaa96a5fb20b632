"""Metacontroller's events about calls that failed, and which of them still count."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime

from hooks.kubernetes.objects import Object

SYNC_ERROR = "SyncError"
RECENT_SECONDS = 120
"""An event stays for an hour after its cause is gone."""
_LONGEST_PAUSE_SECONDS = 1000
"""Metacontroller's longest wait before it tries again (client-go's default rate limiter)."""
_PREAMBLE = re.compile(
    r"\A(?:Sync error: )?(?:\w+ hook failed (?:for \S+ \S+|\(version=\w+\)): )*(?:unsupported status code: 500 body: )?"
)


def about(event: Object) -> tuple[str, object]:
    """Return namespace and uid of the object that an event is about.

    A user who may write events in a namespace may name any uid there. The API server checks the namespace alone.
    """
    return str(event["metadata"].get("namespace")), (event.get("involvedObject") or {}).get("uid")


def failing(events: Iterable[Object], waiting: Collection[tuple[str, object]], now: datetime) -> list[Object]:
    """Return the events of calls that fail to this day, the oldest first.

    After each failure Metacontroller waits twice as long before it calls again. So the next event is due after about
    as long as these calls have been failing.

    Args:
        events: those with the reason `SYNC_ERROR`.
        waiting: what `about` returns of objects that no call has looked at as they are now: their events always count.
        now: the time.
    """
    found = [event for event in events if about(event) in waiting or _is_due(event, now)]
    return sorted(found, key=_last)


def message_of(event: Object) -> str:
    """Return why a call failed, without the words that Metacontroller puts before each."""
    return _PREAMBLE.sub("", str(event.get("message"))).strip()


def _is_due(event: Object, now: datetime) -> bool:
    last = _last(event)
    failed_for = (_time(last) - _time(str(event.get("firstTimestamp") or last))).total_seconds()
    return (now - _time(last)).total_seconds() < RECENT_SECONDS + min(failed_for, _LONGEST_PAUSE_SECONDS)


def _last(event: Object) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
