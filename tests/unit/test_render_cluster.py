"""The in-memory Metacontroller: one sync by its rules, and rounds of them to a fixed point."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hooks.controllers.controller import Config, Controller
from hooks.controllers.kinds import CONFIG_MAP, DEPLOYMENT, ROLE, SECRET, STATEFUL_SET
from hooks.protocol import LAST_APPLIED, Kind, Object
from hooks.render.admit import admit
from hooks.render.cluster import Cluster, Key, key_of
from hooks.render.composite import composite_controller, finalizer
from hooks.render.related import related_objects, selects
from hooks.render.run import NoFixedPoint, Result, render, served_kinds
from hooks.render.sync import Metacontroller, Outcome, sync
from hooks.render.webhooks import HookError, Hooks, in_process
from hooks.responses import RelatedRule, SyncResponse

WIDGET = Kind("example.com/v1", "Widget", "widgets")
GADGET = Kind("example.com/v1", "Gadget", "gadgets")
NOW = datetime(1970, 1, 1, tzinfo=UTC)
FINALIZER = "metacontroller.io/compositecontroller-widget"

Decide = Callable[[Object], Object]


def unused(*_: Any) -> Any:
    raise AssertionError("the hooks of these tests answer bytes, and ask no controller")


def controller(parent: Kind = WIDGET) -> Controller:
    return Controller(parent, (CONFIG_MAP, DEPLOYMENT, STATEFUL_SET), unused, unused, unused, unused)


def answering(decide: Decide, rules: list[Object] | None = None) -> Hooks:
    """Hooks that answer sync and finalize with what `decide` makes of the request."""

    def ask(path: str, body: bytes) -> bytes:
        request = json.loads(body)
        if "/customize?" in path:
            return json.dumps({"relatedResources": rules or []}).encode()
        assert ("/finalize?" in path) == request["finalizing"]
        return json.dumps(decide(request)).encode()

    return ask


def returning(*children: Object, status: Object | None = None) -> Decide:
    return lambda _: {"status": status or {"phase": "Running"}, "children": list(children)}


def manifest(kind: Kind = WIDGET, name: str = "w", **content: Any) -> Object:
    metadata = {"name": name, **content.pop("metadata", {})}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **content}


def config_map(name: str = "c", data: dict[str, str] | None = None, **metadata: Any) -> Object:
    return manifest(CONFIG_MAP, name, metadata=metadata, data=data or {})


def deployment(replicas: int) -> Object:
    return manifest(DEPLOYMENT, "d", spec={"replicas": replicas})


def running(hooks: Hooks, *objects: Object) -> Metacontroller:
    served = served_kinds([controller()])
    return Metacontroller(controller(), Cluster(served, admit(objects, served, [WIDGET], {})[0]), hooks)


PARENT: Key = (WIDGET.key, "default", "w")
CHILD: Key = (CONFIG_MAP.key, "default", "c")


def uid_of(run: Metacontroller) -> str:
    return str(get(run, PARENT)["metadata"]["uid"])


def get(run: Metacontroller, key: Key) -> Object:
    obj = run.cluster.get(key)
    assert obj is not None
    return obj


def owner(uid: str, **more: Any) -> Object:
    reference = {"apiVersion": WIDGET.api_version, "kind": "Widget", "name": "w", "uid": uid}
    return {**reference, "controller": True, "blockOwnerDeletion": True, **more}


def put(run: Metacontroller, obj: Object, **metadata: Any) -> None:
    run.cluster.put({**obj, "metadata": {"namespace": "default", "uid": "u-1", **obj["metadata"], **metadata}})


# One sync


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
    assert outcome.taken == ["Widget default/w: ConfigMap/c exists, is not its own, and is left alone"]


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


def test_what_an_api_server_would_normalise_does_not_keep_changing() -> None:
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
def test_claims(reference: str | None, label: str | None, *, deleting: bool, claimed: bool, after: str | None) -> None:
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


def test_what_is_left_when_a_parent_goes_is_collected() -> None:
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


# Related objects


RELATED = [
    ({}, ["a/x", "a/y", "b/x"]),
    ({"namespace": "a"}, ["a/x", "a/y"]),
    ({"namespace": "a", "names": ["x", "z"]}, ["a/x"]),
    ({"names": ["x"]}, ["a/x", "b/x"]),
    ({"labelSelector": {}}, ["a/x", "a/y", "b/x"]),
    ({"labelSelector": {"matchLabels": {"l": "1"}}}, ["a/x", "b/x"]),
    ({"namespace": "b", "labelSelector": {"matchLabels": {"l": "1"}}}, ["b/x"]),
    ({"namespace": "c"}, []),
]


@pytest.mark.parametrize(("rule", "expected"), RELATED)
def test_rules_select_as_metacontroller_does(rule: Object, expected: list[str]) -> None:
    secrets = [
        manifest(SECRET, "x", metadata={"namespace": "a", "labels": {"l": "1"}}),
        manifest(SECRET, "x", metadata={"namespace": "b", "labels": {"l": "1"}}),
        manifest(SECRET, "y", metadata={"namespace": "a"}),
    ]
    run = running(answering(unused), *secrets)

    related = related_objects(run.cluster, [{"apiVersion": "v1", "resource": "secrets", **rule}])

    assert {kind: list(objects) for kind, objects in related.items()} == {"Secret.v1": expected}


def test_rules_of_one_kind_add_up_and_each_kind_has_a_key() -> None:
    run = running(answering(unused), *(manifest(SECRET, name) for name in "zyx"))
    rule = {"apiVersion": "v1", "resource": "secrets", "namespace": "default"}
    roles = {"apiVersion": ROLE.api_version, "resource": "roles", "namespace": "default"}

    related = related_objects(run.cluster, [{**rule, "names": ["z", "x"]}, roles, {**rule, "names": ["y", "x"]}])

    assert {kind: list(objects) for kind, objects in related.items()} == {
        "Role.rbac.authorization.k8s.io/v1": [],
        "Secret.v1": ["default/x", "default/y", "default/z"],
    }


@pytest.mark.parametrize(
    ("expression", "labels", "selected"),
    [
        ({"operator": "In", "values": ["1"]}, {"l": "1"}, True),
        ({"operator": "In", "values": ["1"]}, {}, False),
        ({"operator": "NotIn", "values": ["1"]}, {"l": "2"}, True),
        ({"operator": "NotIn", "values": ["1"]}, {}, True),
        ({"operator": "Exists"}, {"l": ""}, True),
        ({"operator": "Exists"}, {}, False),
        ({"operator": "DoesNotExist"}, {}, True),
        ({"operator": "DoesNotExist"}, {"l": ""}, False),
    ],
)
def test_label_expressions(expression: Object, labels: dict[str, str], *, selected: bool) -> None:
    assert selects({"matchExpressions": [{"key": "l", **expression}]}, labels) is selected


def test_customize_is_asked_once_for_each_generation() -> None:
    asked = []

    def ask(path: str, body: bytes) -> bytes:
        if "/customize?" in path:
            asked.append(json.loads(body)["parent"]["metadata"]["generation"])
        return b"{}"

    run = running(ask, manifest(spec={}))
    sync(run, PARENT)
    sync(run, PARENT)
    run.cluster.put({**get(run, PARENT), "spec": {"a": 1}})
    sync(run, PARENT)

    assert asked == [1, 2]


# Answers that Metacontroller refuses, or should


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"", "the answer is not JSON"),
        (b"{", "the answer is not JSON"),
        (b'{"status": {"a": NaN}}', "the answer is not JSON"),
        (b"[]", "the answer is not a JSON object"),
        (b'{"events": []}', "the answer has fields that Metacontroller doesn't know: events"),
        (b'{"children": {}}', "status is not an object, or children not a list"),
        (b'{"finalized": "yes"}', "finalized is not a boolean, or resyncAfterSeconds not a number"),
        (b'{"resyncAfterSeconds": "1"}', "finalized is not a boolean, or resyncAfterSeconds not a number"),
        (b'{"children": [null]}', "a child is not an object with a name"),
        (b'{"children": [{"kind": "ConfigMap", "apiVersion": "v1"}]}', "a child is not an object with a name"),
        (manifest(ROLE, "r"), "child Role/r is not of a kind among the childResources"),
        (manifest(Kind("apps/v2", "Deployment", ""), "d"), "child Deployment/d is not of a kind among the childRes"),
        (config_map(namespace="b"), "child ConfigMap/c is in another namespace than its parent"),
        (config_map(labels={"a": 1}), "child ConfigMap/c has labels that are not strings"),
        (config_map(annotations={"a": True}), "child ConfigMap/c has annotations that are not strings"),
        (config_map(labels={"controller-uid": "x"}), "child ConfigMap/c has the controller-uid label of another"),
    ],
)
def test_a_bad_answer_changes_nothing(answer: bytes | Object, problem: str) -> None:
    body = answer if isinstance(answer, bytes) else json.dumps({"children": [answer]}).encode()
    run = running(lambda path, _: b"{}" if "customize" in path else body, manifest(spec={}))
    put(run, config_map(labels={"controller-uid": uid_of(run)}, ownerReferences=[owner(uid_of(run))]))
    before = get(run, CHILD)

    with pytest.raises(HookError) as caught:
        sync(run, PARENT)

    assert str(caught.value).startswith(problem)
    assert get(run, CHILD) == before
    assert "status" not in get(run, PARENT)


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ({"relatedResources": {}}, "relatedResources is not a list of rules"),
        ([], "the answer is not a JSON object"),
        ({"relatedResources": [{"kind": "Secret"}]}, "the answer has fields that Metacontroller doesn't know: kind"),
        ({"relatedResources": [{"apiVersion": "v1", "resource": "pies"}]}, "customize asks for v1 pies, which isn't"),
        (
            {"relatedResources": [{"apiVersion": "v1", "resource": "secrets", "names": ["a"], "labelSelector": {}}]},
            "customize has a rule with both names and labelSelector",
        ),
        (
            {"relatedResources": [{"apiVersion": "v1", "resource": "secrets", "namespaceSelector": {}}]},
            "customize has a namespaceSelector",
        ),
        (
            {"relatedResources": [{"apiVersion": "v1", "resource": "secrets", "labelSelector": {"matchLabels": [1]}}]},
            "customize has a labelSelector that is none",
        ),
    ],
)
def test_bad_rules_are_refused(rules: Any, problem: str) -> None:
    run = running(lambda *_: json.dumps(rules).encode(), manifest(spec={}))

    with pytest.raises(HookError) as caught:
        sync(run, PARENT)

    assert str(caught.value).startswith(problem)


def test_a_last_applied_annotation_that_a_hook_returns_is_dropped() -> None:
    run = running(answering(returning(config_map(annotations={LAST_APPLIED: "x", "a": "b"}))), manifest(spec={}))
    sync(run, PARENT)

    applied = json.loads(get(run, CHILD)["metadata"]["annotations"][LAST_APPLIED])
    assert applied["metadata"]["annotations"] == {"a": "b"}


# Rounds


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

    with pytest.raises(NoFixedPoint, match="keeps changing Deployment/d last-applied configuration"):
        rounds(answering(decide), manifest(spec={}))


def test_many_loops_are_not_all_named() -> None:
    with pytest.raises(NoFixedPoint, match=r"status\.a; and 2 more$"):
        rounds(
            answering(lambda request: {"status": {"a": request["parent"].get("status", {}).get("a", 0) + 1}}),
            *(manifest(name=f"w{number}", spec={}) for number in range(7)),
        )


def test_a_finalizer_that_a_sync_lets_go_of_comes_and_goes() -> None:
    with pytest.raises(NoFixedPoint, match=r"metadata\.finalizers"):
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
def test_who_ends_failed_and_why(status: Object, failure: tuple[str, str] | None) -> None:
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


def test_no_parents_are_warned_of() -> None:
    assert rounds(answering(unused), config_map()).warnings == ("nothing to do: no Widget among the manifests",)


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
    def sync_widget(request: Any, config: Config, now: datetime) -> SyncResponse:
        return SyncResponse({"image": config.runner_image, "now": now.isoformat()}, [config_map(request.name)])

    widget = Controller(
        parent=WIDGET,
        child_kinds=(CONFIG_MAP,),
        customize=lambda request, _: [RelatedRule(SECRET, request.parent["metadata"]["namespace"], names=("s",))],
        sync=sync_widget,
        finalize=unused,
        child_names=lambda request: [(CONFIG_MAP, request.name)],
    )

    result = render([manifest(spec={})], in_process([widget], Config(runner_image="i"), NOW), [widget], {})

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

    result = render([manifest(spec={})], in_process([widget], Config(), NOW), [widget], {})

    assert result.failed[0].message == "ConfigMap/other is not a child of this parent"


def test_the_composite_controller_is_what_is_installed() -> None:
    def method(method: str) -> Object:
        return {"updateStrategy": {"method": method}}

    def hook(name: str) -> Object:
        return {"version": "v2", "webhook": {"path": f"/widget/{name}?rules=1"}}

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
