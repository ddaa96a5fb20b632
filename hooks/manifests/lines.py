"""The line of each field in a text of manifests, for messages that name the place.

Only texts with problems are read again for this: a table beside every document would cost each run time and memory.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import TypeAlias

import yaml

from hooks.manifests.marks import Node, marks

Lines: TypeAlias = dict[str, int]
"""The line of each field of one document by its path, such as `spec.env[0].name`; "" is the document itself."""

_LINE_END = re.compile(r"\r\n|\r|\n")


def field_lines(text: str) -> dict[int, Lines]:
    """Return the lines of all fields, by the number of the document as `documents.read` counts them.

    Where a text can't be read to its end, the lines of the documents before the faulty one are known.
    """
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    found: dict[int, Lines] = {}
    try:
        for marked in marks(text):
            lines = found[marked.number] = {}
            for path, at in _places(marked.root, ""):
                lines.setdefault(path, bisect_right(starts, at))
    except (yaml.YAMLError, ValueError, RecursionError):
        pass
    return found


def line_of(lines: Lines, path: str) -> int | None:
    """Return the line of a field; of the nearest one around it where that isn't in the text, as a missing one isn't."""
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path)


def _places(node: Node, path: str) -> Iterator[tuple[str, int]]:
    """Each field's path, and where its key begins; an item of a list begins where its value does."""
    yield path, node.start if node.key_start < 0 else node.key_start
    for key, child in node.children.items():
        step = f"[{key}]" if isinstance(key, int) else f".{key}" if path else key
        yield from _places(child, f"{path}{step}")
