"""Rounds of the in-memory Metacontroller, to a fixed point."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooks.installation import Installation
from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, SECRET, Kind
from hooks.kubernetes.objects import Object
from hooks.metacontroller.composite import composite_controller
from hooks.metacontroller.controller import Controller
from hooks.metacontroller.responses import RelatedRule, SyncResponse
from hooks.simulator.cluster import key_of
from hooks.simulator.run import NoFixedPoint, Result, render
from hooks.simulator.webhooks import Hooks, in_process
from tests.unit.widgets import GADGET, NOW, WIDGET, answering, config_map, controller, manifest, returning, unused


def rounds(hooks: Hooks, *manifests: Object, parents: tuple[Kind, ...] = (WIDGET,)) -> Result:
    return render(manifests, hooks, [controller(parent) for parent in parents], {})


def test_rounds_go_on_until_nothing_changes() -> None:
    def decide(request: Object) -> Object:
        seen = request["parent"].get("status", {}).get("count", 0)
        return {"status": {"count": min(seen + 1, 5)}, "children": [config_map(data={"count": str(seen)})]}

    result = rounds(answering(decide), manifest(spec={}))

    assert [parent["status"] for parent in result.parents] == [{"count": 5, "observedGeneration": 1}]
    assert [child["data"] for child in result.children] == [{"count": "5"}]
    assert (result.failed, result.warnings) == ((), ())


def test_parents_see_each_other() -> None:
    def ask(path: str, body: bytes) -> bytes:
        request = json.loads(body)
        if "/customize?" in path:
            rule = {"apiVersion": "example.com/v1", "resource": "gadgets", "namespace": "default"}
            return json.dumps({"relatedResources": [rule] if path.startswith("/widget/") else []}).encode()
        seen = {name: gadget.get("status") for name, gadget in request["related"].get(GADGET.key, {}).items()}
        return json.dumps({"status": {"seen": seen} if seen else {"hash": "h"}}).encode()

    result = rounds(ask, manifest(spec={}), manifest(GADGET, "g", spec={}), parents=(WIDGET, GADGET))

    assert [parent["status"] for parent in result.parents] == [
        {"hash": "h", "observedGeneration": 1},
        {"seen": {"default/g": {"hash": "h", "observedGeneration": 1}}, "observedGeneration": 1},
    ]


def test_a_hot_loop_is_detected_and_named_without_values() -> None:
    def decide(request: Object) -> Object:
        count = request["parent"].get("status", {}).get("count", 0)
        return {"status": {"count": count + 1}, "children": [config_map(data={"k": f"s3cr3t-{count}"})]}

    with pytest.raises(NoFixedPoint) as caught:
        rounds(answering(decide), manifest(spec={}), manifest(name="x", spec={}, metadata={"namespace": "n"}))

    assert str(caught.value) == (
        "no fixed point in 20 rounds: Widget default/w keeps changing ConfigMap/c data.k, status.count; "
        "Widget n/x keeps changing ConfigMap/c data.k, status.count"
    )
    assert [parent["status"]["count"] for parent in caught.value.result.parents] == [20, 20]


def test_an_order_that_is_never_applied_is_a_hot_loop_too() -> None:
    """The merge keeps the old order, and the annotation tells of the new one: a write on every sync."""
    env = [{"name": "a"}, {"name": "b"}]

    def decide(_: Object) -> Object:
        env.reverse()
        return {"status": {}, "children": [manifest(DEPLOYMENT, "d", spec={"env": list(env)})]}

    with pytest.raises(
        NoFixedPoint,
        match=r"^no fixed point in 20 rounds: Widget default/w keeps changing Deployment/d last-applied configuration$",
    ):
        rounds(answering(decide), manifest(spec={}))


def test_many_loops_are_not_all_named() -> None:
    with pytest.raises(NoFixedPoint, match=r"status\.a; and 2 more$"):
        rounds(
            answering(lambda request: {"status": {"a": request["parent"].get("status", {}).get("a", 0) + 1}}),
            *(manifest(name=f"w{number}", spec={}) for number in range(7)),
        )


def test_a_finalizer_that_a_sync_lets_go_of_comes_and_goes() -> None:
    with pytest.raises(
        NoFixedPoint, match=r"^no fixed point in 20 rounds: Widget default/w keeps changing metadata\.finalizers"
    ):
        rounds(answering(lambda _: {"status": {}, "finalized": True}), manifest(spec={}))


READY = {"type": "Ready", "status": "False", "reason": "Broken", "message": "it is broken"}


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        ({"phase": "Failed", "conditions": [READY]}, ("Broken", "it is broken")),
        ({"phase": "Failed", "message": "no condition"}, ("Failed", "no condition")),
        ({"phase": "Pending", "conditions": [READY]}, None),
        ({"conditions": [{"type": "Valid"}, READY]}, ("Broken", "it is broken")),
        ({"conditions": [{**READY, "status": "True"}]}, None),
        ({"conditions": [{**READY, "status": "Unknown"}]}, None),
        ({}, None),
    ],
)
def test_a_parent_ends_failed_by_its_phase_or_its_ready_condition(
    status: Object, failure: tuple[str, str] | None
) -> None:
    result = rounds(answering(returning(status=status)), manifest(spec={}))

    assert [(each.parent, each.reason, each.message) for each in result.failed] == (
        [("Widget default/w", *failure)] if failure else []
    )


def test_a_hook_that_fails_fails_its_parent_alone() -> None:
    def decide(request: Object) -> Object:
        return {"oops": 1} if request["parent"]["metadata"]["name"] == "w" else {"children": [config_map()]}

    result = rounds(answering(decide), manifest(spec={}), manifest(name="x", spec={}))

    assert [(each.parent, each.reason, each.message) for each in result.failed] == [
        ("Widget default/w", "HookFailed", "the answer has fields that Metacontroller doesn't know: oops")
    ]
    assert [len(each.children) for each in result.rendered] == [0, 1]


def test_a_name_that_is_taken_is_warned_of_once() -> None:
    result = rounds(answering(returning(config_map())), manifest(spec={}), config_map())

    assert result.warnings == ("Widget default/w: ConfigMap/c exists, is not its own, and is left alone",)


MANIFESTS = [
    *(manifest(name=f"w{number}", spec={"n": number}) for number in range(4)),
    *(manifest(GADGET, f"g{number}", spec={}) for number in range(2)),
    config_map("w1", data={"taken": "yes"}),
    manifest(SECRET, "s", metadata={"labels": {"x": "y"}}),
]


@given(st.permutations(MANIFESTS))
@settings(max_examples=25, deadline=None)
def test_the_order_of_manifests_does_not_matter(manifests: list[Object]) -> None:
    def decide(request: Object) -> Object:
        name = request["parent"]["metadata"]["name"]
        return {"status": {"related": list(request["related"]["Secret.v1"])}, "children": [config_map(name)]}

    hooks = answering(decide, [{"apiVersion": "v1", "resource": "secrets", "namespace": "default"}])

    def run(objects: list[Object]) -> Result:
        return rounds(hooks, *objects, parents=(WIDGET, GADGET))

    assert json.dumps(run(manifests).parents) == json.dumps(run(MANIFESTS).parents)
    assert json.dumps(run(manifests).children) == json.dumps(run(MANIFESTS).children)
    assert run(manifests).warnings == run(MANIFESTS).warnings


# In process


def test_controllers_in_this_process_are_asked_through_bytes() -> None:
    def sync_widget(request: Any, config: Installation, now: datetime) -> SyncResponse:
        return SyncResponse({"image": config.runner_image, "now": now.isoformat()}, [config_map(request.name)])

    widget = Controller(
        parent=WIDGET,
        child_kinds=(CONFIG_MAP,),
        customize=lambda request, _: [RelatedRule(SECRET, request.parent["metadata"]["namespace"], names=("s",))],
        sync=sync_widget,
        finalize=unused,
        child_names=lambda name: [(CONFIG_MAP, name)],
    )

    result = render([manifest(spec={})], in_process([widget], Installation(runner_image="i"), NOW), [widget], {})

    assert [key_of(child) for child in result.children] == [(CONFIG_MAP.key, "default", "w")]
    assert result.parents[0]["status"] == {
        "image": "i",
        "now": "1970-01-01T00:00:00+00:00",
        "observedGeneration": 1,
    }


def test_a_rule_that_a_controller_breaks_fails_its_parent() -> None:
    widget = Controller(
        parent=WIDGET,
        child_kinds=(CONFIG_MAP,),
        customize=lambda *_: [],
        sync=lambda *_: SyncResponse({"phase": "Running"}, [config_map("other")]),
        finalize=unused,
        child_names=lambda _: [],
    )

    result = render([manifest(spec={})], in_process([widget], Installation(), NOW), [widget], {})

    assert result.failed[0].message == "ConfigMap/other is not a child of this parent"


def test_the_composite_controller_is_what_is_installed() -> None:
    def method(method: str) -> Object:
        return {"updateStrategy": {"method": method}}

    def hook(name: str) -> Object:
        return {"version": "v2", "webhook": {"path": f"/widget/{name}?rules=3"}}

    assert composite_controller(controller()) == {
        "apiVersion": "metacontroller.k8s.io/v1alpha1",
        "kind": "CompositeController",
        "metadata": {"name": "widget"},
        "spec": {
            "parentResource": {"apiVersion": "example.com/v1", "resource": "widgets", "ignoreStatusChanges": True},
            "childResources": [
                {"apiVersion": "v1", "resource": "configmaps", **method("InPlace")},
                {"apiVersion": "apps/v1", "resource": "deployments", **method("InPlace")},
                {"apiVersion": "apps/v1", "resource": "statefulsets", **method("OnDelete")},
            ],
            "generateSelector": True,
            "hooks": {"customize": hook("customize"), "finalize": hook("finalize"), "sync": hook("sync")},
        },
    }
