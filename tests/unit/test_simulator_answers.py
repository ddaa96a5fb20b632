"""What the in-memory Metacontroller makes of hooks' answers: rules that select, and answers that are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hooks.kubernetes.kinds import ROLE, SECRET, Kind
from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.simulator.related import related_objects, selects
from hooks.simulator.sync import sync
from hooks.simulator.webhooks import HookError
from tests.unit.widgets import (
    CHILD,
    PARENT,
    answering,
    config_map,
    get,
    manifest,
    owner,
    put,
    returning,
    running,
    uid_of,
    unused,
)

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
def test_label_expressions_select_as_kubernetes_does(
    expression: Object, labels: dict[str, str], *, selected: bool
) -> None:
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
        (
            manifest(Kind("apps/v2", "Deployment", ""), "d"),
            "child Deployment/d is not of a kind among the childResources",
        ),
        (config_map(namespace="b"), "child ConfigMap/c is in another namespace than its parent"),
        (config_map(labels={"a": 1}), "child ConfigMap/c has labels that are not strings"),
        (config_map(annotations={"a": True}), "child ConfigMap/c has annotations that are not strings"),
        (
            config_map(labels={"controller-uid": "x"}),
            "child ConfigMap/c has the controller-uid label of another parent",
        ),
    ],
)
def test_a_bad_answer_changes_nothing(answer: bytes | Object, problem: str) -> None:
    body = answer if isinstance(answer, bytes) else json.dumps({"children": [answer]}).encode()
    run = running(lambda path, _: b"{}" if "customize" in path else body, manifest(spec={}))
    put(run, config_map(labels={"controller-uid": uid_of(run)}, ownerReferences=[owner(uid_of(run))]))
    before = get(run, CHILD)

    with pytest.raises(HookError) as caught:
        sync(run, PARENT)

    assert str(caught.value) == problem
    assert get(run, CHILD) == before
    assert "status" not in get(run, PARENT)


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ({"relatedResources": {}}, "relatedResources is not a list of rules"),
        ([], "the answer is not a JSON object"),
        ({"relatedResources": [{"kind": "Secret"}]}, "the answer has fields that Metacontroller doesn't know: kind"),
        (
            {"relatedResources": [{"apiVersion": "v1", "resource": "pies"}]},
            "customize asks for v1 pies, which isn't served",
        ),
        (
            {"relatedResources": [{"apiVersion": "v1", "resource": "secrets", "names": ["a"], "labelSelector": {}}]},
            "customize has a rule with both names and labelSelector",
        ),
        (
            {"relatedResources": [{"apiVersion": "v1", "resource": "secrets", "namespaceSelector": {}}]},
            "customize has a namespaceSelector: an offline run knows no namespaces",
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

    assert str(caught.value) == problem


def test_a_last_applied_annotation_that_a_hook_returns_is_dropped() -> None:
    run = running(answering(returning(config_map(annotations={LAST_APPLIED: "x", "a": "b"}))), manifest(spec={}))
    sync(run, PARENT)

    applied = json.loads(get(run, CHILD)["metadata"]["annotations"][LAST_APPLIED])
    assert applied["metadata"]["annotations"] == {"a": "b"}
