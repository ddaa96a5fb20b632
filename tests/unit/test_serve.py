"""`toolhive-hooks serve` as a process: it answers, `render --server` agrees with it, and it stops when asked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane.processes import Process, answers, free_port, start

EXAMPLE = Path(__file__).parents[2] / "examples/token-exchange"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Process, int]]:
    """A running server, and its port."""
    port = free_port()
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "hooks",
        "serve",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "1",
    ]
    process = start("hooks", command, tmp_path)
    try:
        process.wait_ready(lambda: answers(port, "/readyz"), timeout=30)
        yield process, port
    finally:
        process.stop()


def render(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hooks", "render", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)


def test_what_the_server_answers_is_what_render_computes(served: tuple[Process, int]) -> None:
    _, port = served
    shuffled = sorted(EXAMPLE.glob("*.yaml"), reverse=True)

    local = render(EXAMPLE, "-o", "json").stdout

    assert local
    assert render(EXAMPLE, "-o", "json", "--server", f"http://127.0.0.1:{port}").stdout == local
    assert render(*shuffled, "-o", "json").stdout == local


def test_it_stops_when_it_is_asked_to(served: tuple[Process, int]) -> None:
    process, _ = served

    process.stop(grace=30)

    assert process.popen.returncode == 0
