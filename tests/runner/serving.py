"""A Flask application on a port of loopback, for as long as a block."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.background import serving_in_background

NODE_PORTS = range(30_000, 32_768)
"""For a target port among these, runner 0.44.0 asks for a Service that the API server refuses."""


@contextmanager
def serving(app: Flask, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve the application; gives the port, which the kernel picks."""
    refused = []
    while True:
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet, ssl_context=tls)
        if server.port not in NODE_PORTS:
            break
        refused.append(server)
    for other in refused:
        other.server_close()
    with serving_in_background(server, app.name):
        yield server.port


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: what comes in is recorded by the applications."""
