"""One point of the check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from hooks.cluster import ClusterError, Forbidden, Unreachable


class Point(NamedTuple):
    """The result of one look, with the remedy where it isn't well."""

    topic: str
    well: bool | None
    """None for unknown."""
    text: str
    remedy: str = ""
    """A command, or where to read on."""


def points(topic: str, check: Callable[[], Iterator[Point]]) -> list[Point]:
    """Run one check; what the user may not read is unknown, and ends no other check.

    Raises:
        Unreachable: nothing answers.
    """
    found: list[Point] = []
    try:
        found.extend(check())
    except Unreachable:
        raise
    except Forbidden as error:
        found.append(Point(topic, None, str(error), "Ask someone with more rights to run this"))
    except ClusterError as error:
        found.append(Point(topic, False, str(error)))
    return found
