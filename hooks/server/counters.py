"""Numbers that all workers count up, in memory that they share.

There is no file: nothing fills up, nothing is left behind by a worker that was killed, and counting fails no call.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Hashable

_COLUMNS = 4096
"""More than there are series. Memory that is never written to is never taken."""


class SharedCounters:
    """A table: a row for each worker, a column for each number.

    Each worker writes to its own row alone, so workers don't wait for one another. A new worker continues the row of
    one that ended: its numbers are part of the sums.
    """

    def __init__(self, workers: int = 1) -> None:
        """Make the table. The columns have to be reserved before workers are forked.

        Args:
            workers: how many there are. While they are replaced there are twice as many, and signals may add some.
        """
        self._rows = 2 * workers + 8
        self._table = memoryview(mmap.mmap(-1, 8 * self._rows * _COLUMNS)).cast("d")
        self._reserved = 0
        self._row = 0
        self._assigned: dict[Hashable, int] = {}
        self._lock = threading.Lock()

    def reserve(self, count: int) -> int:
        """Reserve adjacent columns; return the first.

        Raises:
            ValueError: there are more series than columns.
        """
        first = self._reserved
        self._reserved += count
        if self._reserved > _COLUMNS:
            raise ValueError(f"more than {_COLUMNS} series")
        return first

    def add(self, column: int, amount: float) -> None:
        """Add to a number."""
        with self._lock:
            self._table[self._row * _COLUMNS + column] += amount

    def total(self, column: int) -> float:
        """The sum of a number over all workers, those that ended counted in."""
        return sum(self._table[row * _COLUMNS + column] for row in range(self._rows))

    def assign(self, worker: Hashable) -> None:
        """Choose the row of a worker; called by the main process just before it forks that worker."""
        free = set(range(self._rows)) - set(self._assigned.values())
        self._row = self._assigned[worker] = min(free, default=0)

    def release(self, worker: Hashable, *gauges: int) -> None:
        """Free the row of a worker that ended; called by the main process.

        Args:
            worker: the same as in `assign`.
            gauges: columns of what the worker had under way, and no longer has.
        """
        row = self._assigned.pop(worker, None)
        if row is not None:
            for column in gauges:
                self._table[row * _COLUMNS + column] = 0
