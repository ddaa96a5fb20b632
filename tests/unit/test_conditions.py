"""Conditions by the Kubernetes API conventions."""

from __future__ import annotations

import pytest

from hooks.kubernetes import conditions
from hooks.kubernetes.objects import Object
from tests.world import NOW, server

THEN, THIS_SECOND = "2026-11-20T08:00:00Z", "2026-11-23T12:00:00Z"


def observed(status: str, time: object) -> Object:
    condition = {"type": "Ready", "status": status, "lastTransitionTime": time}
    return {**server(), "status": {"conditions": [condition]}}


def stamped(parent: Object) -> Object:
    [condition] = conditions.stamp([conditions.true("Ready", "Ready", "It is")], parent, NOW)
    return condition


def test_the_time_stays_until_the_status_changes() -> None:
    expected = {
        "type": "Ready",
        "status": "True",
        "reason": "Ready",
        "message": "It is",
        "observedGeneration": 1,
        "lastTransitionTime": THEN,
    }

    assert stamped(observed("True", THEN)) == expected
    assert stamped(observed("False", THEN)) == {**expected, "lastTransitionTime": THIS_SECOND}
    assert stamped(server()) == {**expected, "lastTransitionTime": THIS_SECOND}


@pytest.mark.parametrize("time", ["2026-11-24T12:00:00Z", "9999-12-31T23:59:59Z", "yesterday", "", None, 7])
def test_a_transition_time_counts_only_if_it_has_been(time: object) -> None:
    """A wait that is counted from a time to come would never end."""
    assert stamped(observed("True", time))["lastTransitionTime"] == THIS_SECOND


@pytest.mark.parametrize(("created", "seconds"), [(THEN, 273600), (THIS_SECOND, 0), (None, 0), ("soon", 0)])
def test_the_age_of_an_object_is_known_by_its_creation(created: object, seconds: float) -> None:
    obj = {**server(), "metadata": {**server()["metadata"], "creationTimestamp": created}}

    assert conditions.seconds_since_creation(obj, NOW) == seconds
