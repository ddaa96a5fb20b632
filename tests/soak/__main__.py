"""Call a server for a while, at a bounded rate over a few kept connections, and see whether its processes grow.

It ends with 1 when an answer isn't the expected one, when a worker is gone or new, or when the memory of a worker isn't
flat. Flat is: the median of its resident memory in the last quarter of the run is at most FLAT_KIB above the median in
the second quarter. The first quarter is warm-up: caches fill then, and the heap takes its size.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.controlplane import eventually
from tests.served import Served, post, served
from tests.soak.calls import calls
from tests.taken import children, memory

WORKERS = 2
CONNECTIONS = 8
FLAT_KIB = 2048
SHOWN = 20


@dataclass
class Record:
    """What happened."""

    codes: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    late: float = 0
    """The most seconds that a call was sent after its time."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, code: int, fault: str | None, late: float) -> None:
        """Take down one answer."""
        with self.lock:
            self.codes[code] += 1
            self.late = max(self.late, late)
            self.faults += [fault] if fault else []


def load(port: int, mine: int, rate: float, seconds: float, record: Record) -> None:
    """Send every CONNECTIONS-th call over one connection, each at its time."""
    what = calls()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    began, number = time.monotonic(), mine
    while number / rate < seconds:
        due = began + number / rate
        time.sleep(max(due - time.monotonic(), 0))
        late, call = time.monotonic() - due, what[number % len(what)]
        try:
            code, text = post(connection, call.path, call.body)
            record.add(code, call.fault(code, text), late)
        except (OSError, http.client.HTTPException, ValueError) as error:  # the last: an answer that is no JSON
            record.add(0, f"{call.name}: {type(error).__name__} {error}", late)
            connection.close()
        number += CONNECTIONS
    connection.close()


def workers(server: Served) -> dict[int, int]:
    """Resident memory of each worker in KiB, by process id."""
    return {pid: memory(pid) // 1024 for pid in children(server.process.popen.pid)}


def watch(server: Served, seconds: float) -> list[tuple[float, dict[int, int]]]:
    """The workers' memory, twice a second."""
    began, seen = time.monotonic(), []
    while (now := time.monotonic() - began) < seconds:
        seen.append((now, workers(server)))
        time.sleep(0.5)
    return seen


def verdict(seen: list[tuple[float, dict[int, int]]]) -> tuple[list[str], list[str]]:
    """A line for each worker, and what is wrong."""
    lines = [f"{'worker':>8} {'start':>10} {'2nd quarter':>12} {'last quarter':>13} {'end':>10}   slope after warm-up"]
    wrong = []
    pids = set(seen[0][1])
    if any(set(memory) != pids for _, memory in seen):
        wrong.append(f"the workers changed: {sorted({pid for _, memory in seen for pid in memory})}")
    quarter = len(seen) // 4
    for pid in sorted(pids & set(seen[-1][1])):
        times, sizes = [at for at, _ in seen], [memory.get(pid, 0) for _, memory in seen]
        second, last = statistics.median(sizes[quarter : 2 * quarter]), statistics.median(sizes[-quarter:])
        slope = statistics.linear_regression(times[quarter:], sizes[quarter:]).slope * 60
        lines.append(
            f"{pid:>8} {mib(sizes[0])} {mib(second):>12} {mib(last):>13} {mib(sizes[-1])}   {slope:+.0f} KiB/minute"
        )
        if last - second > FLAT_KIB:
            wrong.append(f"worker {pid} grew by {mib(last - second).strip()} after warm-up")
    return lines, wrong


def mib(kib: float) -> str:
    return f"{kib / 1024:.1f} MiB".rjust(10)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=float, default=50, help="calls a second")
    options = parser.parse_args()
    record = Record()
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), {"TOOLHIVE_HOOKS_WORKERS": str(WORKERS)}) as server,
    ):
        eventually(lambda: len(workers(server)) == WORKERS)  # one is enough to be ready
        threads = [
            threading.Thread(target=load, args=(server.port, number, options.rate, options.seconds, record))
            for number in range(CONNECTIONS)
        ]
        for thread in threads:
            thread.start()
        seen = watch(server, options.seconds)
        for thread in threads:
            thread.join()
        log = server.process.log.read_text().splitlines()
    lines, wrong = verdict(seen)
    codes = ", ".join(f"{count} x {code}" for code, count in sorted(record.codes.items()))
    print(f"{record.codes.total()} calls of {len(calls())} sorts over {CONNECTIONS} connections: {codes}")
    print(f"{len(record.faults)} answers were not as expected; a call was sent at most {record.late:.2f} s late")
    print("\n".join([*lines, *record.faults[:SHOWN], *wrong]))
    if record.faults or wrong:
        print("\n".join(line for line in log if 'hook call"' not in line))
    print("NOT GOOD" if record.faults or wrong else "good: no unexpected answer, and the memory of each worker is flat")
    return 1 if record.faults or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
