"""The second port: probes and metrics, plain HTTP, without token or client certificate, since kubelets have none."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from flask import Flask, Response

from hooks.server.app import plain_text
from hooks.server.metrics import CONTENT_TYPE, Metrics


def create_probes(metrics: Metrics, draining: Callable[[], bool]) -> Flask:
    """The application of the second port: /healthz, /readyz and /metrics.

    Args:
        metrics: this process's metrics.
        draining: whether the server is about to stop; it is not ready then.
    """
    app = Flask("probes", static_folder=None)

    def healthz() -> Response:
        return plain_text("ok", 200) if metrics.can_be_written() else plain_text("the folder for metrics is gone", 500)

    def readyz() -> Response:
        return plain_text("stopping", 503) if draining() else healthz()

    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)
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
    most = 32
    """Connections at a time; a further one is closed."""

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = listener.getsockname()[:2]
        self.setup_environ()
        self._free = threading.BoundedSemaphore(self.most)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that goes away or stays silent."""


class _Handler(WSGIRequestHandler):
    timeout = 5
    """Seconds without a byte after which a connection is closed."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Log no access."""
