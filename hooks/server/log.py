"""Logs: one line for each event, JSON for machines and text for a terminal. Never an object's content."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any, Literal, TypeAlias

import orjson

Format: TypeAlias = Literal["auto", "json", "text"]

log = logging.getLogger(__name__)

_MAX_WAITING = 1000
"""Lines that wait for the reader of the log, in each process. Further ones are lost."""

_FLUSH_SECONDS = 1


def setup(level: str, form: Format) -> None:
    """Send everything that is logged in this process to stderr, in one form.

    Args:
        level: least level of what is logged.
        form: `auto` is text on a terminal and JSON elsewhere.
    """
    handler: logging.Handler = logging.NullHandler()
    if sys.stderr:  # None where it was closed before the start
        text = form == "text" or (form == "auto" and sys.stderr.isatty())
        handler = _Lines(sys.stderr.fileno())
        handler.setFormatter(_Text() if text else _Json())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def flush() -> None:
    """Wait until what was logged is written, but not for long."""
    for handler in logging.getLogger().handlers:
        handler.flush()


class _Lines(logging.Handler):
    """Writes lines from a thread of its own: the log's reader may stall, and no call waits for it."""

    def __init__(self, file: int) -> None:
        super().__init__()
        self._file = file
        self._process = 0
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        if self._process != os.getpid():  # threads don't come along in a fork
            self._start()
        if self._waiting.qsize() >= _MAX_WAITING:
            self._lost += 1
            return
        lost, self._lost = self._lost, 0
        if lost:
            log.warning("lines of this log were lost, since it was not read", extra={"fields": {"lines": lost}})
        try:
            self._waiting.put(f"{self.format(record)}\n".encode(errors="replace"))
        except Exception:  # noqa: BLE001  # as logging's own handlers: a line that can't be made fails no call
            self.handleError(record)

    def flush(self) -> None:
        if self._process == os.getpid():
            written = threading.Event()
            self._waiting.put(written)
            written.wait(_FLUSH_SECONDS)

    def _start(self) -> None:
        self._process = os.getpid()
        self._waiting: SimpleQueue[bytes | threading.Event] = SimpleQueue()
        threading.Thread(target=self._write, args=(self._waiting,), name="log", daemon=True).start()

    def _write(self, waiting: SimpleQueue[bytes | threading.Event]) -> None:
        while True:
            line = waiting.get()
            if isinstance(line, threading.Event):
                line.set()
                continue
            # What can't be written ends nothing: on a full disk, for a reader that has gone. Not through sys.stderr,
            # whose lock a stalled write would hold while the process ends.
            with suppress(OSError):
                os.write(self._file, line)


class _Json(logging.Formatter):
    """One JSON object a line: time, level, message, then the fields of the event (`extra={"fields": …}`)."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **_fields(record),
        }
        with suppress(TypeError):  # a file's name needn't be UTF-8
            text = orjson.dumps(line).decode()
            if text.isascii():
                return text
        # orjson leaves what steers a terminal or ends a line as it is, and the path of a request can hold that.
        return json.dumps(line, separators=(",", ":"))


class _Text(logging.Formatter):
    """The same for people: `12:00:00 warning  the message  name=weather code=400`."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        traceback = fields.pop("traceback", "")
        shown = [f"{name}={_plain(value)}" for name, value in fields.items()]
        line = "  ".join([f"{_time(record)[11:19]} {record.levelname.lower():<7}", _plain(record.getMessage()), *shown])
        return f"{line}\n{traceback}".rstrip()


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = dict(getattr(record, "fields", {}))
    if record.exc_info:
        fields["traceback"] = logging.Formatter().formatException(record.exc_info)
    return fields


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: Any) -> str:
    """The value on one line: what came in a request must not write lines of its own."""
    text = str(value)
    return text if text.isprintable() else json.dumps(text)
