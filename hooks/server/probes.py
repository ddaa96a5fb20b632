"""The second port: probes and metrics, plain HTTP, without token or client certificate, since kubelets have none."""

from __future__ import annotations

import socket
import threading
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from flask import Flask, Response

from hooks.server.app import plain_text
from hooks.server.metrics import CONTENT_TYPE, Metrics
from hooks.server.worker import Watchdog

PROBE_SECONDS = 5
"""How long a request and its answer may take: as long as a kubelet waits."""


def create_probes(metrics: Metrics) -> Flask:
    """Make the application of the second port: /healthz, /readyz and /metrics."""
    app = Flask("probes", static_folder=None)
    app.add_url_rule("/healthz", "healthz", lambda: plain_text("ok", 200))
    app.add_url_rule("/readyz", "readyz", lambda: plain_text("ok", 200))
    app.add_url_rule("/metrics", "metrics", lambda: Response(metrics.exposition(), content_type=CONTENT_TYPE))
    return app


def serve_probes(app: Flask, listener: socket.socket, watchdog: Watchdog, connections: int) -> None:
    """Answer on a listening socket from threads of this process, beside the hooks.

    Each worker does so on the one socket that they share. So a probe is answered while all hook threads are busy, and
    is not when no worker lives.

    Args:
        app: what answers.
        listener: the socket.
        watchdog: bounds the time of a request.
        connections: bound on those at a time; a further one is closed.
    """
    server = _Server(listener, watchdog, connections)
    server.set_app(app)
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()


class _Server(ThreadingMixIn, WSGIServer):
    """The standard library's, as prometheus-client has it: kubelets and Prometheus come seldom and few."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, watchdog: Watchdog, connections: int) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = listener.getsockname()[:2]
        self.setup_environ()
        self._watchdog = watchdog
        self._free = threading.BoundedSemaphore(connections)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no more threads
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def finish_request(self, request: Any, client_address: Any) -> None:
        with self._watchdog.watch(lambda: request, PROBE_SECONDS):
            super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log nothing about a client that leaves or is too slow."""


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Log no access."""
