"""The lines of fields: where an author finds what a message is about."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.manifests.lines import field_lines, line_of

SERVER = """\
# a comment
---
apiVersion: v1
kind: Thing
---
kind: MCPServer
metadata:
  name: weather
  labels: {app.kubernetes.io/name: weather,
    tier: front}
spec:
  port: "80"
  env:
    - name: A
      value: |
        two
        lines
    - name: B
"""


def test_each_field_of_each_document_has_the_line_of_its_key() -> None:
    assert field_lines(SERVER) == {
        1: {"": 3, "apiVersion": 3, "kind": 4},
        2: {
            "": 6,
            "kind": 6,
            "metadata": 7,
            "metadata.name": 8,
            "metadata.labels": 9,
            "metadata.labels.app.kubernetes.io/name": 9,
            "metadata.labels.tier": 10,
            "spec": 11,
            "spec.port": 12,
            "spec.env": 13,
            "spec.env[0]": 14,
            "spec.env[0].name": 14,
            "spec.env[0].value": 15,
            "spec.env[1]": 18,
            "spec.env[1].name": 18,
        },
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [("spec.port", 12), ("spec.image", 11), ("spec.env[1].value", 18), ("spec.env[7].value", 13), ("status.x", 6)],
)
def test_a_field_that_isnt_there_is_looked_for_where_it_would_be(path: str, line: int) -> None:
    assert line_of(field_lines(SERVER)[2], path) == line


def test_json_has_lines_as_well() -> None:
    assert field_lines('{\n\t"kind": "A",\n\t"spec": {\n\t\t"port": 1}}') == {
        1: {"": 1, "kind": 2, "spec": 3, "spec.port": 4}
    }


def test_aliases_and_merges_stand_where_they_are_used() -> None:
    assert field_lines("a: &x\n  b: 1\nc: *x\nd:\n  <<: *x\n  *x : 2\n")[1] == {
        "": 1,
        "a": 1,
        "a.b": 2,
        "c": 3,
        "d": 4,
        "d.<<": 5,
        "d.*x": 6,
    }


@pytest.mark.parametrize("fault", ["b: [\n", "? [b]\n: 1\n", "'': !!int x\n"])
def test_the_documents_before_a_fault_have_their_lines(fault: str) -> None:
    assert field_lines(f"a: 1\n---\n{fault}")[1] == {"": 1, "a": 1}


_VALUES = st.recursive(
    st.none() | st.integers() | st.text("ab: "), lambda inner: st.lists(inner) | st.dictionaries(st.text("ab"), inner)
)


@given(_VALUES)
def test_any_json_has_a_line_for_its_root(value: object) -> None:
    assert field_lines(json.dumps(value, indent=1))[1][""] == 1
