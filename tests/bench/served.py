"""What the benchmarks serve beside our hooks: a placeholder whose calls are counted, and a route that does nothing."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask, request

from tests.bench import placeholder as floor
from tests.controlplane.assets import ROOT

COUNTS = "BENCH_COUNTS"
"""The variable that names the file in which the placeholder's calls are written down."""

_SERIES = re.compile(r'toolhive_hooks_body_bytes_(count|sum)\{direction="request",hook="(\w+)",kind="(\w+)"\}')

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Count(NamedTuple):
    """Hook calls of one kind."""

    calls: int = 0
    sent: int = 0
    """Bytes of the requests."""


Counts = dict[str, Count]
"""By path: /mcpserver/sync."""


def since(before: Counts, now: Counts) -> dict[str, dict[str, int]]:
    """The calls between two counts, as JSON has them."""
    added = {}
    for path, count in now.items():
        earlier = before.get(path, Count())
        if count.calls > earlier.calls:
            added[path] = {"calls": count.calls - earlier.calls, "sent": count.sent - earlier.sent}
    return added


def placeholder() -> Wsgi:
    """The placeholder."""
    return _counted(floor.app())


def looking() -> Wsgi:
    """The placeholder that asks for the same related objects as ours."""
    return _counted(floor.app(with_our_rules=True))


def _counted(app: Flask) -> Wsgi:
    """The application, each call of which becomes a line of a file, whole, whichever worker writes it."""
    file = os.open(os.environ[COUNTS], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            os.write(file, f"{environ['PATH_INFO']} {environ['CONTENT_LENGTH']}\n".encode())
        return app(environ, start_response)

    return call


def nothing() -> Flask:
    """A route that reads the body and returns a constant."""
    app = Flask("nothing")

    def answer(path: str) -> str:
        request.get_data(cache=False)
        return "{}"

    app.add_url_rule("/<path:path>", "answer", answer, methods=["GET", "POST"])
    return app


def command(app: str, port: int, workers: int) -> list[str | Path]:
    """gunicorn with one of these applications, set up as `toolhive-hooks serve` sets it up."""
    options = [f"--bind=127.0.0.1:{port}", f"--workers={workers}", "--threads=4", "--worker-class=gthread"]
    run = [sys.executable, "-m", "gunicorn", f"--chdir={ROOT}", "--keep-alive=95", "--no-control-socket"]
    return [*run, *options, f"tests.bench.served:{app}()"]


def written(file: Path) -> Counts:
    """The placeholder's calls so far."""
    counts: Counts = {}
    for line in file.read_text().splitlines():
        path, sent = line.split()
        before = counts.get(path, Count())
        counts[path] = Count(before.calls + 1, before.sent + int(sent))
    return counts


def exported(metrics: dict[str, float]) -> Counts:
    """Our hooks' calls so far, by the metrics that they export."""
    found = {(m[3], m[2], m[1]): int(value) for series, value in metrics.items() if (m := _SERIES.fullmatch(series))}
    return {
        f"/{kind}/{hook}": Count(calls, found[kind, hook, "sum"])
        for (kind, hook, what), calls in found.items()
        if what == "count" and calls
    }
