"""gunicorn, set up for Metacontroller's client, Kubernetes' way of stopping pods, and clients that mean no good."""

from __future__ import annotations

import gc
import logging
import mmap
import os
import shutil
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.http.body import LengthReader
from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker  # type: ignore[attr-defined]

from hooks.server import auth, logs
from hooks.server.record import recorder
from hooks.server.settings import Settings
from hooks.server.turns import Turns

log = logging.getLogger(__name__)

_BACKLOG = 2048
KEEP_ALIVE_SECONDS = 95
"""Longer than the 90 s for which Metacontroller's client keeps idle connections: else it meets closed ones."""

GRACEFUL_SECONDS = 20
"""Longer than the 10 s after which Metacontroller gives a call up."""

HEAD_SECONDS = 3
"""How long TLS handshake and headers may take, once the client has begun. The connection is shut then."""

CALL_SECONDS = 15
"""The same for body and answer; Metacontroller waits for 10."""

_RECEIVED_BYTES = 64 << 10
"""At a time, so that head and body mostly come at once: whenever a thread turns to the network, another one takes the
interpreter's lock."""

_STACK_BYTES = 16 << 20
"""Of each thread, and no memory until it is used. msgspec recurses for some ten thousand levels of JSON, in 4 MiB. Else
threads have what `ulimit -s` says, and 2 MiB where that is unlimited."""


@contextmanager
def server(settings: Settings, record_to: Path | None = None) -> Iterator[Callable[[], None]]:
    """Make ready what serves the webhooks, and give what does so until a signal ends the process.

    Args:
        settings: from the environment and the command line.
        record_to: a folder to which every request is written.

    Raises:
        OSError: a file that a setting names can't be read, or a port is taken.
        ValueError: such a file doesn't hold what it should.
    """
    logs.setup(settings.log_level, settings.log_format)
    for warning in settings.warnings():
        log.warning(warning)
    with (
        _folder() as folder,
        (folder / "turns").open("w") as turns,
        _listener(settings.bind) as hooks,
        _listener(settings.probes_bind) as probes,
    ):
        # Before anything imports prometheus_client, which reads this once.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        yield _Arbiter(_Gunicorn(settings, hooks, probes, Turns(turns), record_to)).run


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for what the workers share, which goes with this process, or with a later one if this is killed."""
    creator = os.getpid()
    place = Path(tempfile.gettempdir())
    for stale in place.glob("toolhive-hooks-*-*"):
        pid = stale.name.split("-")[2]
        # In a container each server has the same process id, and /tmp is the one from before.
        if pid == str(creator) or (pid.isdecimal() and not _is_alive(int(pid))):
            shutil.rmtree(stale, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"toolhive-hooks-{creator}-", dir=place))
    try:
        yield folder
    finally:
        # A worker that ends comes by here too.
        if os.getpid() == creator:
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _listener(bind: str) -> socket.socket:
    host, _, port = bind.rpartition(":")
    if ":" not in host:
        return socket.create_server((host, int(port)), backlog=_BACKLOG)
    host = host.strip("[]")
    both = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((host, int(port)), family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=both)


class _Gunicorn(BaseApplication):
    """gunicorn as a library: its settings come from ours, not from its command line."""

    def __init__(
        self, settings: Settings, hooks: socket.socket, probes: socket.socket, turns: Turns, record_to: Path | None
    ) -> None:
        self.settings = settings
        self.bind = f"fd://{hooks.detach()}"  # gunicorn closes it
        self.probes = probes
        self.turns = turns
        self.record = recorder(record_to) if record_to else None
        self.draining = mmap.mmap(-1, 1)  # shared with the workers
        self.admits = auth.bearer_token(settings.auth_token_file) if settings.auth_token_file else None
        self.tls: Callable[[], ssl.SSLContext] | None = None
        if settings.tls_cert_file and settings.tls_key_file:
            self.tls = auth.tls(settings.tls_cert_file, settings.tls_key_file, settings.client_ca_file)
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": self.bind,
            "workers": self.settings.workers,
            "threads": self.settings.threads,
            # Below the usual limit of 1,024 open files; Metacontroller needs a few dozen.
            "worker_connections": 500,
            "worker_class": _Worker,
            "keepalive": KEEP_ALIVE_SECONDS,
            "graceful_timeout": GRACEFUL_SECONDS,
            "loglevel": self.settings.log_level,
            "logger_class": _Logger,
            "control_socket_disable": True,
            "proc_name": "toolhive-hooks",
            # The workers share its memory, and start at once.
            "preload_app": True,
            "when_ready": _freeze,
            "post_worker_init": _serve_probes,
            "child_exit": _forget_gauges,
        }
        if self.tls:
            current = self.tls
            options["certfile"] = str(self.settings.tls_cert_file)
            options["keyfile"] = str(self.settings.tls_key_file)
            options["ssl_context"] = lambda _config, _default: current()
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from hooks.server.app import Installation, create_app, create_metrics  # noqa: PLC0415  # see server

        self.metrics = create_metrics()
        installation = Installation(
            config=self.settings.config(),
            max_body_bytes=self.settings.max_body_bytes,
            admits=self.admits,
            record=self.record,
            turns=self.turns,
        )
        return create_app(installation, self.metrics)


class _Arbiter(Arbiter):
    """gunicorn's main process, with a pause between being asked to stop and stopping."""

    app: _Gunicorn

    def handle_term(self) -> None:
        """Be not ready, still answer while the news of it spreads, then stop: no call meets a closed port."""
        self.app.draining[0] = 1
        time.sleep(self.app.settings.shutdown_delay_seconds)
        super().handle_term()


