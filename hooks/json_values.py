"""JSON that others wrote: read, and made fit to be written again."""

from __future__ import annotations

import math
from typing import Any

import pydantic_core

MAX_DEPTH = 150
"""Levels of nesting that are read of a request whose parent's spec is nested too deep, or that can't be read otherwise;
`hooks.wire` puts `TOO_DEEP` in the place of what is deeper."""
TOO_DEEP = "(nested too deeply for toolhive-hooks)"


def read_json(text: str | bytes) -> Any:
    """What a JSON text says, or None where it isn't one: neither are NaN, lone surrogates and bottomless nesting."""
    try:
        return pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError:
        return None


def strict_json(text: str | bytes) -> Any:
    """What a JSON text says, or None where it isn't one that can be written again: 1e999 is read as infinity."""
    return as_go_reads(read_json(text))


def as_go_reads(value: Any) -> Any:
    """The value, its integers past 64 bits made floats in place, or None where it has a number that no float can hold.

    Go knows no such integers, and writes a float up to 1e21 with all its digits: 1e20 as 100000000000000000000.
    """
    try:
        return _as_go(value)
    except OverflowError:
        return None


def _as_go(value: Any) -> Any:
    if isinstance(value, dict):
        for key, inner in value.items():
            value[key] = _as_go(inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            value[index] = _as_go(inner)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise OverflowError
    elif isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        return float(value)
    return value


def is_too_deep(value: Any) -> bool:
    """Whether something of this was left out for being nested too deeply."""
    if isinstance(value, dict):
        return any(is_too_deep(inner) for inner in value.values())
    if isinstance(value, list):
        return any(is_too_deep(inner) for inner in value)
    return bool(value == TOO_DEEP)
