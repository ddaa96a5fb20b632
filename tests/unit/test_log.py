"""The two forms of log lines, and what a log that can't be written costs."""

from __future__ import annotations

import json
import logging
import os
import re
import resource
import sys
from collections.abc import Iterator

import pytest

from hooks.server import log

FIELDS = {"kind": "mcpserver", "name": 'a "b"\nc', "code": 400}
ANY = logging.getLogger("any")


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    """Put the root logger back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level


def written_to(capture: pytest.CaptureFixture[str]) -> list[str]:
    """The lines that are on stderr once all are written."""
    log.flush()
    return capture.readouterr().err.splitlines()


def failure() -> None:
    raise RuntimeError("why")


def test_json_is_one_object_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    log.setup("info", "json")
    ANY.debug("below the level")
    ANY.warning("a %s", "call", extra={"fields": FIELDS})
    try:
        failure()
    except RuntimeError:
        logging.getLogger("gunicorn.error").exception("it failed")

    call, failed = (json.loads(line) for line in written_to(capfd))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", call.pop("time"))
    assert call == {"level": "warning", "message": "a call", **FIELDS}
    assert failed.pop("traceback").splitlines()[-1] == "RuntimeError: why"
    assert (failed["level"], failed["message"]) == ("error", "it failed")


def test_json_is_ascii_in_all_cases(capfd: pytest.CaptureFixture[str]) -> None:
    odd = ["caf\udce9", "café", "a\x9b31mb", "a\u2028b", "a\x85b", "a\u202eb", 'a "b"\nc']
    log.setup("info", "json")
    for text in odd:
        ANY.warning("%s is empty", text, extra={"fields": {"path": text}})

    texts = written_to(capfd)
    lines = [json.loads(line) for line in texts]
    assert "".join(texts).isascii()
    assert [(line["message"], line["path"]) for line in lines] == [(f"{text} is empty", text) for text in odd]


def test_text_is_for_people_and_one_line_an_event(capfd: pytest.CaptureFixture[str]) -> None:
    log.setup("info", "text")
    ANY.error("hook call", extra={"fields": {**FIELDS, "traceback": "  File x\n"}})

    [line, traceback] = written_to(capfd)
    assert line[8:] == ' error    hook call  kind=mcpserver  name="a \\"b\\"\\nc"  code=400'
    assert traceback == "  File x"


def test_without_a_stderr_nothing_is_written(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`2>&-` leaves Python without one."""
    monkeypatch.setattr(sys, "stderr", None)
    log.setup("info", "auto")
    ANY.warning("one")

    assert written_to(capfd) == []


def test_a_log_that_cannot_be_written_ends_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    log.setup("info", "json")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))  # as on a full disk
    try:
        ANY.info("one")
        assert written_to(capfd) == []
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    ANY.warning("two")

    assert [json.loads(line)["message"] for line in written_to(capfd)] == ["two"]


def test_lines_that_are_not_read_are_lost_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe, stderr = os.pipe()
    with os.fdopen(stderr, "w") as stalled, os.fdopen(pipe) as reader:
        monkeypatch.setattr(sys, "stderr", stalled)
        log.setup("info", "json")
        for number in range(10_000):
            ANY.info("line", extra={"fields": {"number": number}})

        written, lost = list[int](), 0
        while len(written) + lost < 10_000:
            ANY.info("line", extra={"fields": {"number": 10_000}})  # there is room by and by
            line = json.loads(reader.readline())
            if line["message"] == "line":
                written.append(line["number"])
            else:
                assert line["message"] == "lines of this log were lost, since it was not read"
                lost += line["lines"]
    assert written == sorted(written)
    assert lost > 5_000


@pytest.mark.parametrize("terminal", [True, False])
def test_auto_is_text_on_a_terminal(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    log.setup("info", "auto")
    ANY.info("hello")

    assert written_to(capfd)[0].startswith("{") is not terminal
