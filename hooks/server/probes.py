"""The second port: probes and metrics, plain HTTP, without token or client certificate, since kubelets have none."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from flask import Flask, Response

from hooks.server.metrics import CONTENT_TYPE, Metrics


def create_probes(metrics: Metrics, draining: Callable[[], bool]) -> Flask:
    """The application of the second port: /healthz, /readyz and /metrics.

    Args:
        metrics: this process's metrics.
        draining: whether the server is about to stop; it is not ready then.
    """
    app = Flask("probes", static_folder=None)
    app.add_url_rule("/healthz", "healthz", lambda: _text("ok", 200))
    app.add_url_rule("/readyz", "readyz", lambda: _text("stopping", 503) if draining() else _text("ok", 200))
    app.add_url_rule("/metrics", "metrics", lambda: Response(metrics.exposition(), content_type=CONTENT_TYPE))
    return app


def serve_probes(app: Flask, listener: socket.socket) -> None:
    """Answer on a listening socket from a thread of this process, beside the hooks.

    Each worker does so on the one socket that they share. So a probe is answered while all hook threads are busy, and
    is not when no worker lives.
    """
    server = _Server(listener)
    server.set_app(app)
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()


class _Server(ThreadingMixIn, WSGIServer):
    """The standard library's, as prometheus-client has it: kubelets and Prometheus come seldom and few."""

    daemon_threads = True

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = listener.getsockname()[:2]
        self.setup_environ()


class _Handler(WSGIRequestHandler):
    timeout = 5
    """Seconds without a byte after which a connection is closed."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Log no access."""


def _text(text: str, code: int) -> Response:
    return Response(f"{text}\n", code, content_type="text/plain; charset=utf-8")
