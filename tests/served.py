"""`toolhive-hooks serve` as a process, for tests that need a real one."""

from __future__ import annotations

import http.client
import re
import ssl
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.controlplane.assets import ROOT
from tests.controlplane.processes import Process, answers, free_port, start

MALLOC = dict(re.findall(r"(MALLOC_\w+)=(\d+)", (ROOT / "Dockerfile").read_text()))
"""How the image has memory allocated."""


@dataclass(frozen=True)
class Served:
    """A running server: its process, where its webhooks are and where its probes."""

    process: Process
    port: int
    probes: int

    def ready(self) -> bool:
        """Whether it says that it is ready."""
        return answers(self.probes, "/readyz")

    def wait_ready(self) -> Served:
        """Wait until it says that it is ready."""
        self.process.wait_ready(self.ready)
        return self

    def metrics(self) -> dict[str, float]:
        """Every series that it exports, and its value."""
        connection = http.client.HTTPConnection("127.0.0.1", self.probes, timeout=10)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return series(text)

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str] | None = None, tls: ssl.SSLContext | None = None
    ) -> tuple[int, str]:
        """Call a webhook over a connection of its own: code and text of the answer."""
        with self.connected(tls) as connection:
            return post(connection, path, body, headers)

    @contextmanager
    def connected(self, tls: ssl.SSLContext | None = None) -> Iterator[http.client.HTTPConnection]:
        """A connection to the webhooks."""
        connection = (
            http.client.HTTPSConnection("localhost", self.port, timeout=30, context=tls)
            if tls
            else http.client.HTTPConnection("localhost", self.port, timeout=30)
        )
        try:
            yield connection
        finally:
            connection.close()


def series(exported: str) -> dict[str, float]:
    """Every series of Prometheus' text format, and its value."""
    return {m[1]: float(m[2]) for m in re.finditer(r"^([^#\s].*) (\S+)$", exported, re.MULTILINE)}


def post(
    connection: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Call a webhook: code and text of the answer."""
    connection.request("POST", path, body, {"Content-Type": "application/json", **(headers or {})})
    response = connection.getresponse()
    return response.status, response.read().decode()


def command(port: int, probes: int, program: Sequence[str] = ("-m", "hooks")) -> list[str | Path]:
    """The command that serves on these ports of loopback."""
    binds = ["--bind", f"127.0.0.1:{port}", "--probes-bind", f"127.0.0.1:{probes}"]
    return [sys.executable, *program, "serve", *binds]


@contextmanager
def served(
    directory: Path,
    env: Mapping[str, str] | None = None,
    program: Sequence[str] = ("-m", "hooks"),
    options: Sequence[str | Path] = (),
) -> Iterator[Served]:
    """A ready server with its log in a folder, for as long as the block."""
    port, probes = free_port(), free_port()
    process = start("hooks", [*command(port, probes, program), *options], directory, env={**MALLOC, **(env or {})})
    try:
        yield Served(process, port, probes).wait_ready()
    finally:
        process.stop(grace=30)
