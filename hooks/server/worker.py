"""gunicorn's threaded worker, with a bound on how long a request may take.

A thread reads and answers one request at a time, and a slow client keeps it. So there are many threads (each takes some
30 KiB), and each request has a deadline: gunicorn itself would wait for ever for the rest of one.
"""

from __future__ import annotations

import errno
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from hooks.server.metrics import Metrics

HEAD_SECONDS = 6
"""How long TLS handshake and head may take. gunicorn waits for a first byte for 5 seconds; a connection that has sent
none by then waits on without a thread."""

CALL_SECONDS = 15
"""How long body and answer may take after that; Metacontroller waits for 10."""

_TICK_SECONDS = 0.5


class Worker(ThreadWorker):
    """gunicorn's threaded worker; its app has a watchdog and the metrics."""

    app: Any

    def handle(self, conn: TConn) -> Any:
        """Read and answer one request of a connection, in a thread of the pool."""
        metrics: Metrics = self.app.metrics
        # The socket is looked up when it is needed: TLS puts another one in its place.
        with metrics.request_in_flight(), self.app.watchdog.watch(lambda: conn.sock, HEAD_SECONDS):
            return super().handle(conn)


@dataclass(slots=True)
class _Watched:
    """The request that a thread is at."""

    began: float
    deadline: float
    connection: Callable[[], socket.socket]


class Watchdog:
    """Closes the connections of requests that take too long, from a thread of its own."""

    def __init__(self, timed_out: Callable[[], None]) -> None:
        """Watch nothing yet.

        Args:
            timed_out: is called for each connection that is closed.
        """
        self._timed_out = timed_out
        self._requests: dict[int, _Watched] = {}
        """By thread."""
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin; called in each worker."""
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    @contextmanager
    def watch(self, connection: Callable[[], socket.socket], seconds: float) -> Iterator[None]:
        """Close a connection if the block takes too long; the thread that reads from it or writes to it meets the end.

        Args:
            connection: returns its socket.
            seconds: what it may take.
        """
        thread, now = threading.get_ident(), time.monotonic()
        with self._lock:
            self._requests[thread] = _Watched(now, now + seconds, connection)
        try:
            yield
        finally:
            with self._lock:  # so that no socket is closed that is another one's by now
                del self._requests[thread]

    def extend(self, seconds: float) -> None:
        """Give the request of this thread so much time from now on."""
        self._requests[threading.get_ident()].deadline = time.monotonic() + seconds

    def began(self) -> float:
        """When this thread took up its request, by time.monotonic."""
        return self._requests[threading.get_ident()].began

    def _run(self) -> None:
        while True:
            time.sleep(_TICK_SECONDS)
            with self._lock:
                self._close_overdue(time.monotonic())

    def _close_overdue(self, now: float) -> None:
        for request in self._requests.values():
            if request.deadline < now and _close(request.connection()):
                request.deadline = math.inf
                self._timed_out()


def _close(connection: socket.socket) -> bool:
    """Close both directions, or return False if it has to be tried again."""
    try:
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # not SSLSocket's own, which forgets TLS before that
    except OSError as error:
        return error.errno != errno.EBADF  # a TLS socket is about to take its place
    return True
