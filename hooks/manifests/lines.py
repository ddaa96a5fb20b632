"""The line of each field in a text of manifests, for messages that name the place.

This is a second reading of a text, and only for texts that something is said about: a table beside every document would
cost each run time and memory that only few runs use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

Lines: TypeAlias = dict[str, int]
"""The line of each field of one document by its path, such as `spec.env[0].name`; "" is the document itself."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def field_lines(text: str) -> dict[int, Lines]:
    """Find the lines of all fields, by the number of the document as `documents.read` counts them.

    JSON is read as YAML. Where a text can't be read to its end, the lines up to there are known.
    """
    found: dict[int, Lines] = {}
    reader = _Reader({})
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.DocumentStartEvent):
                reader = _Reader({})
                found[len(found) + 1] = reader.lines
            elif isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
                reader.add(event)
    except yaml.YAMLError:
        pass
    return found


def line_of(lines: Lines, path: str) -> int | None:
    """The line of a field; of the nearest one around it where that isn't in the text, such as a required field."""
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path)


@dataclass(slots=True)
class _Collection:
    """A mapping or list whose end hasn't come yet."""

    path: str
    is_list: bool
    count: int = 0
    key: str | None = None


@dataclass(slots=True)
class _Reader:
    """One document, event by event."""

    lines: Lines
    stack: list[_Collection] = field(default_factory=list)

    def add(self, event: Any) -> None:
        """Take in the next event."""
        if isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()
            return
        outer = self.stack[-1] if self.stack else None
        if outer and not outer.is_list and outer.key is None:
            outer.key = str(getattr(event, "value", ""))
            self._note(_joined(outer.path, outer.key), event)
            return
        path = ""
        if outer and outer.is_list:
            path = f"{outer.path}[{outer.count}]"
            outer.count += 1
        elif outer:
            path = _joined(outer.path, outer.key or "")
            outer.key = None
        self._note(path, event)
        if isinstance(event, yaml.CollectionStartEvent):
            self.stack.append(_Collection(path, isinstance(event, yaml.SequenceStartEvent)))

    def _note(self, path: str, event: Any) -> None:
        self.lines.setdefault(path, event.start_mark.line + 1)


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
