"""`toolhive-hooks check`, less its command line: all points, where they are written, and the exit code."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TextIO

import click

from hooks.check.calls import check_calls
from hooks.check.controllers import check_controllers, check_hooks
from hooks.check.crds import check_crds
from hooks.check.metacontroller import check_metacontroller, check_rights
from hooks.check.point import Point, points
from hooks.cluster import LiveCluster
from hooks.migrate.operators import running
from hooks.render.output import wants_colour
from hooks.text import one_line

WELL, UNWELL = 0, 1
"""Exit codes; 2 is for a cluster that can't be asked."""

_PAUSE_SECONDS = 2
_MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}


def check_command(
    live: LiveCluster,
    *,
    output: str,
    clock: Callable[[], datetime],
    left: Callable[[], float],
    stdout: TextIO,
) -> int:
    """Check the installation in a cluster.

    Args:
        live: the user's cluster.
        output: text or json.
        clock: the time, for ages.
        left: seconds for which it may be tried again.
        stdout: gets the points.

    Returns:
        The exit code: see `WELL`.

    Raises:
        ClusterError: the cluster can't be asked.
    """
    while True:
        found = check(live, clock())
        crosses = [point for point in found if point.well is False]
        if not crosses or left() <= 0:
            break
        time.sleep(min(_PAUSE_SECONDS, max(left(), 0)))
    if output == "json":
        click.echo(json.dumps([point._asdict() for point in found], indent=2), stdout)
    else:
        colour = wants_colour(stdout)
        click.echo("".join(_lines(found, colour=colour)), stdout, nl=False, color=colour)
    return UNWELL if crosses else WELL


def check(live: LiveCluster, now: datetime) -> list[Point]:
    """All points, in the order in which an installation is built."""

    def version() -> Iterator[Point]:
        yield Point("cluster", True, f"the API server answers ({live.version()})")

    def operator() -> Iterator[Point]:
        faults = list(running(live, "", now))
        yield from (Point("old operator", False, fault, "docs/migrating.md") for fault in faults)
        if not faults:
            yield Point("old operator", True, "ToolHive's own operator doesn't run")

    return [
        *points("cluster", version),
        *points("CRDs", lambda: check_crds(live)),
        *points("Metacontroller", lambda: check_metacontroller(live)),
        *points("CompositeControllers", lambda: check_controllers(live)),
        *points("hooks", lambda: check_hooks(live)),
        *points("calls", lambda: check_calls(live, now)),
        *points("old operator", operator),
        *points("rights", lambda: check_rights(live)),
    ]


def _lines(found: list[Point], *, colour: bool) -> Iterator[str]:
    topic = ""
    for point in found:
        if point.topic != topic:
            topic = point.topic
            yield f"{topic}\n"
        mark, painted = _MARKS[point.well]
        yield f"  {click.style(mark, fg=painted) if colour else mark} {one_line(point.text)}\n"
        if point.remedy and not point.well:
            yield f"      {one_line(point.remedy)}\n"
    counts = {well: sum(point.well is well for point in found) for well in _MARKS}
    yield f"{counts[True]} well, {counts[False]} not, {counts[None]} unknown\n"
