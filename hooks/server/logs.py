"""Logs: one line for each event, JSON for machines and text for a terminal. Never an object's content."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

Format: TypeAlias = Literal["auto", "json", "text"]


def setup(level: str, form: Format) -> None:
    """Send everything that is logged in this process to stderr, in one form.

    Args:
        level: least level of what is logged.
        form: `auto` is text on a terminal and JSON elsewhere.
    """
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(_Text() if text else _Json())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


class _Json(logging.Formatter):
    """One JSON object a line: time, level, message, then the fields of the event (`extra={"fields": …}`)."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(
            {
                "time": _time(record),
                "level": record.levelname.lower(),
                "message": record.getMessage(),
                **_fields(record),
            }
        )


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
