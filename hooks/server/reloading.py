"""What is made from files that are replaced while the server runs: certificates and tokens from mounted Secrets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class Reloading(Generic[T]):
    """A value made from files, made again when they change.

    When that fails the old value stays: the kubelet replaces a Secret's files in one step, but two of them may be read
    on either side of it.
    """

    def __init__(self, what: str, files: tuple[Path, ...], load: Callable[[], T]) -> None:
        """Load the value.

        Args:
            what: what it is, for the log.
            files: the files that it is made from.
            load: makes it; raises OSError or ValueError when it can't.

        Raises:
            OSError: a file can't be read.
            ValueError: the files hold no such thing.
        """
        self._what, self._files, self._load = what, files, load
        self._lock = threading.Lock()
        self._seen = self._failed = self._stat()
        self._value = load()

    def value(self) -> T:
        """The value by what the files hold now."""
        # The files' state is read before their content: content that is newer is loaded once more, never missed.
        now = self._stat()
        if now != self._seen:
            with self._lock:
                if now != self._seen:
                    self._reload(now)
        return self._value

    def _reload(self, now: tuple[object, ...]) -> None:
        try:
            self._value = self._load()
        except (OSError, ValueError) as error:
            if now != self._failed:
                self._failed = now
                log.warning("%s: still the one from before, the new one can't be used: %s", self._what, error)
            return
        self._seen = now
        log.info("%s: loaded anew", self._what)

    def _stat(self) -> tuple[object, ...]:
        return tuple(_identity(file) for file in self._files)


def _identity(file: Path) -> tuple[int, int, int] | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
