"""What a cluster feels: 200 recorded requests a second over 50 connections, to hooks with the settings that they have.

Each request has its time, whether earlier ones are answered or not, and its wait counts from that time. A route that
does nothing is called in the same way, by turns.
"""

from __future__ import annotations

import argparse
import selectors
import socket
import sys
import time
from collections import deque
from typing import Any

from tests.bench import served
from tests.bench.http import is_whole, milliseconds, requests, serving
from tests.controlplane.processes import free_port
from tests.served import MALLOC
from tests.taken import processor_seconds

CONNECTIONS = 50
RATE = 200
WORKERS = 2


def steady(port: int, seconds: float, sent: list[bytes]) -> list[float]:
    """Call so many times a second for so long; return how long each answer took to come."""
    took: list[float] = []
    due: deque[float] = deque()
    with selectors.DefaultSelector() as ready:
        free: deque[tuple[socket.socket, dict[str, Any]]] = deque()
        for _ in range(CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            state: dict[str, Any] = {"got": b""}
            ready.register(connection, selectors.EVENT_READ, state)
            free.append((connection, state))
        began, planned, calls = time.perf_counter(), 0, 0
        total = int(seconds * RATE)
        while len(took) < total:
            now = time.perf_counter()
            while planned < total and began + planned / RATE <= now:
                due.append(began + planned / RATE)
                planned += 1
            while due and free:
                connection, state = free.popleft()
                state |= {"due": due.popleft(), "got": b""}
                connection.sendall(sent[calls % len(sent)])
                calls += 1
            for key, _ in ready.select(max(began + planned / RATE - time.perf_counter(), 0) if planned < total else 1):
                state, connection = key.data, key.fileobj  # type: ignore[assignment]
                state["got"] += connection.recv(1 << 20)
                if is_whole(state["got"]):
                    assert state["got"].startswith(b"HTTP/1.1 200 "), state["got"][:500]
                    took.append(time.perf_counter() - state["due"])
                    free.append((connection, state))
        for key in list(ready.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="of each round")
    options = parser.parse_args()
    ports, probes = {"hooks": free_port(), "nothing": free_port()}, free_port()
    settings = {"TOOLHIVE_HOOKS_BIND": f"127.0.0.1:{ports['hooks']}", "TOOLHIVE_HOOKS_WORKERS": str(WORKERS), **MALLOC}
    settings |= {"TOOLHIVE_HOOKS_PROBES_BIND": f"127.0.0.1:{probes}"}
    nothing = served.command("nothing", ports["nothing"], workers=WORKERS)
    sent = requests()
    with (
        serving([sys.executable, "-m", "hooks", "serve"], probes, settings) as ours_pid,
        serving(nothing, ports["nothing"], MALLOC) as nothing_pid,
    ):
        pids = {"hooks": ours_pid, "nothing": nothing_pid}
        for name in ("nothing", "hooks", "nothing", "hooks"):
            before = processor_seconds(pids[name])
            took = steady(ports[name], options.seconds, sent)
            cpu = (processor_seconds(pids[name]) - before) / len(took)
            figures = {f"p{percent} ms": round(milliseconds(took, percent), 1) for percent in (50, 99)}
            print({"route": name, "calls/s": RATE, **figures, "CPU ms/call": round(cpu * 1000, 2)}, flush=True)


if __name__ == "__main__":
    main()
