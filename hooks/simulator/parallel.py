"""The rounds of a large run, shared among several processes.

No object refers to one of another namespace: so a namespace settles in the same way in any process.
"""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

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
        settle: a function that other processes can import.
        processes: how many there may be; this process does all by itself where it can have no others.

    Raises:
        ProcessLost: one of them was killed.
    """
    shares = _shares(objects)
    with _workers(settle, min(processes, len(shares))) as workers:
        if not workers:
            for share in shares:
                yield from settle(share)
            return
        for connection in workers:
            connection.send(shares.pop(0))
        busy = set(workers)
        while busy:
            for connection in busy & set(wait(busy)):
                done = connection.recv()
                if shares:
                    connection.send(shares.pop(0))
                else:
                    busy.remove(connection)
                yield from done


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


@contextmanager
def _workers(settle: Settle, count: int) -> Iterator[list[Connection]]:
    """Start processes, and end them after use. There are fewer, or none, where the system allows no more."""
    if count == 1:  # this process can do as much
        yield []
        return
    workers: dict[Connection, BaseProcess] = {}
    try:
        with suppress(OSError), _interrupts_held():
            for _ in range(count):
                connection, process = _started(settle)
                workers[connection] = process
        yield list(workers)
    except BaseException as error:
        for process in workers.values():
            process.terminate()
        if isinstance(error, EOFError | OSError):
            raise ProcessLost from None
        raise
    finally:
        for connection, process in workers.items():
            connection.close()
            process.join()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back. Processes inherit this for good: it reaches this one alone, which ends the others."""
    resource_tracker.ensure_running()  # it is started with the first process, and would let Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _started(settle: Settle) -> tuple[Connection, BaseProcess]:
    # Not by fork: on macOS a forked process may crash.
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    with theirs:
        process = context.Process(target=_work, args=(theirs, settle), daemon=True)
        process.start()
    return ours, process


def _work(connection: Connection, settle: Settle) -> None:
    """Settle what arrives, until this process is needed no longer or its parent process has ended."""
    with suppress(EOFError, OSError):
        while True:
            connection.send(list(settle(connection.recv())))
