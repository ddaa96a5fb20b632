"""Logs: one line for each event, JSON for machines and text for a terminal. Never an object's content."""

from __future__ import annotations

import json
import logging
import select
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

import orjson

Format: TypeAlias = Literal["auto", "json", "text"]


def setup(level: str, form: Format) -> None:
    """Send everything that is logged in this process to stderr, in one form.

    Args:
        level: least level of what is logged.
        form: `auto` is text on a terminal and JSON elsewhere.
    """
    text = form == "text" or (form == "auto" and bool(sys.stderr) and sys.stderr.isatty())
    handler = _Lines()
    handler.setFormatter(_Text() if text else _Json())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # What no line of ours tells isn't looked up (the logging HOWTO's "Optimization"): half of what a line costs.
    logging._srcfile = None  # noqa: SLF001
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def gather() -> None:
    """From now on in this process, let lines of calls that went well wait for company: each write takes long.

    They wait for `flush`, for 4 KiB of them, for the next warning or for the end of the process.
    """
    for handler in _handlers():
        handler.gathers = True


def keep_flushing(seconds: float = 1) -> None:
    """Write what waits, again and again: in a thread that nobody waits for, since whoever reads the log may stall."""
    while True:
        time.sleep(seconds)
        flush()


def flush() -> None:
    """Write what waits."""
    for handler in _handlers():
        handler.flush()


def _handlers() -> list[_Lines]:
    return [handler for handler in logging.getLogger().handlers if isinstance(handler, _Lines)]


class _Lines(logging.Handler):
    """Writes to stderr, at a time up to 4 KiB of lines or one that is longer: so much a pipe takes in one piece."""

    def __init__(self) -> None:
        super().__init__()
        self.gathers = False
        self._waiting: list[str] = []
        self._bytes = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = f"{self.format(record)}\n"
        except Exception:  # noqa: BLE001  # as logging's own handlers: a line that can't be made fails no call
            self.handleError(record)
            return
        size = len(line.encode(errors="replace"))
        if self._bytes + size > select.PIPE_BUF:
            self.flush()
        self._waiting.append(line)
        self._bytes += size
        if not self.gathers or record.levelno >= logging.WARNING:
            self.flush()

    def flush(self) -> None:
        self.acquire()
        try:
            text = "".join(self._waiting)
            self._waiting, self._bytes = [], 0
            # What can't be written fails no call: on a full disk, for a reader that has gone.
            with suppress(OSError, ValueError):
                if text and sys.stderr:  # None where it was closed before the start
                    sys.stderr.write(text)
                    sys.stderr.flush()
        finally:
            self.release()


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
