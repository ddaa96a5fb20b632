"""Objects that Metacontroller merged: in a list that merges by name, order says what came first and nothing else."""

from __future__ import annotations

from typing import Any


def unordered(value: Any) -> Any:
    """The value with its lists of named objects keyed by name."""
    if isinstance(value, dict):
        return {key: unordered(inner) for key, inner in value.items()}
    if isinstance(value, list) and all(isinstance(item, dict) and "name" in item for item in value):
        return {item["name"]: unordered(item) for item in value}
    return value
