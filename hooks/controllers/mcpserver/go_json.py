"""JSON as Go's encoding/json writes it, so that our text is the reference operator's."""

from __future__ import annotations

import json
from typing import Any

_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def indented(value: Any) -> str:
    """With an indent of two spaces, keys in the order of the dicts."""
    return json.dumps(value, indent=2, ensure_ascii=False).translate(_ESCAPES)


def compact(value: Any) -> str:
    """Without white space, keys in the order of the dicts."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPES)
