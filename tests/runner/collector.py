"""An OpenTelemetry collector on loopback that notes what it is sent, and with which headers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, request

from tests.runner.serving import serving

Received = tuple[str | None, ...]
"""A kind of signal (`traces`, `metrics`), and the values of the headers that are asked for."""


@contextmanager
def collector(*headers: str) -> Iterator[tuple[str, list[Received]]]:
    """Serve for as long as the block: the collector's address, and what it has received."""
    app = Flask("collector")
    received: list[Received] = []

    @app.post("/v1/<signal>")
    def take(signal: str) -> str:
        received.append((signal, *(request.headers.get(header) for header in headers)))
        return ""

    with serving(app) as port:
        yield f"http://127.0.0.1:{port}", received
