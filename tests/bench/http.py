"""What the served hooks answer over HTTP, as a share of what the same gunicorn answers with a route that does nothing.

Beside them runs the placeholder: a hook that reads its request and writes objects, and checks nothing. Each has one
worker. All are called by turns with recorded requests over connections that stay open, as Metacontroller's do. The
callers are processes of their own, so that they don't wait for one another.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.bench import served
from tests.controlplane import eventually
from tests.controlplane.assets import ROOT
from tests.controlplane.processes import answers, free_port
from tests.payloads.test_recorded import RECORDED, ours
from tests.served import MALLOC
from tests.taken import processor_seconds
from tests.world import written

CONNECTIONS = (1, 8, 32)
ROUNDS = 5
"""Of each, by turns: the best counts, as the least disturbed."""
CALLERS = 2


def requests() -> list[bytes]:
    """Every recorded request, head and body, as it goes over the wire."""
    found = []
    for path in RECORDED:
        url, request = ours(path)
        found.append(post(url, written(request)))
    return found


def post(url: str, body: bytes) -> bytes:
    """A call, head and body."""
    head = f"POST {url} HTTP/1.1\r\nHost: hooks\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n".encode() + body


def load(port: int, connections: int, seconds: float, sent: list[bytes]) -> tuple[float, list[float]]:
    """Call over so many connections for so long; return calls a second and how long each call took."""
    callers = min(CALLERS, connections)
    with multiprocessing.Pool(callers) as pool:
        share = [connections // callers + (number < connections % callers) for number in range(callers)]
        results = pool.starmap(_call, [(port, count, seconds, sent) for count in share])
    times = [took for result in results for took in result]
    return len(times) / seconds, times


def _call(port: int, connections: int, seconds: float, sent: list[bytes]) -> list[float]:
    """One caller: a request at a time on each of its connections, the next as soon as the answer is there."""
    took: list[float] = []
    with selectors.DefaultSelector() as ready:
        for number in range(connections):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            state = {"next": number, "began": time.perf_counter(), "got": b""}
            ready.register(connection, selectors.EVENT_READ, state)
            connection.sendall(sent[number % len(sent)])
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            for key, _ in ready.select(1):
                state, connection = key.data, key.fileobj
                state["got"] += connection.recv(1 << 20)  # type: ignore[union-attr]
                if not is_whole(state["got"]):
                    continue
                assert state["got"].startswith(b"HTTP/1.1 200 "), state["got"][:500]
                now = time.perf_counter()
                took.append(now - state["began"])
                state.update(next=state["next"] + 1, began=now, got=b"")
                connection.sendall(sent[state["next"] % len(sent)])  # type: ignore[union-attr]
        for key in list(ready.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
    return took


def is_whole(answer: bytes) -> bool:
    """Whether all of an answer is there: its head says how long it is."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert answer, "the server closed the connection"
    length = next((line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), None)
    return length is not None and len(rest) >= int(length.split(b":")[1])


@contextmanager
def serving(command: list[str | Path], port: int, env: dict[str, str]) -> Iterator[int]:
    """A server for as long as the block: its process id."""
    process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: answers(port, "/healthz"), 60)
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


def milliseconds(times: list[float], percent: int) -> float:
    """A percentile of the times."""
    return statistics.quantiles(times, n=100)[percent - 1] * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3, help="of each round")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    sent, figures = requests(), []
    with ExitStack() as stack:
        servers = {
            "hooks": _hooks(stack),
            "placeholder": _other(stack, "placeholder"),
            "nothing": _other(stack, "nothing"),
        }
        for connections in CONNECTIONS:
            figures += _compared(servers, connections, options.seconds, sent)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def _hooks(stack: ExitStack) -> tuple[int, int]:
    """Serve our hooks; return the port and the process id."""
    port, probes = free_port(), free_port()
    settings = {"TOOLHIVE_HOOKS_BIND": f"127.0.0.1:{port}", "TOOLHIVE_HOOKS_LOG_FORMAT": "json"}
    settings |= {"TOOLHIVE_HOOKS_WORKERS": "1", "TOOLHIVE_HOOKS_PROBES_BIND": f"127.0.0.1:{probes}", **MALLOC}
    return port, stack.enter_context(serving([sys.executable, "-m", "hooks", "serve"], probes, settings))


def _other(stack: ExitStack, app: str) -> tuple[int, int]:
    """Serve one of those that ours is compared with."""
    port, folder = free_port(), stack.enter_context(tempfile.TemporaryDirectory())
    env = {served.COUNTS: f"{folder}/calls", **MALLOC}
    return port, stack.enter_context(serving(served.command(app, port, workers=1), port, env))


def _compared(
    servers: dict[str, tuple[int, int]], connections: int, seconds: float, sent: list[bytes]
) -> list[dict[str, Any]]:
    """Call all of them by turns; return and print a row for each, beside the route that does nothing."""
    best: dict[str, tuple[float, list[float]]] = {}
    cost = dict.fromkeys(servers, math.inf)
    for _ in range(ROUNDS):
        for name, (port, pid) in servers.items():
            before = processor_seconds(pid)
            rate, times = load(port, connections, seconds, sent)
            cost[name] = min(cost[name], (processor_seconds(pid) - before) / len(times))
            best[name] = max(best.get(name, (0, [])), (rate, times))
    rows = []
    for name, (rate, times) in best.items():
        row: dict[str, Any] = {"connections": connections, "route": name, "calls/s": round(rate)}
        row |= {f"p{percent} ms": round(milliseconds(times, percent), 2) for percent in (50, 99)}
        row |= {"CPU us/call": round(cost[name] * 1e6), "share": round(rate / best["nothing"][0], 2)}
        row["share by CPU"] = round(cost["nothing"] / cost[name], 2)
        rows.append(row)
        print(row, flush=True)
    return rows


if __name__ == "__main__":
    main()