class _Worker(ThreadWorker):
    """gunicorn's threaded worker, with a bound on how long a call may take.

    gunicorn itself would wait for ever for the rest of a request, with a thread. (Its sync worker is no choice: it
    closes every connection, and answers a third as many.)
    """

    app: _Gunicorn

    def init_process(self) -> None:
        self.until: dict[TConn, float] = {}
        threading.stack_size(_STACK_BYTES)
        logs.gather()
        threading.Thread(target=logs.keep_flushing, name="logs", daemon=True).start()
        super().init_process()

    def handle(self, conn: TConn) -> Any:
        # A connection without a byte waits in the poller, not in a thread.
        if not conn.initialized and not conn.wait_for_data(0):
            return _DEFER
        self.until[conn] = time.monotonic() + HEAD_SECONDS
        try:
            return super().handle(conn)
        finally:
            del self.until[conn]

    def handle_request(self, req: Any, conn: TConn) -> bool:
        self.until[conn] = time.monotonic() + CALL_SECONDS
        parser: Any = conn.parser
        parser.unreader.mxchunk = _RECEIVED_BYTES
        keepalive = super().handle_request(req, conn)
        if isinstance(req.body.reader, LengthReader) and req.body.reader.length == 0:
            # Nothing is left to drain: gunicorn would set limits on the socket for it, three times, and each lets
            # another thread go first.
            parser.mesg = None
        return keepalive

    def murder_pending(self) -> None:
        """Called about once a second, by the main thread."""
        super().murder_pending()
        now = time.monotonic()
        for conn, until in list(self.until.items()):
            if until < now:
                with suppress(OSError):  # it is closed already
                    # The thread that reads from it meets the end. Not SSLSocket's own, which forgets TLS before that.
                    socket.socket.shutdown(conn.sock, socket.SHUT_RDWR)


class _Logger(Logger):
    """gunicorn's log lines through our own handler; no access log."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.error_log.propagate = True


def _freeze(_arbiter: Arbiter) -> None:
    """Keep the garbage collector off what the workers share: it would copy it into each, and look at it for nothing."""
    gc.collect()
    gc.freeze()


def _serve_probes(worker: _Worker) -> None:
    from hooks.server.probes import create_probes, serve_probes  # noqa: PLC0415  # see server

    app = worker.app
    serve_probes(create_probes(app.metrics, lambda: app.draining[0] == 1), app.probes)


def _forget_gauges(_arbiter: _Arbiter, worker: _Worker) -> None:
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415  # see server

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
