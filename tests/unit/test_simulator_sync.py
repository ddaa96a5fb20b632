"""One sync in the in-memory Metacontroller: children, their claims, and the finalizer."""

from __future__ import annotations

import pytest

from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, STATEFUL_SET
from hooks.kubernetes.objects import Object
from hooks.metacontroller.composite import composite_controller, finalizer
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.simulator.sync import Outcome, sync
from tests.unit.widgets import (
    CHILD,
    FINALIZER,
    PARENT,
    answering,
    config_map,
    controller,
    deployment,
    get,
    manifest,
    owner,
    put,
    returning,
    running,
    uid_of,
    unused,
)


def test_the_request_is_what_metacontroller_sends() -> None:
    requests = []

    def decide(request: Object) -> Object:
        requests.append(request)
        return {"status": {}, "children": [config_map()]}

    rule = {"apiVersion": "v1", "resource": "secrets", "namespace": "default"}
    run = running(answering(decide, [rule]), manifest(spec={}))

    sync(run, PARENT)
    sync(run, PARENT)

    parent = {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "spec": {},
        "metadata": {
            "name": "w",
            "namespace": "default",
            "uid": uid_of(run),
            "resourceVersion": "1",
            "creationTimestamp": "1970-01-01T00:00:00Z",
            "generation": 1,
            "finalizers": [FINALIZER],
        },
    }
    assert requests == [
        {
            "controller": composite_controller(controller()),
            "parent": parent,
            "children": {"ConfigMap.v1": {}, "Deployment.apps/v1": {}, "StatefulSet.apps/v1": {}},
            "related": {"Secret.v1": {}},
            "finalizing": False,
        },
        {
            "controller": composite_controller(controller()),
            "parent": {**parent, "status": {"observedGeneration": 1}},
            "children": {
                "ConfigMap.v1": {"default/c": get(run, CHILD)},
                "Deployment.apps/v1": {},
                "StatefulSet.apps/v1": {},
            },
            "related": {"Secret.v1": {}},
            "finalizing": False,
        },
    ]


def test_a_child_is_created_as_metacontroller_creates_it() -> None:
    run = running(answering(returning(config_map(data={"k": "v"}, labels={"a": "b"}))), manifest(spec={}))

    outcome = sync(run, PARENT)

    uid = uid_of(run)
    assert get(run, CHILD) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "c",
            "namespace": "default",
            "uid": get(run, CHILD)["metadata"]["uid"],
            "resourceVersion": "1",
            "creationTimestamp": "1970-01-01T00:00:00Z",
            "labels": {"a": "b", "controller-uid": uid},
            "annotations": {
                LAST_APPLIED: '{"apiVersion":"v1","data":{"k":"v"},"kind":"ConfigMap","metadata":'
                f'{{"labels":{{"a":"b","controller-uid":"{uid}"}},"name":"c","namespace":"default"}}}}'
            },
            "ownerReferences": [owner(uid)],
        },
        "data": {"k": "v"},
    }
    assert outcome == Outcome(["metadata.finalizers", "ConfigMap/c created", "status"])


def test_a_child_is_updated_in_place_and_what_is_others_stays() -> None:
    answers = [config_map(data={"a": "1", "b": "2"}), config_map(data={"a": "3"})]
    run = running(answering(lambda _: {"status": {}, "children": [answers[0]]}), manifest(spec={}))
    sync(run, PARENT)
    child = get(run, CHILD)
    run.cluster.put({**child, "data": {**child["data"], "theirs": "4"}})
    del answers[0]

    outcome = sync(run, PARENT)

    uid = uid_of(run)
    assert get(run, CHILD) == {
        **child,
        "metadata": {
            **child["metadata"],
            "annotations": {
                LAST_APPLIED: '{"apiVersion":"v1","data":{"a":"3"},"kind":"ConfigMap","metadata":'
                f'{{"labels":{{"controller-uid":"{uid}"}},"name":"c","namespace":"default"}}}}'
            },
        },
        "data": {"a": "3", "theirs": "4"},
    }
    assert outcome.changes == ["ConfigMap/c data.a", "ConfigMap/c data.b"]


def test_a_changed_spec_counts_the_generation_up() -> None:
    replicas = [1, 2]
    run = running(answering(lambda _: {"status": {}, "children": [deployment(replicas[0])]}), manifest(spec={}))
    sync(run, PARENT)
    del replicas[0]
    sync(run, PARENT)
    sync(run, PARENT)

    assert get(run, (DEPLOYMENT.key, "default", "d"))["metadata"]["generation"] == 2


