"""Checks of texts that users write: names of HTTP headers, placeholders that are still there, control characters."""

from __future__ import annotations

import re

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of an HTTP header: RFC 9110, section 5.6.2."""

_PLACEHOLDER = re.compile(r"\$\{[^{}]*\}|\{\{[^{}]*\}\}|<[A-Za-z][^<>]*>")
PLACEHOLDER_LEFT = "still has a placeholder in it: put the value in its place"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def has_placeholder(text: str) -> bool:
    """Whether a text still has what a tool or a person was to replace: `${NAME}`, `{{ name }}` or `<NAME>`."""
    return _PLACEHOLDER.search(text) is not None


def text_fault(text: str) -> str:
    """Return what is wrong with a text, to be said after the field's name; empty for nothing."""
    return PLACEHOLDER_LEFT if has_placeholder(text) else control_fault(text)


def control_fault(text: str) -> str:
    """Return the same as `text_fault` for a text that may have placeholders."""
    return "must not have line breaks or control characters" if _CONTROL.search(text) else ""
