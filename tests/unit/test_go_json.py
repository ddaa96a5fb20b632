"""Our JSON texts are those of Go's encoding/json, byte for byte: a checksum of them rolls pods."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hooks import go_json

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_it_is_pythons_json_but_for_what_go_escapes(value: Any) -> None:
    for ours, theirs in (
        (go_json.indented(value), json.dumps(value, indent=2, ensure_ascii=False)),
        (go_json.compact(value), json.dumps(value, separators=(",", ":"), ensure_ascii=False)),
        (go_json.to_json(value), json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)),
    ):
        escaped = theirs
        for character in "<>&\u2028\u2029":
            escaped = escaped.replace(character, f"\\u{ord(character):04x}")
        assert ours == escaped


def test_an_indented_document_is_written_as_go_does() -> None:
    value = {"a": {}, "b": [], "c": ["<&>", 1], "d": "\u2028\x7f\x01\n"}

    assert go_json.indented(value).splitlines() == [
        "{",
        '  "a": {},',
        '  "b": [],',
        '  "c": [',
        '    "\\u003c\\u0026\\u003e",',
        "    1",
        "  ],",
        '  "d": "\\u2028\x7f\\u0001\\n"',
        "}",
    ]


def test_long_integers_and_deep_lists_are_written_too() -> None:
    nested: Any = []
    for _ in range(300):
        nested = [nested]

    assert go_json.to_json({"b": 2**64, "a": "<"}) == '{"a":"\\u003c","b":18446744073709551616}'
    assert go_json.to_json(nested) == "[" * 301 + "]" * 301
