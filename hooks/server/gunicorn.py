"""gunicorn, set up for Metacontroller's client."""

from __future__ import annotations

from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from hooks.server.app import create_app
from hooks.server.settings import Settings

KEEP_ALIVE_SECONDS = 95
"""Longer than the 90 s for which Metacontroller's client keeps idle connections: else it meets closed ones."""

GRACEFUL_SECONDS = 20
"""Longer than the 10 s after which Metacontroller gives a call up."""


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    """gunicorn as a library: its settings come from ours, not from its command line."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": self.settings.bind,
            "workers": self.settings.workers,
            "threads": self.settings.threads,
            # The sync worker closes every connection and answers a third as many.
            "worker_class": "gthread",
            "keepalive": KEEP_ALIVE_SECONDS,
            "graceful_timeout": GRACEFUL_SECONDS,
            "loglevel": self.settings.log_level,
            "control_socket_disable": True,
            "proc_name": "toolhive-hooks",
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return create_app(self.settings.config(), max_body_bytes=self.settings.max_body_bytes)


def serve(settings: Settings) -> None:
    """Serve the webhooks until a signal ends the process."""
    _Gunicorn(settings).run()
