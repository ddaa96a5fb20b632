"""A relay before the hooks: it counts the calls (who was asked what, how it was answered), and fails when told to."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.background import serving_in_background
from tests.leaks import leaked, secret_values


@dataclass(frozen=True)
class Call:
    """One hook call."""

    kind: str
    hook: str
    parent: str
    """namespace/name of the parent."""
    code: int
    sent: int
    """Bytes of the request's body."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong between Metacontroller and the hooks."""

    answer: tuple[int, bytes] | None = None
    """Code and body that are sent in place of the hooks' own."""
    delay: float = 0
    """Seconds before anything is sent."""
    cut: bool = False
    """Whether the connection ends in the middle of the body."""


class Relay:
    """Passes each call on to the hooks and writes it down."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.fault = Fault()
        self._calls: list[Call] = []
        self.leaks: list[str] = []
        """Calls whose answer held a secret value."""
        self.secrets: set[bytes] = set()
        """Every secret value that the hooks were sent."""
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.relay = self
        self.port: int = self._server.server_address[1]

    def calls(self, *, since: int = 0, kind: str | None = None, hook: str | None = None) -> list[Call]:
        """The calls so far, from a `position` on."""
        with self._lock:
            calls = self._calls[since:]
        return [call for call in calls if kind in {None, call.kind} and hook in {None, call.hook}]

    def position(self) -> int:
        """Where the record stands."""
        return len(self.calls())

    def record(self, path: str, body: bytes, code: int, answer: bytes) -> None:
        request = json.loads(body)
        metadata = request["parent"]["metadata"]
        values = secret_values(request)
        _, kind, hook = path.partition("?")[0].split("/")
        call = Call(kind, hook, f"{metadata['namespace']}/{metadata['name']}", code, len(body))
        with self._lock:
            self._calls.append(call)
            self.secrets.update(values)
            if leaked(values, answer.decode()):
                self.leaks.append(f"{path} {call.parent}")

    @contextmanager
    def failing(self, fault: Fault) -> Iterator[None]:
        """Fail in this way for as long as the block."""
        self.fault = fault
        try:
            yield
        finally:
            self.fault = Fault()

    @contextmanager
    def running(self) -> Iterator[Relay]:
        """Serve for as long as the block."""
        with serving_in_background(self._server, "relay"):
            yield self


class _Server(ThreadingHTTPServer):
    relay: Relay
    daemon_threads = True
    block_on_close = False  # Metacontroller keeps its connections open


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        fault = self.server.relay.fault
        body = self.rfile.read(int(self.headers["Content-Length"]))
        code, answer = fault.answer or self._ask(body)
        self.server.relay.record(self.path, body, code, answer)
        time.sleep(fault.delay)
        self.close_connection = fault.cut
        with suppress(OSError):  # Metacontroller has gone, or has waited long enough
            self.send_response(code)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer[: len(answer) // 2] if fault.cut else answer)

    def _ask(self, body: bytes) -> tuple[int, bytes]:
        """The hooks' answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.relay.target, timeout=30)
        try:
            connection.request("POST", self.path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            return 502, type(error).__name__.encode()
        finally:
            connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Keep quiet."""
