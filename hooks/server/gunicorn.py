"""gunicorn, set up for Metacontroller's client, and against hostile ones."""

from __future__ import annotations

import gc
import logging
import resource
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from hooks.server import auth, log
from hooks.server.app import HookSettings, create_app, create_metrics
from hooks.server.large_bodies import LargeBodyLock
from hooks.server.probes import create_probes, serve_probes
from hooks.server.recording import recorder
from hooks.server.settings import Settings
from hooks.server.worker import CALL_SECONDS, Watchdog, Worker

_BACKLOG = 2048
KEEP_ALIVE_SECONDS = 95
"""Longer than the 90 s for which Metacontroller's client keeps idle connections: else it meets closed ones."""

GRACEFUL_SECONDS = 20
"""Longer than the 10 s after which Metacontroller gives a call up."""

_OWN_FILES = 64
"""Open files of a worker that are no connections."""

_MAX_PROBES = 256
"""Connections to the probes' port of a worker, at a time."""


@contextmanager
def server(settings: Settings, record_to: Path | None = None) -> Iterator[Callable[[], None]]:
    """Prepare the server of the webhooks, and give the function that serves until a signal ends the process.

    Args:
        settings: from the environment and the command line.
        record_to: a folder to which every request is written.

    Raises:
        OSError: a file that a setting names can't be read, or a port is taken.
        ValueError: such a file doesn't hold what it should.
    """
    log.setup(settings.log_level, settings.log_format)
    for warning in settings.warnings():
        logging.getLogger(__name__).warning(warning)
    log.flush()  # before a message that ends the start
    with (
        tempfile.TemporaryFile() as locks,
        _listener(settings.bind) as hooks,
        _listener(settings.probes_bind) as probes,
    ):
        yield _Gunicorn(settings, hooks, probes, LargeBodyLock(locks), record_to).run


def _listener(bind: str) -> socket.socket:
    host, _, port = bind.rpartition(":")
    if ":" not in host:
        return socket.create_server((host, int(port)), backlog=_BACKLOG)
    host = host.strip("[]")
    both = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((host, int(port)), family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=both)


def _most_connections(threads: int) -> int:
    """How many connections a worker may have: twice its threads, or what the limit of open files (`ulimit -n`) admits.

    A connection takes a file, a second one while gunicorn waits for its first byte in a thread, and there are the
    probes' connections. A worker that meets the limit ends.
    """
    wanted = 2 * threads
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _OWN_FILES + 2 * wanted
    if soft < needed and hard != soft:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(4, min(wanted, (soft - _OWN_FILES) // 2))


class _Gunicorn(BaseApplication):
    """gunicorn as a library: its settings come from ours, not from its command line."""

    def __init__(
        self,
        settings: Settings,
        hooks: socket.socket,
        probes: socket.socket,
        large_bodies: LargeBodyLock,
        record_to: Path | None,
    ) -> None:
        self.settings = settings
        self.bind = f"fd://{hooks.detach()}"  # gunicorn closes it
        self.probes = probes
        self.connections = _most_connections(settings.threads)
        self.metrics = create_metrics(settings.workers)
        self.watchdog = Watchdog(self.metrics.request_timed_out)
        self.large_bodies = large_bodies
        self.record = recorder(record_to) if record_to else None
        self.admits = auth.bearer_token(settings.auth_token_file) if settings.auth_token_file else None
        self.tls: Callable[[], ssl.SSLContext] | None = None
        if settings.tls_cert_file and settings.tls_key_file:
            self.tls = auth.tls(settings.tls_cert_file, settings.tls_key_file, settings.client_ca_file)
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": self.bind,
            "workers": self.settings.workers,
            "threads": min(self.settings.threads, self.connections // 2),
            "worker_connections": self.connections,
            "worker_class": Worker,
            "keepalive": KEEP_ALIVE_SECONDS,
            "graceful_timeout": GRACEFUL_SECONDS,
            "loglevel": self.settings.log_level,
            "logger_class": _Logger,
            "control_socket_disable": True,
            "proc_name": "toolhive-hooks",
            # The workers share its memory, and start at once.
            "preload_app": True,
            "when_ready": _freeze,
            "pre_fork": lambda _arbiter, worker: self.metrics.worker_starts(worker),
            "post_worker_init": lambda _worker: self.start_threads(),
            "pre_request": lambda _worker, _request: self.watchdog.extend(CALL_SECONDS),
            "child_exit": lambda _arbiter, worker: self.metrics.worker_ended(worker),
        }
        if self.tls:
            current = self.tls
            options["certfile"] = str(self.settings.tls_cert_file)
            options["keyfile"] = str(self.settings.tls_key_file)
            options["ssl_context"] = lambda _config, _default: current()
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        settings = HookSettings(
            installation=self.settings.installation(),
            max_body_bytes=self.settings.max_body_bytes,
            admits=self.admits,
            record=self.record,
            large_bodies=self.large_bodies,
            began=self.watchdog.began,
        )
        return create_app(settings, self.metrics)

    def start_threads(self) -> None:
        """Start what runs beside the hooks in each worker."""
        self.watchdog.start()
        connections = min(_MAX_PROBES, self.connections // 4)
        serve_probes(create_probes(self.metrics), self.probes, self.watchdog, connections)


class _Logger(Logger):
    """gunicorn's log lines through our own handler; no access log."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.error_log.propagate = True


def _freeze(_arbiter: Arbiter) -> None:
    """Keep the garbage collector off what the workers share: it would copy it into each, and look at it for nothing."""
    gc.collect()
    gc.freeze()
