"""What the benchmarks serve with gunicorn: applications whose calls are counted, and one that does nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask, request

from hooks.controllers.controller import Config
from hooks.server.app import create_app
from tests.bench import placeholder as floor

COUNTS = "BENCH_COUNTS"
"""The variable that names the file in which calls are written down."""
ROOT = Path(__file__).resolve().parents[2]

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def ours() -> Wsgi:
    """The hooks, counted."""
    return _counted(create_app(Config(digest_key=b"the installation's key")))


def placeholder() -> Wsgi:
    """The placeholder, counted."""
    return _counted(floor.app())


def nothing() -> Flask:
    """A route that reads the body and returns a constant."""
    app = Flask("nothing")

    def answer(path: str) -> str:
        request.get_data(cache=False)
        return "{}"

    app.add_url_rule("/<path:path>", "answer", answer, methods=["GET", "POST"])
    return app


def command(app: str, port: int, workers: int = 2, threads: int = 4) -> list[str | Path]:
    """gunicorn with one of these applications, set up as `toolhive-hooks serve` sets it up."""
    options = [f"--bind=127.0.0.1:{port}", f"--workers={workers}", f"--threads={threads}", "--worker-class=gthread"]
    run = [sys.executable, "-m", "gunicorn", f"--chdir={ROOT}", "--keep-alive=95", "--no-control-socket"]
    return [*run, *options, f"tests.bench.served:{app}()"]


class Count(NamedTuple):
    """Hook calls of one kind."""

    calls: int = 0
    sent: int = 0
    """Bytes of the requests."""
    answered: int = 0
    """Bytes of the answers."""


def counts(file: Path, since: int = 0) -> dict[str, Count]:
    """The calls that a counted application wrote down from a position of the file on, by path."""
    found: dict[str, Count] = {}
    with file.open("rb") as lines:
        lines.seek(since)
        for line in lines:
            path, sent, answered = line.split()
            count = found.get(path.decode(), Count())
            found[path.decode()] = Count(count.calls + 1, count.sent + int(sent), count.answered + int(answered))
    return found


def _counted(app: Flask) -> Wsgi:
    """The application; each call becomes a line of a file, whole, whichever worker writes it."""
    file = os.open(os.environ[COUNTS], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        answer = b"".join(app(environ, start_response))
        if environ["REQUEST_METHOD"] == "POST":
            os.write(file, f"{environ['PATH_INFO']} {environ.get('CONTENT_LENGTH') or 0} {len(answer)}\n".encode())
        return [answer]

    return call
