"""Programs that run beside the tests: started with a log, ready by a deadline, gone at the end."""

import http.client
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.controlplane.poll import eventually
from tests.measured import measured

TETHER = Path(__file__).with_name("tether.py")


class ProcessError(Exception):
    """A program ended, or did not become ready. Not an AssertionError: waiting longer won't help."""


@dataclass
class Process:
    """A running program and its log."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    spawn: Callable[[], subprocess.Popen[bytes]]
    """Starts the same program once more."""
    ready: Callable[[], bool] | None = None
    """How it last was found to be ready."""

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def check(self) -> None:
        """Raise, with the log's tail, when the program has ended."""
        if not self.alive:
            raise ProcessError(f"{self.name} ended with exit code {self.popen.returncode}\n{self.tail()}")

    def tail(self, lines: int = 30) -> str:
        """Return the end of the log, for an error message."""
        text = self.log.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([f"--- end of {self.log}", *text, "---"])

    def wait_ready(self, ready: Callable[[], bool], timeout: float = 120) -> "Process":
        """Wait until `ready` says so; raise with the log's tail when the program ends before or takes too long."""

        self.ready = ready

        def check() -> bool:
            self.check()
            return ready()

        try:
            eventually(check, timeout, f"{self.name} is not ready")
        except AssertionError as error:
            raise ProcessError(f"{error}\n{self.tail()}") from None
        return self

    def kill(self) -> None:
        """End the program and all that it started, as the kernel does: nothing of it has a say."""
        os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def restart(self) -> None:
        """Start the program again after its end, and wait until it is ready. From the main thread, like `start`."""
        self.popen = self.spawn()
        if self.ready:
            self.wait_ready(self.ready)

    def stop(self, grace: float = 10) -> None:
        """End the program: ask, then insist. Stopping twice is fine."""
        if self.alive:
            self.popen.terminate()
            try:
                self.popen.wait(grace)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        self.popen.wait()


def start(
    name: str,
    command: Sequence[str | Path],
    directory: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Process:
    """Start a program with its output in `directory/NAME.log` and `directory/home` as its HOME.

    It sees PATH, HOME and `env` and nothing else of ours: a developer's KUBECONFIG or proxy must not reach it. It has
    a session of its own, so that Ctrl-C reaches pytest alone, whose fixtures then end things in order. It must be
    started from the main thread: the kernel ends it with the *thread* that started it.
    """
    home = directory / "home"
    home.mkdir(exist_ok=True)
    program = shutil.which(str(command[0]))
    if not program:
        raise ProcessError(f"{name}: no program {command[0]}")
    tethered = [sys.executable, "-I", "-S", TETHER, str(os.getpid()), program, *command[1:]]
    log = directory / f"{name}.log"

    def spawn() -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                tethered,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd or directory,
                env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), **measured(), **(env or {})},
                start_new_session=True,
            )

    return Process(name, spawn(), log, spawn)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on.

    Taken from below the range from which the kernel serves outgoing connections and port 0: a port from there may
    be someone's local end by the time the program that it is meant for has come up.
    """
    for _ in range(100):
        port = random.randrange(10_000, 32_000)  # noqa: S311 - not a secret
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ProcessError("found no free port on 127.0.0.1")


def answers(
    port: int,
    path: str,
    tls: ssl.SSLContext | None = None,
    headers: Mapping[str, str] | None = None,
) -> bool:
    """Tell whether a GET of 127.0.0.1:port answers 200: what most programs mean by ready."""
    connection = (
        http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=tls)
        if tls
        else http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    )
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