def test_a_child_that_is_not_returned_is_deleted() -> None:
    children = [config_map()]
    run = running(answering(lambda _: {"status": {}, "children": children}), manifest(spec={}))
    sync(run, PARENT)
    children.clear()

    outcome = sync(run, PARENT)

    assert run.cluster.get(CHILD) is None
    assert outcome.changes == ["ConfigMap/c deleted"]


@pytest.mark.parametrize("answer", [{}, {"status": None, "children": None}])
def test_an_empty_answer_deletes_everything(answer: Object) -> None:
    answers: list[Object] = [{"status": {"a": 1}, "children": [config_map()]}, answer]
    run = running(answering(lambda _: answers.pop(0)), manifest(spec={}))
    sync(run, PARENT)
    sync(run, PARENT)

    assert run.cluster.get(CHILD) is None
    assert get(run, PARENT)["status"] == {"observedGeneration": 1}


def test_a_name_that_is_taken_is_left_alone() -> None:
    run = running(answering(returning(config_map(data={"a": "1"}))), manifest(spec={}), config_map(data={"b": "2"}))
    before = get(run, CHILD)

    outcome = sync(run, PARENT)

    assert get(run, CHILD) == before
    assert outcome.name_conflicts == ["Widget default/w: ConfigMap/c exists, is not its own, and is left alone"]


def test_stateful_sets_are_never_updated() -> None:
    key = (STATEFUL_SET.key, "default", "s")
    run = running(answering(returning(manifest(STATEFUL_SET, "s", spec={"replicas": 2}))), manifest(spec={}))
    made = manifest(STATEFUL_SET, "s", spec={"replicas": 1}, metadata={"labels": {"controller-uid": uid_of(run)}})
    put(run, made)

    outcome = sync(run, PARENT)

    assert get(run, key)["spec"] == {"replicas": 1}
    assert get(run, key)["metadata"]["ownerReferences"] == [owner(uid_of(run))]
    assert outcome.changes == ["metadata.finalizers", "StatefulSet/s metadata.ownerReferences", "status"]


def test_a_terminating_child_is_neither_updated_nor_deleted_nor_made_again() -> None:
    run = running(answering(returning(config_map(data={"a": "1"}))), manifest(spec={}))
    uid = uid_of(run)
    going = {"deletionTimestamp": "1970-01-01T00:00:00Z", "finalizers": ["theirs"]}
    put(run, config_map(labels={"controller-uid": uid}, ownerReferences=[owner(uid)]), **going)
    before = get(run, CHILD)

    sync(run, PARENT)

    assert get(run, CHILD) == before


def test_the_status_is_replaced_whole_with_the_generation_that_was_seen() -> None:
    run = running(answering(returning(status={"phase": "Running", "observedGeneration": 7})), manifest(spec={}))
    run.cluster.put({**get(run, PARENT), "status": {"old": 1}})

    sync(run, PARENT)

    assert get(run, PARENT)["status"] == {"phase": "Running", "observedGeneration": 1}


def test_values_that_an_api_server_normalises_do_not_keep_changing() -> None:
    child = manifest(DEPLOYMENT, "d", spec={"replicas": 1.0, "paused": None})
    run = running(answering(returning(child, status={"a": None, "b": 2.0})), manifest(spec={}))
    sync(run, PARENT)

    assert sync(run, PARENT).changes == []
    assert get(run, (DEPLOYMENT.key, "default", "d"))["spec"] == {"replicas": 1}


def test_a_parent_that_is_gone_is_nothing_to_do() -> None:
    assert sync(running(answering(unused)), PARENT) == Outcome()


# Claims: adoption, release, and what is left alone

CLAIMS = [
    # controller ownerReference, controller-uid label, parent deleting -> observed as a child, ownerReferences after
    ("own", "own", False, True, "own"),
    ("own", "own", True, True, "own"),
    ("own", "other", False, False, None),
    ("own", None, False, False, None),
    ("own", None, True, False, "own"),
    (None, "own", False, True, "own"),
    (None, "own", True, False, None),
    (None, None, False, False, None),
    (None, "other", False, False, None),
    ("other", "own", False, False, "other"),
    ("no controller", "own", False, True, "own"),
]


