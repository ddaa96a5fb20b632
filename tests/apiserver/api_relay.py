"""A relay before the API server: it sees what a client asks, and can end the client or go away at one of its writes."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.background import serving_in_background
from tests.controlplane import ControlPlane

READING = ("GET", "HEAD")


class ApiRelay:
    """Passes requests on, and calls `before_answer` with the number of each write that the API server has done."""

    def __init__(self, cluster: ControlPlane, directory: Path, before_answer: Callable[[int], None]) -> None:
        self.cluster, self.before_answer = cluster, before_answer
        self.reads: list[str] = []
        self.writes: list[str] = []
        """The path of each read; method and path of each write."""
        self.answers: list[bytes] = []
        """What reads were answered."""
        self.away = False
        """Whether it answers no more."""
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.relay = self
        self.kubeconfig = directory / "kubeconfig"
        config = json.loads(cluster.kubeconfig().read_text())
        config["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{self.server.server_address[1]}"}
        self.kubeconfig.write_text(json.dumps(config))

    def done(self, method: str, path: str) -> None:
        if method in READING:
            self.reads.append(path)
            return
        self.writes.append(f"{method} {path}")
        self.before_answer(len(self.writes))


@contextmanager
def api_relay(
    cluster: ControlPlane, directory: Path, before_answer: Callable[[int], None] = lambda _: None
) -> Iterator[ApiRelay]:
    """A relay for as long as the block."""
    relay = ApiRelay(cluster, directory, before_answer)
    with serving_in_background(relay.server, "api relay"):
        yield relay


class _Server(ThreadingHTTPServer):
    relay: ApiRelay
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def relayed(self) -> None:
        relay = self.server.relay
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kept = ("Authorization", "Content-Type", "Accept")
        headers = {name: self.headers[name] for name in kept if name in self.headers}
        connection = relay.cluster.connection()
        try:
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            status, answer = response.status, response.read()
        finally:
            connection.close()
        if self.command in READING:
            relay.answers.append(answer)
        relay.done(self.command, self.path)
        if relay.away:
            self.close_connection = True
            return
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        except (OSError, http.client.HTTPException):
            self.close_connection = True  # the client is gone

    do_GET = do_PATCH = do_PUT = do_POST = do_DELETE = relayed  # noqa: N815  # the base class's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Keep quiet."""
