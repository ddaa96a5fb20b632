"""Clients that mean no good: many connections that send a little, and come again when they are cut off."""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.controlplane import eventually

HEAD = b"POST /mcpserver/sync HTTP/1.1\r\nHost: x\r\nX: "
"""Of a request, without its end."""


@contextmanager
def slow_clients(port: int, count: int, first: bytes = b"", then: bytes = b"") -> Iterator[None]:
    """So many clients for as long as the block.

    Args:
        port: of the server.
        count: how many.
        first: what each sends at once.
        then: what each sends twice a second after that.
    """
    done, connected = threading.Event(), threading.Event()

    def run() -> None:
        connections: set[socket.socket] = set()
        while not done.is_set():
            while len(connections) < count and (connection := _connection(port, first)):
                connections.add(connection)
            if len(connections) == count:
                connected.set()
            connections -= {connection for connection in connections if not _goes_on(connection, then)}
            done.wait(0.5)
        for connection in connections:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert connected.wait(60)
        yield
    finally:
        done.set()
        thread.join()


def _connection(port: int, first: bytes) -> socket.socket | None:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)  # so little is on its way to a slow reader
    connection.settimeout(2)
    try:
        connection.connect(("127.0.0.1", port))
        connection.sendall(first)
    except OSError:
        connection.close()
        return None
    connection.setblocking(False)
    return connection


def _goes_on(connection: socket.socket, then: bytes) -> bool:
    """Send more; whether the server still has the connection."""
    try:
        connection.send(then)
        if connection.recv(100):
            return True
    except BlockingIOError:
        return True
    except OSError:
        pass
    connection.close()
    return False


def seconds(call: Callable[[], object], times: int = 7) -> float:
    """How long a call takes: the median, since the machine is busy with others' work too."""
    took = []
    for _ in range(times):
        began = time.monotonic()
        call()
        took.append(time.monotonic() - began)
    return statistics.median(took)


def all_there(metrics: Callable[[], dict[str, float]], count: int) -> None:
    """Wait until the server has taken up the requests of so many clients."""
    eventually(lambda: metrics()["toolhive_hooks_requests_in_flight"] >= count)
