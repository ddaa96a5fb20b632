"""JSON as Go's encoding/json writes it: as the reference operator and Metacontroller do."""

from __future__ import annotations

import json
from typing import Any

import orjson

ESCAPES = {char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
"""What Go writes instead of a character, lest a browser should take it for HTML."""

_IN_TEXT = str.maketrans(ESCAPES)
_IN_BYTES = [(char.encode(), escape.encode()) for char, escape in ESCAPES.items()]


def compact(value: Any) -> str:
    """JSON without white space, keys in the order of the dicts."""
    return escaped(orjson.dumps(value)).decode()


def to_json(value: Any) -> str:
    """JSON as Go writes it: compact, keys sorted, and the characters of `ESCAPES` escaped."""
    try:
        return escaped(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).decode()
    except TypeError:  # integers past 64 bits, and values nested deeper than orjson writes
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).translate(_IN_TEXT)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: other than in Python, 1, 1.0 and true are three values."""
    if one is other:
        return True
    try:
        return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # as above
        return to_json(one) == to_json(other)


def indented(value: Any) -> str:
    """JSON with an indent of two spaces, keys in the order of the dicts."""
    return escaped(orjson.dumps(value, option=orjson.OPT_INDENT_2)).decode()


def number(value: float) -> int | float:
    """A float as it comes out of Go's JSON: without a fraction it is an integer, if 64 bits can hold that."""
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


def escaped(text: bytes) -> bytes:
    """JSON with the characters of `ESCAPES` escaped."""
    for char, escape in _IN_BYTES:
        if char[0] in text:  # one byte is sought many times as fast as a char is replaced
            text = text.replace(char, escape)
    return text
