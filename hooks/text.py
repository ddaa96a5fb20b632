"""How messages for people are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_SOME = 5


def one_line(text: str) -> str:
    """Return a text that others wrote on one line, without what a terminal would obey."""
    return "".join(char if char.isprintable() else "?" for char in " ".join(text.split()))


def shortened(text: str, length: int) -> str:
    """Return a text, cut off where it is longer than this."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def some(texts: Sequence[str], separator: str = ", ") -> str:
    """Return the first few of these texts, joined."""
    more = [f"and {len(texts) - _SOME} more"] if len(texts) > _SOME else []
    return separator.join([*texts[:_SOME], *more])


def where(obj: dict[str, Any]) -> str:
    """Return namespace and name of an object: `team-a/github`."""
    return f"{obj['metadata'].get('namespace') or 'default'}/{obj['metadata']['name']}"


def title(obj: dict[str, Any]) -> str:
    """Return what messages call an object: `MCPServer team-a/github`."""
    return f"{obj['kind']} {where(obj)}"
