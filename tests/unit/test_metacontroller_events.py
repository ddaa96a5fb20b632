"""Which of Metacontroller's events about failed calls still count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hooks.kubernetes.objects import Object
from hooks.metacontroller.events import failing, message_of

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def event(uid: str, first: int, last: int) -> Object:
    """An event about an object, with its first and last time in seconds before now."""
    times = {"firstTimestamp": _at(first), "lastTimestamp": _at(last)}
    metadata = {"name": uid, "namespace": "ns", "creationTimestamp": _at(first)}
    return {"metadata": metadata, "involvedObject": {"uid": uid}, **times}


def _at(seconds: int) -> str:
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("first", "last", "counts"),
    [
        (10, 10, True),
        (119, 119, True),
        (121, 121, False),
        (600, 300, True),  # it failed for five minutes, so the next call is due in five
        (600, 590, False),
        (3600, 1100, True),
        (3600, 1121, False),  # never more than 1,000 seconds lie between two calls
    ],
)
def test_an_event_counts_until_the_next_call_was_due(first: int, last: int, counts: bool) -> None:
    found = event("a", first, last)

    assert failing([found], (), NOW) == ([found] if counts else [])


def test_an_event_of_a_waiting_object_counts_at_any_age() -> None:
    old, new = event("a", 3500, 3400), event("a", 20, 10)

    assert failing([new, old], {("ns", "a")}, NOW) == [old, new]
    assert failing([new, old], {("ns", "b")}, NOW) == [new]
    assert failing([new, old], {("another", "a")}, NOW) == [new], "a tenant's event says nothing of other namespaces"


def test_an_event_of_the_newer_form_has_another_time() -> None:
    found = {"metadata": {"creationTimestamp": _at(500)}, "eventTime": _at(60), "involvedObject": {"uid": "a"}}

    assert failing([found], (), NOW) == [found]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Sync error: unsupported status code: 401 body: no token\n", "unsupported status code: 401 body: no token"),
        ("Sync error: sync hook failed for MCPServer a/b: sync hook failed (version=v2): status 500", "status 500"),
        ("another text", "another text"),
    ],
)
def test_a_message_of_metacontroller_begins_with_the_cause(message: str, said: str) -> None:
    assert message_of({"message": message}) == said
