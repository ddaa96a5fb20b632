"""JSON that others wrote, read with one library and by one set of rules: those of Go, which all else in a cluster has.

Of a name that comes twice the last counts, and an integer past 64 bits is a float. NaN, lone surrogates and numbers
past all floats are no JSON.
"""

from __future__ import annotations

from typing import Any

import orjson

MAX_DEPTH = 150
"""Levels of nesting that are read. The API server stores 10,000, orjson reads 1,024 and writes 254."""
_TOO_DEEP = "(nested too deeply for toolhive-hooks)"


def read(text: str | bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: it is no JSON, or nested deeper than orjson reads.
    """
    return orjson.loads(text)


def read_text(text: str) -> Any:
    """Return the value of a JSON text that a tenant wrote; None where it is no JSON, or too deep to write again."""
    try:
        value = read(text)
    except ValueError:
        return None
    # A text with fewer brackets has fewer levels; this is asked of every observed child's annotation.
    if text.count("{") + text.count("[") < MAX_DEPTH:
        return value
    return None if is_too_deep(cut(value)) else value


def cut(value: Any, levels: int = MAX_DEPTH) -> Any:
    """Return a copy of a value, with a mark in the place of each value below this many levels."""
    if isinstance(value, dict):
        return {key: cut(inner, levels - 1) for key, inner in value.items()} if levels else _TOO_DEEP
    if isinstance(value, list):
        return [cut(inner, levels - 1) for inner in value] if levels else _TOO_DEEP
    return value


def is_too_deep(value: Any) -> bool:
    """Whether `cut` left something of this value out."""
    if isinstance(value, dict):
        return any(map(is_too_deep, value.values()))
    if isinstance(value, list):
        return any(map(is_too_deep, value))
    return bool(value == _TOO_DEEP)
