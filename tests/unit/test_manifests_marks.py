"""Where the fields of a document stand in its text."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given

from hooks.manifests.documents import read
from hooks.manifests.marks import Node, is_json, marks
from tests.strategies import JSON


def places(text: str, node: Node, path: str = "") -> Iterator[tuple[str, str, str]]:
    """The path of each value, with the texts of its key and of itself."""
    key = text[node.key_start : node.key_end] if node.key_start >= 0 else ""
    yield path, key, text[node.start : node.end]
    for name, child in node.children.items():
        yield from places(text, child, f"{path}.{name}")


def test_places_of_yaml_are_those_of_its_values_alone() -> None:
    text = "# 😀\na: é # x\n'b':   {c: [1, \"é\"],  d: }\n\ne:\n- |\n  t\n\n# z\n- &n f\ng: *n\n---\n---\n- h\n"
    text = text.replace("\n", "\r\n")
    first, _, third = marks(text)

    assert list(places(text, first.root))[1:] == [
        (".a", "a", "é"),
        (".b", "'b'", '{c: [1, "é"],  d: }'),
        (".b.c", "c", '[1, "é"]'),
        (".b.c.0", "", "1"),
        (".b.c.1", "", '"é"'),
        (".b.d", "d", ""),
        (".e", "e", "- |\r\n  t\r\n\r\n# z\r\n- &n f"),
        (".e.0", "", "|\r\n  t"),
        (".e.1", "", "&n f"),
        (".g", "g", "*n"),
    ]
    assert (first.number, third.number) == (1, 3)
    assert first.root.children["e"].children[1].anchor == "n"
    assert first.root.children["g"].aliased
    assert first.aliases == {"n"}


@pytest.mark.parametrize("indent", [None, 1, "\t"])
@given(one=JSON, two=JSON)
def test_places_of_json_hold_the_json_of_each_value(indent: int | str | None, one: object, two: object) -> None:
    text = "\n".join(json.dumps({"a": value}, indent=indent) for value in (one, two))

    assert is_json(text)
    for marked, (number, document) in zip(marks(text), read(text), strict=True):
        assert marked.number == number
        holds(text, marked.root, document)


def holds(text: str, node: Node, value: object) -> None:
    assert json.loads(text[node.start : node.end]) == value
    inner = dict(enumerate(value)) if isinstance(value, list) else value if isinstance(value, dict) else {}
    assert node.children.keys() == inner.keys()
    for name, child in node.children.items():
        holds(text, child, inner[name])


def test_a_mapping_in_braces_is_no_json() -> None:
    assert not is_json("{a: 1}")
    assert [marked.root.flow for marked in marks("{a: 1}\n--- {b: 2}\n")] == [True, True]
