"""tests/rules.py finds what it is for: an answer that keeps all rules, broken in one place."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.kubernetes.objects import Object
from tests.rules import check_sync
from tests.world import call, child, deleting, server, sync_request


def broken(owner: Object, change: Any) -> list[str]:
    request = sync_request(owner)
    answer = copy.deepcopy(call(request))
    assert check_sync(request, answer) == []
    change(answer)
    return check_sync(request, answer)


@pytest.mark.parametrize("owner", [server(), deleting(server())])
def test_a_wait_without_a_resync_is_found(owner: Object) -> None:
    def stop_the_clock(answer: Object) -> None:
        answer["finalized"] = False
        answer["resyncAfterSeconds"] = 0

    found = [line for line in broken(owner, stop_the_clock) if "clock" in line or "waits" in line]

    assert found == ["waits without resyncAfterSeconds: not finalized, or Ready is not True"]


def test_an_empty_environment_variable_is_found() -> None:
    def empty(answer: Object) -> None:
        container = child(answer, DEPLOYMENT, "demo")["spec"]["template"]["spec"]["containers"][0]
        container["env"].append({"name": "EMPTY", "value": ""})

    assert broken(server(), empty) == [
        "Deployment/demo.spec.template.spec.containers[0].env: EMPTY has an empty value, a permanent difference"
    ]


def test_status_fields_that_the_crd_does_not_know_are_found() -> None:
    def add(answer: Object) -> None:
        answer["status"]["readyPods"] = 1
        answer["status"]["conditions"][0]["since"] = "today"
        answer["status"]["conditions"].append(answer["status"]["conditions"][1])

    assert broken(server(), add) == [
        "status.conditions[0].since: not in the CRD's schema",
        "status.readyPods: not in the CRD's schema",
        "status.conditions: a type repeats, which the API server refuses: ['Ready', 'Valid', 'AccessRestricted', "
        "'RateLimitConfigValid', 'StdioReplicaCapped', 'SessionStorageWarning', 'Valid']",
    ]
