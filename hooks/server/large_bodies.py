"""Large bodies, one at a time: reading one takes up to 30 times its size in memory."""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

LARGE_BODY = 256 << 10
"""Bytes of a body from which on it counts as large."""

RETRY_AFTER_SECONDS = 3
"""When a caller may come again that was refused. Metacontroller waits so long, and writes no Event."""

_PLACES = 2
"""Large calls at once, over all workers: one is answered, another one waits."""

_PATIENCE_SECONDS = 1
"""How long a large call waits for a place, with a thread, before it is refused."""


class LargeBodyLock:
    """Answer one large call at a time, over all workers, and let one more wait."""

    def __init__(self, file: IO[Any] | None = None) -> None:
        """Make the lock, before workers are forked.

        Args:
            file: open for writing, it makes all workers share the lock; without it, the threads of this process do.
        """
        self._places = [_SharedLock(file, number) for number in range(_PLACES)]
        self._turn = _SharedLock(file, _PLACES)

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Take a place for as long as the block, before the body is read. The value is False if all are taken."""
        taken = self._take_place()
        try:
            yield taken is not None
        finally:
            if taken:
                taken.release()

    def _take_place(self) -> _SharedLock | None:
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            for place in self._places:
                if place.acquire(blocking=False):
                    return place
            if time.monotonic() > until:
                return None
            time.sleep(0.02)  # a lock of files has no timeout

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other large call is answered, and be the one for as long as the block. It takes a place."""
        self._turn.acquire(blocking=True)
        try:
            yield
        finally:
            self._turn.release()


class _SharedLock:
    """A lock over all threads of all workers. A worker that is killed gives it back."""

    def __init__(self, file: IO[Any] | None, byte: int) -> None:
        self._file, self._byte = file, byte
        # A process doesn't exclude itself from a byte that it has locked.
        self._threads = threading.Lock()

    def acquire(self, *, blocking: bool) -> bool:
        if not self._threads.acquire(blocking):
            return False
        try:
            if self._file:
                fcntl.lockf(self._file, fcntl.LOCK_EX | (0 if blocking else fcntl.LOCK_NB), 1, self._byte)
        except (BlockingIOError, PermissionError):  # another process has it; POSIX admits both
            self._threads.release()
            return False
        return True

    def release(self) -> None:
        if self._file:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, self._byte)
        self._threads.release()
