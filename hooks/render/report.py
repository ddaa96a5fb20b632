"""What is wrong, as text for people, JSON for programs, or annotations for a pull request on GitHub."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from hooks.manifests.problems import Problem
from hooks.text import one_line, some

_ORDER = ("note", "warning", "failed", "error")
_COMMANDS = {"error": "error", "failed": "error", "warning": "warning", "note": "notice"}


class Counts(NamedTuple):
    """The last line of each report."""

    resources: int
    children: int
    files: int
    errors: int
    failed: int
    warnings: int

    def __str__(self) -> str:
        """For people."""
        parts = [
            f"{_count(self.resources, 'resource')} in {_count(self.files, 'file')}",
            _count(self.children, "child", "children"),
        ]
        faults = [_count(self.errors, "error"), f"{self.failed} failed", _count(self.warnings, "warning")]
        return f"{', '.join(parts)}: {', '.join(faults)}"


def text(problems: Sequence[Problem], counts: Counts) -> str:
    """A line for each problem, the worst ones last; files with the same note share one."""
    notes: dict[str, list[str]] = {}
    lines = []
    for problem in _sorted(problems):
        if problem.level == "note" and not problem.object:
            notes.setdefault(problem.message, []).append(problem.file)
            continue
        parts = (_where(problem), problem.level, problem.object, problem.field, problem.reason, problem.message)
        hidden = problem.reason if problem.level != "failed" else problem.field
        lines.append(": ".join(part for part in parts if part and part is not hidden))
    shared = [f"note: {some(list(dict.fromkeys(files)))}: {message}" for message, files in notes.items()]
    return "".join(f"{one_line(line)}\n" for line in (*shared, *lines, str(counts)))


def as_json(problems: Sequence[Problem], counts: Counts) -> str:
    """One object: the problems, each with the same fields, and the counts."""
    listed = [
        {
            "level": problem.level,
            "file": problem.file or None,
            "line": problem.line,
            "object": problem.object or None,
            "field": problem.field or None,
            "reason": problem.reason or None,
            "message": problem.message,
        }
        for problem in _sorted(problems)
    ]
    return json.dumps({"problems": listed, "counts": counts._asdict()}, indent=2) + "\n"


def github(problems: Sequence[Problem], counts: Counts) -> str:
    """Workflow commands, which GitHub shows beside the line in a pull request; then the counts."""
    lines = []
    for problem in _sorted(problems):
        properties = {"file": problem.file, "line": problem.line or "", "title": problem.object or problem.reason}
        said = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items() if value)
        message = ": ".join(filter(None, (problem.field, problem.message)))
        lines.append(f"::{_COMMANDS[problem.level]} {said}::{_data(one_line(message))}")
    return "".join(f"{line}\n" for line in (*lines, str(counts)))


REPORTS: dict[str, Callable[[Sequence[Problem], Counts], str]] = {"text": text, "json": as_json, "github": github}
"""What `--report` takes."""


def _sorted(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(
        dict.fromkeys(problems),
        key=lambda problem: (_ORDER.index(problem.level), problem.file, problem.line or 0, problem.object),
    )


def _where(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}" if problem.file and problem.line else problem.file


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _data(message: str) -> str:
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
