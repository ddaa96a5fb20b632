"""The two forms of log lines."""

from __future__ import annotations

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


def test_text_is_for_people_and_one_line_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("info", "text")
    logging.getLogger("any").error("hook call", extra={"fields": {**FIELDS, "traceback": "  File x\n"}})

    [line, traceback] = capsys.readouterr().err.splitlines()
    assert line[8:] == ' error    hook call  kind=mcpserver  name="a \\"b\\"\\nc"  code=400'
    assert traceback == "  File x"


@pytest.mark.parametrize("terminal", [True, False])
def test_auto_is_text_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    logs.setup("info", "auto")
    logging.getLogger("any").info("hello")

    assert capsys.readouterr().err.startswith("{") is not terminal
