"""Lines, columns and values of a manifest's text."""

from __future__ import annotations

import json
import re
from typing import Any

from hooks.manifests.scalars import NotAValue, resolve
from hooks.render.output import dump

_LINE_END = re.compile(r"\r\n|\r|\n")
_REST = re.compile(r"[^\r\n]*")
_REST_AND_END = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]*")
"""Texts that need no quotes by their characters."""


def line_end(text: str) -> str:
    """Return the characters that end the lines of a text, by its first line."""
    match = _LINE_END.search(text)
    return match[0] if match else "\n"


def line_start(text: str, at: int) -> int:
    """Return where the line of a character begins."""
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def rest_of_line(text: str, at: int, *, line_end: bool = False) -> int:
    """Return where the line of a character ends: before the characters that end it, or behind them."""
    match = (_REST_AND_END if line_end else _REST).match(text, at)
    return match.end() if match else at


def column(text: str, at: int) -> int:
    """Return how many characters stand before this one on its line."""
    return at - line_start(text, at)


def block(value: dict[str, Any], margin: int, end: str) -> str:
    """Return a mapping as YAML over several lines, less the last line's end."""
    return end.join(f"{' ' * margin}{line}" for line in dump(value).rstrip("\n").split("\n"))


def flow(value: Any) -> str:
    """Return a value as YAML in brackets, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return value if isinstance(value, str) and _needs_no_quotes(value) else json.dumps(value, ensure_ascii=False)


def _needs_no_quotes(text: str) -> bool:
    try:
        return bool(PLAIN.fullmatch(text)) and isinstance(resolve(text), str)
    except NotAValue:
        return False
