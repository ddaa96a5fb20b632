"""JSON that others wrote: read, and looked over for what could not be written again."""

from __future__ import annotations

import math
from typing import Any

import pydantic_core

MAX_DEPTH = 150
"""Levels of nesting that are read of a request; `hooks.wire` puts `TOO_DEEP` in the place of what is deeper."""
TOO_DEEP = "(nested too deeply for toolhive-hooks)"


def read_json(text: str | bytes) -> Any:
    """What a JSON text says, or None where it isn't one: neither are NaN, lone surrogates and bottomless nesting."""
    try:
        return pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError:
        return None


def strict_json(text: str | bytes) -> Any:
    """What a JSON text says, or None where it isn't one that can be written again: 1e999 is read as infinity."""
    value = read_json(text)
    return value if is_writable(value) else None


def is_writable(value: Any) -> bool:
    """Whether every number of this can be written again: Kubernetes has floats, and integers of 64 bits."""
    if isinstance(value, dict):
        return all(map(is_writable, value.values()))
    if isinstance(value, list):
        return all(map(is_writable, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or -(1 << 63) <= value < 1 << 64


def is_too_deep(value: Any) -> bool:
    """Whether something of this was left out for being nested too deeply."""
    if isinstance(value, dict):
        return any(is_too_deep(inner) for inner in value.values())
    if isinstance(value, list):
        return any(is_too_deep(inner) for inner in value)
    return bool(value == TOO_DEEP)
