"""Where the time of a phase goes, event by event: when objects of each kind come and go, and how often they change."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from statistics import median

from tests.bench.fleet import Object
from tests.controlplane import Event

_SERVER = re.compile(r"(?:server|proxy)-\d+")


def steps(events: Iterable[Event]) -> Object:
    """Return the median of the seconds from a server's first event until each step, and each kind's events a server."""
    began: dict[str, float] = {}
    at: dict[tuple[str, str], float] = {}
    counts: Counter[str] = Counter()
    for event in events:
        found = _SERVER.search(event.name)
        if found is None:
            continue
        server = found[0]
        began.setdefault(server, event.at)
        counts[event.kind] += 1
        if event.type == "ADDED":
            at.setdefault((server, f"{event.kind} made"), event.at)
        elif event.type == "DELETED":
            at[server, f"{event.kind} gone"] = event.at
        elif event.object["ready"] and (server, "MCPServer made") in at:
            at.setdefault((server, "MCPServer Ready"), event.at)
    waited: dict[str, list[float]] = defaultdict(list)
    for (server, step), then in at.items():
        waited[step].append(then - began[server])
    return {
        "seconds": {step: round(median(each), 2) for step, each in waited.items()},
        "events": {kind: round(count / len(began), 1) for kind, count in counts.items()},
    }
