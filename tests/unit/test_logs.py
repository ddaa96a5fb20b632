"""The two forms of log lines."""

from __future__ import annotations

import errno
import json
import logging
import re
import sys
from collections.abc import Iterator

import pytest

from hooks.server import logs

FIELDS = {"kind": "mcpserver", "name": 'a "b"\nc', "code": 400}


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    """Put the root logger back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level


def failure() -> None:
    raise RuntimeError("why")


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("info", "json")
    logging.getLogger("any").debug("not told")
    logging.getLogger("any").warning("a %s", "call", extra={"fields": FIELDS})
    try:
        failure()
    except RuntimeError:
        logging.getLogger("gunicorn.error").exception("it failed")

    call, failed = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", call.pop("time"))
    assert call == {"level": "warning", "message": "a call", **FIELDS}
    assert failed.pop("traceback").splitlines()[-1] == "RuntimeError: why"
    assert (failed["level"], failed["message"]) == ("error", "it failed")


def test_json_is_ascii_whatever_it_tells(capsys: pytest.CaptureFixture[str]) -> None:
    odd = ["caf\udce9", "café", "a\x9b31mb", "a\u2028b", "a\x85b", "a\u202eb", 'a "b"\nc']
    logs.setup("info", "json")
    for text in odd:
        logging.getLogger("any").warning("%s is empty", text, extra={"fields": {"path": text}})

    told = capsys.readouterr().err
    assert told.isascii()
    lines = [json.loads(line) for line in told.splitlines()]
    assert [(line["message"], line["path"]) for line in lines] == [(f"{text} is empty", text) for text in odd]
    assert told.count('"level":"warning"') == len(odd)


def test_text_is_for_people_and_one_line_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("info", "text")
    logging.getLogger("any").error("hook call", extra={"fields": {**FIELDS, "traceback": "  File x\n"}})

    [line, traceback] = capsys.readouterr().err.splitlines()
    assert line[8:] == ' error    hook call  kind=mcpserver  name="a \\"b\\"\\nc"  code=400'
    assert traceback == "  File x"


def test_gathered_lines_wait_for_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    def told() -> list[str]:
        return [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()]

    logs.setup("info", "json")
    logs.gather()
    logging.getLogger("any").info("one")
    assert told() == []
    logging.getLogger("any").warning("two")
    assert told() == ["one", "two"]
    logging.getLogger("any").info("three")
    logs.flush()
    assert told() == ["three"]


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_is_written_at_a_time_is_whole_lines_of_at_most_4_kib(
    monkeypatch: pytest.MonkeyPatch, form: logs.Format
) -> None:
    """A pipe takes so much in one piece; of more, another worker's lines could come between."""
    written: list[str] = []
    monkeypatch.setattr(sys.stderr, "write", written.append)
    logs.setup("info", form)
    logs.gather()
    for number in range(100):
        logging.getLogger("any").info("hook call", extra={"fields": {"name": "ü" * (number % 60)}})
    logs.flush()

    assert [text[-1] for text in written] == ["\n"] * len(written)
    assert max(len(text.encode()) for text in written) <= 4096
    assert [line.count("hook call") for line in "".join(written).splitlines()] == [1] * 100


def test_without_a_stderr_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """`2>&-` leaves Python without one."""
    monkeypatch.setattr(sys, "stderr", None)
    logs.setup("info", "auto")
    logging.getLogger("any").warning("one")


def test_a_log_that_cannot_be_written_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    logs.setup("info", "json")
    logs.gather()

    def no_space(_text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys.stderr, "write", no_space)
    logging.getLogger("any").info("one")
    logs.flush()
    logging.getLogger("any").warning("two")


@pytest.mark.parametrize("terminal", [True, False])
def test_auto_is_text_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    logs.setup("info", "auto")
    logging.getLogger("any").info("hello")

    assert capsys.readouterr().err.startswith("{") is not terminal
