"""Large requests take turns: their objects take many times their bytes, and side by side they would end no sooner."""

from __future__ import annotations

import fcntl
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

LARGE = 1 << 20
"""Bytes of a body from which on it counts as large."""


class Turns:
    """One turn at a time."""

    def __init__(self, file: IO[Any] | None = None) -> None:
        """Make what is shared.

        Args:
            file: open for writing before the workers fork, it makes all of them take turns; without it, the threads of
                this process do.
        """
        self._threads = threading.Lock()
        self._file = file

    @contextmanager
    def take(self, size: int) -> Iterator[None]:
        """Wait for a turn where the body is large, and have it for as long as the block."""
        if size < LARGE:
            yield
            return
        with self._threads:
            # A record lock is the process's own, and goes with it when it is killed.
            if self._file:
                fcntl.lockf(self._file, fcntl.LOCK_EX)
            # The collector would look at each of millions of new objects again and again: two thirds of the time.
            gc.disable()
            try:
                yield
            finally:
                gc.enable()
                if self._file:
                    fcntl.lockf(self._file, fcntl.LOCK_UN)
