"""The convert command, run as the command line runs it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

from hooks.convert.command import convert_command


class Outcome(NamedTuple):
    """What a run came to."""

    code: int
    stdout: str
    stderr: str


def convert(
    *paths: Path | str,
    stdin: str = "",
    in_place: bool = False,
    output: Path | None = None,
    diff: bool = False,
    check: bool = False,
) -> Outcome:
    stdout, stderr = io.StringIO(newline=""), io.StringIO()
    code = convert_command(
        [str(path) for path in paths],
        in_place=in_place,
        output=output,
        diff=diff,
        check=check,
        stdin=io.BytesIO(stdin.encode()),
        stdout=stdout,
        stderr=stderr,
    )
    return Outcome(code, stdout.getvalue(), stderr.getvalue())


def converted(text: str) -> str:
    """A text after the conversion, which finds no fault; done again it changes nothing."""
    outcome = convert("-", stdin=text)
    assert outcome.code == 0, outcome.stderr
    assert convert("-", stdin=outcome.stdout).stdout == outcome.stdout
    assert convert("-", stdin=outcome.stdout, check=True).code == 0
    return outcome.stdout


def refused(text: str) -> str:
    """Why the objects of a text can't be converted; the text stays as it is."""
    outcome = convert("-", stdin=text)
    assert (outcome.code, outcome.stdout) == (1, text)
    return "".join(line for line in outcome.stderr.splitlines(keepends=True) if line.startswith("failed: "))
