"""JSON as Go's encoding/json writes it, so that our text is the reference operator's."""

from __future__ import annotations

from typing import Any

import pydantic_core

_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def indented(value: Any) -> str:
    """With an indent of two spaces, keys in the order of the dicts."""
    return pydantic_core.to_json(value, indent=2).decode().translate(_ESCAPES)


def compact(value: Any) -> str:
    """Without white space, keys in the order of the dicts."""
    return pydantic_core.to_json(value).decode().translate(_ESCAPES)
