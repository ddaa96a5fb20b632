"""tools/oracle: what Kubernetes' own Go makes of something. Built once per run; Go keeps what it compiled."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tools.build import NO_GO, TOOLS, require_go


class Oracle:
    """The running program: a question a line, an answer a line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, **question: Any) -> dict[str, Any]:
        """Ask one question, in the words of tools/oracle/main.go."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def running_oracle(folder: Path) -> Iterator[Oracle]:
    """Build the program into a folder and run it; where no Go can build it, the test is skipped."""
    try:
        go = require_go()
    except SystemExit as why:
        if why.code == NO_GO:
            pytest.skip("apiserver: SKIPPED (no `go` on PATH that could build tools/oracle)")
        raise
    program = folder / "oracle"
    subprocess.run([go, "build", "-trimpath", "-o", program, "./oracle"], cwd=TOOLS, check=True)
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Oracle(process)
        assert process.stdin
        process.stdin.close()
