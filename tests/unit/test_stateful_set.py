"""A StatefulSet that isn't the one that the spec asks for: when that is said, and with which remedy."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from hooks.kubernetes.kinds import STATEFUL_SET
from hooks.kubernetes.objects import Object
from tests.unit.test_stamp import IMAGE, RUNNERS, STAMP, at, backend
from tests.unit.test_workload import CANT_PULL, CRASHED, proxy, waiting
from tests.world import made, observed, pod, running, sync

OTHER = "ghcr.io/acme/mcp-demo:1.1.0"
COMPLETE = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "readyReplicas": 1}
READY = pod("proxy-1", "demo")
GATED = (
    "StatefulSet 'demo' has generation stamp 7, and a proxy with 3 leaves it as it is; one with 7 is on its way. "
    "If this stays, `kubectl delete statefulset demo -n team-a && "
    "kubectl rollout restart deployment/demo -n team-a` makes it anew"
)
OVERWRITTEN = (
    "StatefulSet 'demo' has another image than spec.image: "
    "`kubectl rollout restart deployment/demo -n team-a` lets the proxy apply it again"
)


def rolled_out(owner: Object, status: Object = COMPLETE, replicas: int = 1) -> list[Object]:
    """The children of a server, its Deployment with this status."""
    children = running(owner)
    for obj in children:
        if obj["kind"] == "Deployment":
            obj["status"], obj["spec"]["replicas"] = status, replicas
            obj["metadata"]["generation"] = 1
    return children


def verdict(*related: Object, children: list[Object] | None = None, **spec: Any) -> tuple[str, str, str, str]:
    """Phase, and status, reason and message of Ready."""
    owner = at(3, **spec)
    status = sync(owner, rolled_out(owner) if children is None else children, related)["status"]
    [ready] = [found for found in status["conditions"] if found["type"] == "Ready"]
    assert ready["message"] == status["message"]
    return status["phase"], ready["status"], ready["reason"], ready["message"]


RUNNING = ("Ready", "True", "Ready", "MCP server is running")


@pytest.mark.parametrize("pods", [[READY], []], ids=["ready", "no pods"])
@pytest.mark.parametrize("image", [IMAGE, OTHER])
def test_a_stamp_above_the_proxys_fails_the_server(pods: list[Object], image: str) -> None:
    assert verdict(backend(7, image=image), *pods) == ("Failed", "False", "BackendOutdated", GATED)


def test_a_stamp_above_the_proxys_is_taken_over_and_then_all_is_well() -> None:
    owner = at(3)
    children = rolled_out(owner)
    for _ in range(2):
        answer = sync(owner, children, [backend(7), READY])
        assert answer["status"]["conditions"][0]["reason"] == "BackendOutdated"
        assert answer["resyncAfterSeconds"] == 60
        children = running_as(answer, owner)

    answer = sync(owner, children, [backend(7), READY])
    assert answer["status"]["conditions"][0]["reason"] == "Ready"
    assert answer.get("resyncAfterSeconds") is None


def running_as(answer: Object, owner: Object) -> list[Object]:
    """The children once Metacontroller has applied an answer, and the Deployment's controller has acted on it."""
    children = [observed(obj, owner) for obj in answer["children"]]
    return [obj | {"status": COMPLETE} if obj["kind"] == "Deployment" else obj for obj in children]


@pytest.mark.parametrize("stamp", [3, 2, None])
def test_another_image_after_the_rollout_fails_the_server(stamp: int | None) -> None:
    assert verdict(backend(stamp, image=OTHER), READY) == ("Failed", "False", "BackendOutdated", OVERWRITTEN)


def test_an_outdated_server_that_crashes_is_outdated_first() -> None:
    crashing = proxy({**CRASHED, **waiting("CrashLoopBackOff")}, app="demo")

    outdated = ("Failed", "False", "BackendOutdated", OVERWRITTEN)
    assert verdict(backend(3, image=OTHER), READY, crashing) == outdated


@pytest.mark.parametrize("image", [IMAGE, f"{IMAGE}@sha256:{'0' * 64}"])
@pytest.mark.parametrize("stamp", [3, 2, None, "x"])
def test_the_specs_image_pinned_by_a_webhook_or_not_is_ready(stamp: object, image: str) -> None:
    assert verdict(backend(stamp, image=image), READY) == RUNNING


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({}, ""),
        ({**COMPLETE, "updatedReplicas": 0}, "; a rollout is in progress"),
        ({**COMPLETE, "replicas": 2}, "; a rollout is in progress"),
        ({**COMPLETE, "availableReplicas": 0}, ""),
        ({**COMPLETE, "observedGeneration": 0}, ""),
    ],
)
def test_while_a_rollout_goes_on_another_image_is_no_surprise(status: Object, said: str) -> None:
    found = verdict(backend(3, image=OTHER), READY, children=rolled_out(at(3), status))

    assert found == (*RUNNING[:3], f"{RUNNING[3]}{said}")


def test_an_image_that_was_edited_a_moment_ago_is_no_surprise() -> None:
    before = rolled_out(at(2))

    assert verdict(backend(2), READY, children=before, image=OTHER) == RUNNING


def test_an_outdated_server_that_is_scaled_to_zero_is_scaled_to_zero() -> None:
    none = {"observedGeneration": 1}
    children = rolled_out(at(3, transport="sse"), none, replicas=0)

    assert verdict(backend(7, image=OTHER), children=children, transport="sse") == (
        "Stopped",
        "False",
        "ScaledToZero",
        "MCP server is scaled to zero: kubectl scale deployment/demo --replicas=1 -n team-a",
    )


def test_a_proxy_that_fails_is_told_before_an_outdated_statefulset() -> None:
    failed = ("Failed", "False", "ImagePullBackOff", CANT_PULL)
    assert verdict(backend(7, image=OTHER), proxy(waiting("ImagePullBackOff"))) == failed


def test_a_proxy_without_a_stamp_is_stopped_by_none() -> None:
    children = rolled_out(at(3))
    for obj in children:
        if obj["kind"] == "Deployment":
            del obj["spec"]["template"]["metadata"]["annotations"][STAMP]

    assert verdict(backend(7), READY, children=children) == RUNNING


def test_without_its_statefulset_nothing_is_outdated() -> None:
    assert verdict(READY) == RUNNING


SPEC = backend(3)["spec"]
ODD: list[Any] = [
    None,
    {},
    {"template": None},
    {"template": {}},
    {"template": {"metadata": None, "spec": None}},
    {"template": {"metadata": {"annotations": None}, "spec": {"containers": None}}},
    {"template": {**SPEC["template"], "spec": {"containers": [{"name": "theirs", "image": OTHER}]}}},
]


@pytest.mark.parametrize("spec", ODD)
def test_a_statefulset_that_no_runner_made_says_nothing(spec: Any) -> None:
    assert verdict(made(STATEFUL_SET, "demo", metadata={"labels": RUNNERS}, spec=copy.deepcopy(spec)), READY) == RUNNING
