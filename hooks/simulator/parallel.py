"""The rounds of a large run, shared among several processes.

No object refers to one of another namespace: so a namespace settles in the same way in any process.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process

from hooks.kubernetes.objects import Object
from hooks.simulator.run import Settle, Settled

MAX_PROCESSES = 4
"""More of them would save little, since one process alone reads the files; and each needs 80 MiB."""
SHARE = 100
"""How many objects a process gets at once, or one namespace if that has more."""


class ProcessLost(RuntimeError):
    """A process ended before it was done: most likely the system killed it, which lacked memory."""

    def __str__(self) -> str:
        """Say what to do."""
        return "a process of this run was killed: give the run more memory, or fewer files at once"


def usable_processes() -> int:
    """Return how many processes a run may use: one for each processor that it may run on."""
    affinity = getattr(os, "sched_getaffinity", None)  # macOS has none
    return min(len(affinity(0)) if affinity else os.cpu_count() or 1, MAX_PROCESSES)


def settled_in_processes(objects: Iterable[Object], settle: Settle, processes: int) -> Iterator[Settled]:
    """Settle objects in several processes, and return each parent as soon as its share is done.

    Args:
        objects: admitted ones, of any number of namespaces.
        settle: a function that other processes can import, whose result can be pickled.
        processes: how many there may be; this process does all by itself where the system allows no others.

    Raises:
        ProcessLost: one of them was killed.
    """
    shares = _shares(objects)
    pool = _pool(processes)
    if pool is None:
        for share in shares:
            yield from settle(share)
        return
    try:
        with pool:
            for done in pool.map(settle, shares):
                yield from done
    except BrokenProcessPool:
        raise ProcessLost from None


def _shares(objects: Iterable[Object]) -> list[list[Object]]:
    """Divide objects into shares, the largest namespaces first: then all processes end at about the same time."""
    namespaces: dict[str, list[Object]] = defaultdict(list)
    for obj in objects:
        namespaces[obj["metadata"]["namespace"]].append(obj)
    shares: list[list[Object]] = [[]]
    for namespace in sorted(namespaces.values(), key=len, reverse=True):
        if len(shares[-1]) >= SHARE:
            shares.append([])
        shares[-1] += namespace
    return shares


def _pool(processes: int) -> ProcessPoolExecutor | None:
    """Return the processes, or None where one is enough, or where a sandbox has no semaphores for them to share."""
    if processes == 1:
        return None
    try:
        # Not by fork: on macOS a forked process may crash.
        return ProcessPoolExecutor(processes, get_context("spawn"), _begin)
    except (ImportError, NotImplementedError, OSError):
        return None


def _begin() -> None:
    """Leave Ctrl-C to the process that began the run, and end with it: a killed one can't end the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent:
        parent.join()
    os._exit(1)
