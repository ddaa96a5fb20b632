"""Metacontroller's three-way merge: each rule of it, by whole objects."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.go_json import same, to_json
from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.simulator.differences import differences
from hooks.simulator.merge import merge, stored, updated

CASES: dict[str, tuple[Any, Any, Any, Any]] = {
    # what it shows: observed, last applied, desired, merged
    "a desired field is set": ({"a": 1}, {}, {"a": 2, "b": 3}, {"a": 2, "b": 3}),
    "what was never ours is left alone": ({"a": 1, "x": {"y": 2}}, {"a": 1}, {"a": 1}, {"a": 1, "x": {"y": 2}}),
    "what is no longer desired goes": ({"a": 1, "b": 2}, {"a": 1, "b": 2}, {"a": 1}, {"a": 1}),
    "with what others put beneath it": (
        {"annotations": {"ours": "1", "theirs": "2"}},
        {"annotations": {"ours": "1"}},
        {},
        {},
    ),
    "an empty map keeps what is others'": (
        {"annotations": {"ours": "1", "theirs": "2"}},
        {"annotations": {"ours": "1"}},
        {"annotations": {}},
        {"annotations": {"theirs": "2"}},
    ),
    "without last-applied nothing is removed": ({"a": 1, "b": 2}, None, {"a": 1}, {"a": 1, "b": 2}),
    "a scalar may become an object": ({"a": 1}, {"a": 1}, {"a": {"b": 2}}, {"a": {"b": 2}}),
    "a desired list instead of an object counts as null": ({"a": {"b": 1}}, {}, {"a": [2]}, {"a": {"b": 1}}),
    "a desired object instead of a list counts as null": ({"a": [1]}, {}, {"a": {"b": 2}}, {"a": None}),
    "scalar lists are replaced": ({"a": [1, 2, 3]}, {"a": [1, 2]}, {"a": [3, 1]}, {"a": [3, 1]}),
    "lists of objects without a merge key are replaced": (
        {"rules": [{"verbs": ["get"]}, {"verbs": ["list"]}]},
        {"rules": [{"verbs": ["get"]}]},
        {"rules": [{"verbs": ["watch"]}]},
        {"rules": [{"verbs": ["watch"]}]},
    ),
    "items are merged by name, and defaults in them survive": (
        {"containers": [{"name": "a", "image": "1", "imagePullPolicy": "Always"}, {"name": "sidecar"}]},
        {"containers": [{"name": "a", "image": "1"}]},
        {"containers": [{"name": "a", "image": "2"}]},
        {"containers": [{"name": "a", "image": "2", "imagePullPolicy": "Always"}, {"name": "sidecar"}]},
    ),
    "an item that is no longer desired goes, one of others' stays": (
        {"env": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}, {"name": "c", "value": "3"}]},
        {"env": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]},
        {"env": [{"name": "b", "value": "4"}]},
        {"env": [{"name": "b", "value": "4"}, {"name": "c", "value": "3"}]},
    ),
    "a desired order is never applied, new items come last": (
        {"env": [{"name": "a"}, {"name": "b"}]},
        {"env": [{"name": "a"}, {"name": "b"}]},
        {"env": [{"name": "d"}, {"name": "b"}, {"name": "c"}, {"name": "a"}]},
        {"env": [{"name": "a"}, {"name": "b"}, {"name": "d"}, {"name": "c"}]},
    ),
    "containerPort goes before name": (
        {"ports": [{"containerPort": 1, "name": "x", "protocol": "TCP"}]},
        {"ports": [{"containerPort": 1, "name": "x"}]},
        {"ports": [{"containerPort": 2, "name": "x"}]},
        {"ports": [{"containerPort": 2, "name": "x"}]},
    ),
    "a key that one item lacks is no merge key": (
        {"ports": [{"port": 1, "name": "x", "protocol": "TCP"}]},
        {"ports": [{"port": 1, "name": "x"}]},
        {"ports": [{"name": "x"}]},
        {"ports": [{"name": "x", "protocol": "TCP"}]},
    ),
    "items with the same key collapse": (
        {"ports": [{"port": 53, "protocol": "TCP"}]},
        {},
        {"ports": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]},
        {"ports": [{"port": 53, "protocol": "UDP"}]},
    ),
    "number and text are the same key": (
        {"ports": [{"port": 80, "nodePort": 1}]},
        {},
        {"ports": [{"port": "80"}]},
        {"ports": [{"port": "80", "nodePort": 1}]},
    ),
    "a new list is taken as it is": (
        {},
        {},
        {"a": [{"name": "b"}, {"name": "a"}]},
        {"a": [{"name": "b"}, {"name": "a"}]},
    ),
    "an empty list empties one without keys": ({"a": [1]}, {"a": [1]}, {"a": []}, {"a": []}),
    "an empty list removes what was ours": (
        {"env": [{"name": "a"}, {"name": "b"}]},
        {"env": [{"name": "a"}]},
        {"env": []},
        {"env": [{"name": "b"}]},
    ),
    "keys may be of any kind": (
        {"a": [{"name": True}, {"name": None}, {"name": 1.5}]},
        {},
        {"a": [{"name": 1.5, "x": 1}, {"name": True, "x": 2}, {"name": None, "x": 3}]},
        {"a": [{"name": True, "x": 2}, {"name": None, "x": 3}, {"name": 1.5, "x": 1}]},
    ),
}


@pytest.mark.parametrize(("observed", "applied", "desired", "merged"), CASES.values(), ids=CASES)
def test_a_merge_is_metacontrollers_and_changes_no_argument(
    observed: Any, applied: Any, desired: Any, merged: Any
) -> None:
    before = json.dumps([observed, applied, desired])

    assert merge(observed, applied, desired) == merged
    assert json.dumps([observed, applied, desired]) == before


SCALARS = st.sampled_from([0, 1, "a", "b", True])
VALUES = st.recursive(
    SCALARS | st.lists(SCALARS, max_size=3),
    lambda inner: (
        st.dictionaries(st.sampled_from(["a", "b", "name", "port"]), inner, max_size=4)
        # Names are unique: of two with the same one, Metacontroller's merge keeps the last.
        | st.lists(
            st.fixed_dictionaries({"name": st.sampled_from("abc"), "x": inner}),
            max_size=3,
            unique_by=lambda item: item["name"],
        )
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, max_size=3)


@given(OBJECTS, OBJECTS, OBJECTS)
def test_a_merge_repeated_comes_to_rest(observed: Object, applied: Object, desired: Object) -> None:
    """At once, but where types clash: a list loses what was ours, then becomes null, then what is desired."""
    merged = stored(merge(observed, applied, desired))
    for _ in range(3):
        merged = stored(merge(merged, desired, desired))

    assert same(stored(merge(merged, desired, desired)), merged)


@given(OBJECTS, OBJECTS)
def test_an_object_that_is_as_desired_stays_as_it_is(obj: Object, applied: Object) -> None:
    assert same(merge(obj, applied, obj), obj)


def test_an_update_keeps_status_and_system_metadata_and_says_what_was_applied() -> None:
    observed = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "c",
            "uid": "u",
            "generation": 3,
            "annotations": {LAST_APPLIED: '{"data":{"a":"1"}}', "theirs": "x"},
            "ownerReferences": [{"uid": "p"}],
        },
        "data": {"a": "1", "b": "2"},
        "status": {"x": 1},
    }
    desired = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c", "uid": "other", "selfLink": "/c"},
        "data": {"c": "3"},
        "status": {"y": 2},
    }

    assert updated(observed, {"data": {"a": "1"}}, desired) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "c",
            "uid": "u",
            "generation": 3,
            "annotations": {LAST_APPLIED: to_json(desired), "theirs": "x"},
            "ownerReferences": [{"uid": "p"}],
        },
        "data": {"b": "2", "c": "3"},
        "status": {"x": 1},
    }


def test_last_applied_is_written_as_go_writes_it() -> None:
    # The first is what a real Metacontroller 4.17.2 wrote for a placeholder's ServiceAccount.
    assert to_json(
        {
            "kind": "ServiceAccount",
            "apiVersion": "v1",
            "metadata": {"namespace": "rec", "name": "demo-sa", "labels": {"controller-uid": "0cc2da2b"}},
        }
    ) == (
        '{"apiVersion":"v1","kind":"ServiceAccount","metadata":'
        '{"labels":{"controller-uid":"0cc2da2b"},"name":"demo-sa","namespace":"rec"}}'
    )
    assert to_json({"a": "<é&\u2028\n"}) == '{"a":"\\u003cé\\u0026\\u2028\\n"}'


def test_other_than_in_python_one_is_neither_true_nor_a_float() -> None:
    assert not same({"a": 1}, {"a": True})
    assert not same({"a": 1}, {"a": 1.0})
    assert same({"a": 1, "b": 2}, {"b": 2, "a": 1})


def test_an_api_server_gives_back_no_nulls_and_whole_numbers() -> None:
    assert to_json(stored({"a": None, "b": [{"c": None, "d": 1.0}, None], "e": 0.5})) == '{"b":[{"d":1},null],"e":0.5}'


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1, "b": {"c": 2}}, {"b": {"c": 3}, "d": 4}, ["a", "b.c", "d"]),
        ({"a": [1, 2]}, {"a": [1, 3]}, ["a[1]"]),
        ({"a": [1, 2]}, {"a": [1]}, ["a"]),
        ({"a": {LAST_APPLIED: "x"}}, {"a": {LAST_APPLIED: "y"}}, []),
    ],
)
def test_differences_are_named_by_their_paths(old: Any, new: Any, paths: list[str]) -> None:
    assert differences(old, new) == paths
