"""What there is to say about manifests: each with object, field and place, for people and for programs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from hooks.manifests.lines import Lines, field_lines, line_of

Level: TypeAlias = Literal["error", "failed", "warning", "note"]
"""An error keeps an object out of a cluster; what failed is there, and its status says so."""

_KEY = re.compile(r"\['?(?!\d+\])([^\]']+)'?\]")
"""A key of a map in brackets, as messages have it."""

UNREADABLE = "Unreadable"
"""The reason of an error about a file or a document that can't be read."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a manifest is."""

    file: str
    document: int
    item: str = ""
    """Its path in the document where that is a list: `items[0]`."""

    def __str__(self) -> str:
        """For people: `a.yaml: document 1`."""
        return f"{self.file}: document {self.document}{f', {self.item}' if self.item else ''}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or worth knowing. No text in it quotes a value that could be secret."""

    level: Level
    message: str
    reason: str = ""
    """One word in CamelCase, for programs."""
    object: str = ""
    """`MCPServer team-a/weather`; empty where it is about a file."""
    field: str = ""
    """`spec.port`"""
    file: str = ""
    line: int | None = None
    place: Place | None = None


def located(problems: Iterable[Problem], texts: dict[str, str]) -> list[Problem]:
    """The problems with file and line, as far as these are known.

    Args:
        problems: with the places of their manifests.
        texts: what was read from other sources than files, such as stdin, by the name that it has in places.
    """
    known: dict[str, dict[int, Lines]] = {}

    def locate(problem: Problem) -> Problem:
        place = problem.place
        if place is None:
            return problem
        if place.file not in known:
            known[place.file] = field_lines(_text(place.file, texts))
        lines = known[place.file].get(place.document, {})
        path = ".".join(filter(None, (place.item, _KEY.sub(r".\1", problem.field))))
        return replace(problem, file=place.file, line=problem.line or line_of(lines, path))

    return [locate(problem) for problem in problems]


def _text(file: str, texts: dict[str, str]) -> str:
    if file in texts:
        return texts[file]
    try:
        return Path(file).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""
