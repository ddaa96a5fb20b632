"""A result as text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.kubernetes.objects import Object
from hooks.manifests.documents import read
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.render.output import presentable, to_json, to_yaml
from hooks.render.summary import to_summary, to_tree
from hooks.simulator.run import Failure, Rendered, Result
from hooks.text import one_line

CHILD: Object = {
    "kind": "ConfigMap",
    "data": {"run.json": '{\n  "a": 1\n}', "other": "yes"},
    "apiVersion": "v1",
    "metadata": {
        "annotations": {LAST_APPLIED: "{}", "a": "1e3"},
        "labels": {"controller-uid": "u"},
        "ownerReferences": [{"uid": "u", "controller": True}],
        "uid": "v",
        "resourceVersion": "1",
        "creationTimestamp": "1970-01-01T00:00:00Z",
        "namespace": "default",
        "name": "c",
    },
}
PARENT: Object = {
    "apiVersion": "example.com/v1",
    "kind": "Widget",
    "metadata": {
        "name": "w",
        "namespace": "default",
        "uid": "u",
        "generation": 1,
        "finalizers": ["f"],
        "labels": {"b": "c"},
    },
    "status": {
        "phase": "Pending",
        "message": "two\nlines",
        "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-23T11:29:14Z"}],
    },
    "spec": {"port": 1},
}
RESULT = Result((Rendered(PARENT, (CHILD,)),))


def test_yaml_shows_what_the_authors_wrote() -> None:
    assert (
        "".join(to_yaml(RESULT))
        == """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: c
  namespace: default
  annotations:
    a: '1e3'
data:
  run.json: |-
    {
      "a": 1
    }
  other: 'yes'
---
apiVersion: example.com/v1
kind: Widget
metadata:
  name: w
  namespace: default
  labels:
    b: c
spec:
  port: 1
status:
  phase: Pending
  message: |-
    two
    lines
  conditions:
  - type: Ready
    status: 'False'
    lastTransitionTime: '1970-01-01T00:00:00Z'
"""
    )


def test_json_is_one_list_of_the_same_objects() -> None:
    shown = json.loads(to_json(RESULT))

    assert shown == {
        "apiVersion": "v1",
        "kind": "List",
        "items": [document for _, document in read("".join(to_yaml(RESULT)))],
    }
    assert [list(item) for item in shown["items"]] == [
        ["apiVersion", "kind", "metadata", "data"],
        ["apiVersion", "kind", "metadata", "spec", "status"],
    ]


def test_the_summary_is_aligned() -> None:
    gadget = {
        **PARENT,
        "kind": "Gadget",
        "status": {"conditions": [{"type": "Ready", "status": "True", "message": "m"}]},
    }
    longer = {**PARENT, "metadata": {**PARENT["metadata"], "name": "a-longer-name"}, "status": {}}
    served = {**PARENT, "status": {"phase": "Pending", "url": "http://w", "message": "No pods"}}
    rendered = (Rendered(gadget, ()), Rendered(served, (CHILD,)), Rendered(longer, ()))

    assert (
        to_summary(Result(rendered, (Failure("Gadget default/w", "Broken", "two\nlines"),)))
        == """\
Gadget                   STATUS   MESSAGE
  default/w              Failed   two lines

Widget                   STATUS   MESSAGE
  default/w              OK       http://w
    ConfigMap/c
  default/a-longer-name  Unknown
"""
    )


@pytest.mark.parametrize("text", ["".join(to_yaml(Result())), to_summary(Result()), to_tree(Result(), ())])
def test_nothing_is_shown_as_nothing(text: str) -> None:
    assert text == ""


def test_a_status_of_any_shape_is_shown() -> None:
    assert presentable({**PARENT, "status": {"conditions": "none"}})["status"] == {"conditions": "none"}
    assert presentable({**PARENT, "status": {"conditions": [{"type": "A"}]}})["status"] == {
        "conditions": [{"type": "A"}]
    }


def test_control_characters_of_a_status_do_not_reach_a_terminal() -> None:
    assert one_line("a\n\tb \x1b[31mred\x07") == "a b ?[31mred?"


TEXTS = st.text() | st.sampled_from(
    ["y", "1.5e3", "0o17", "22:22", "~", "=", "<<", " a\n b ", "a \n", "\n", "2026-11-01"]
)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(TEXTS, VALUES))
def test_yaml_is_read_back_as_it_was(data: dict[str, Any]) -> None:
    obj = {**CHILD, "data": data}

    ((_, shown),) = read("".join(to_yaml(Result((Rendered(obj, ()),)))))

    assert shown == presentable(obj)


def test_a_long_text_stays_on_one_line() -> None:
    text = "word " * 200 + "end"

    assert f"  a: {text}\n" in "".join(to_yaml(Result((Rendered({**CHILD, "data": {"a": text}}, ()),))))