@pytest.mark.parametrize(("reference", "label", "deleting", "claimed", "after"), CLAIMS)
def test_a_child_is_adopted_released_or_left_alone_as_metacontroller_does(
    reference: str | None, label: str | None, *, deleting: bool, claimed: bool, after: str | None
) -> None:
    observed = []

    def decide(request: Object) -> Object:
        observed.extend(request["children"][CONFIG_MAP.key])
        return {"status": {}, "children": list(request["children"][CONFIG_MAP.key].values()) and [config_map()]}

    run = running(answering(decide), manifest(spec={}))
    sync(run, PARENT)
    uid = uid_of(run)
    references = {
        "own": [owner(uid)],
        "other": [owner("another")],
        "no controller": [owner(uid, controller=False)],
        None: None,
    }
    labels = {"own": {"controller-uid": uid}, "other": {"controller-uid": "another"}, None: {"a": "b"}}[label]
    put(run, config_map(labels=labels, **({"ownerReferences": references[reference]} if reference else {})))
    if deleting:
        run.cluster.delete(PARENT)

    sync(run, PARENT)

    assert observed == (["default/c"] if claimed else [])
    assert get(run, CHILD)["metadata"].get("ownerReferences") == references[after]


def test_an_object_that_is_being_deleted_is_not_adopted() -> None:
    run = running(answering(returning()), manifest(spec={}))
    going = {"deletionTimestamp": "1970-01-01T00:00:00Z", "finalizers": ["theirs"]}
    put(run, config_map(labels={"controller-uid": uid_of(run)}), **going)

    sync(run, PARENT)

    assert "ownerReferences" not in get(run, CHILD)["metadata"]


# Finalize


def test_a_parent_is_held_by_its_finalizer_until_finalize_is_done() -> None:
    def decide(request: Object) -> Object:
        if not request["finalizing"]:
            return {"status": {"phase": "Running"}, "children": [config_map()]}
        return {"status": {"phase": "Terminating"}, "finalized": not request["children"][CONFIG_MAP.key]}

    run = running(answering(decide), manifest(spec={}))
    sync(run, PARENT)
    assert get(run, PARENT)["metadata"]["finalizers"] == [finalizer(controller())] == [FINALIZER]

    run.cluster.delete(PARENT)
    sync(run, PARENT)
    assert run.cluster.get(CHILD) is None
    assert get(run, PARENT)["status"] == {"phase": "Terminating", "observedGeneration": 2}

    sync(run, PARENT)
    assert run.cluster.get(PARENT) is None


def test_children_that_are_left_when_a_parent_is_removed_are_collected() -> None:
    def decide(request: Object) -> Object:
        return {"status": {}, "children": [config_map()], **({"finalized": True} if request["finalizing"] else {})}

    run = running(answering(decide), manifest(spec={}))
    sync(run, PARENT)
    run.cluster.delete(PARENT)
    sync(run, PARENT)

    assert run.cluster.get(PARENT) is None
    assert run.cluster.get(CHILD) is None


def test_another_finalizer_keeps_the_parent_and_children_are_managed_no_more() -> None:
    def decide(request: Object) -> Object:
        children = [] if request["finalizing"] else [config_map()]
        return {"status": {"finalizing": request["finalizing"]}, "children": children, "finalized": not children}

    run = running(answering(decide), manifest(spec={}))
    put(run, get(run, PARENT), finalizers=["theirs"])
    sync(run, PARENT)
    run.cluster.delete(PARENT)
    sync(run, PARENT)
    sync(run, PARENT)

    assert get(run, PARENT)["metadata"]["finalizers"] == ["theirs"]
    assert get(run, PARENT)["status"] == {"finalizing": True, "observedGeneration": 2}
    assert get(run, CHILD)["metadata"]["name"] == "c"


@pytest.mark.parametrize("collector", ["foregroundDeletion", "orphan"])
def test_the_garbage_collector_is_not_fought(collector: str) -> None:
    run = running(answering(lambda request: {"children": [] if request["finalizing"] else [config_map()]}), manifest())
    sync(run, PARENT)
    put(run, get(run, PARENT), finalizers=[FINALIZER, collector])
    run.cluster.delete(PARENT)
    sync(run, PARENT)

    assert get(run, CHILD)["metadata"]["name"] == "c"
