"""What Prometheus sees. Labels are of a fixed set: never a namespace or a name.

Under gunicorn each worker writes its figures to files of one folder, and whichever worker is asked adds them up
(prometheus-client's multiprocess mode). That mode is on when PROMETHEUS_MULTIPROC_DIR was set before the first import
of prometheus_client; it knows no Info and no Enum.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from hooks import __version__

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = CONTENT_TYPE_LATEST

Outcome: TypeAlias = Literal["ok", "malformed", "unauthorized", "too_large", "broken_rule", "panic"]
"""How a call ended: 200, 400, 401, 413, and 500 for an answer that would have lost something, or for a bug."""

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Up to the 10 s after which Metacontroller gives a call up."""
_BYTES = (1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20, 32 << 20)


class Metrics:
    """The metrics of one process."""

    def __init__(self, hooks: Iterable[tuple[str, str]]) -> None:
        """Create them, each series at zero: a rate that starts with the first failure would miss it.

        Args:
            hooks: every (kind, hook) that there is.
        """
        self._registry = registry = CollectorRegistry()
        hook = ["kind", "hook"]
        self.requests = Counter(
            "toolhive_hooks_requests", "Hook calls by how they ended.", [*hook, "outcome"], registry=registry
        )
        self.duration = Histogram(
            "toolhive_hooks_request_duration_seconds",
            "Time from a call's headers to its answer.",
            hook,
            buckets=_SECONDS,
            registry=registry,
        )
        self.body = Histogram(
            "toolhive_hooks_body_bytes", "Size of bodies.", [*hook, "direction"], buckets=_BYTES, registry=registry
        )
        self.in_flight = Gauge(
            "toolhive_hooks_requests_in_flight",
            "Calls being answered.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self.panics = Counter("toolhive_hooks_panics", "Calls that met a bug.", hook, registry=registry)
        build = Gauge(
            "toolhive_hooks_build_info",
            "1, labelled with the version.",
            ["version"],
            multiprocess_mode="livemax",
            registry=registry,
        )
        build.labels(__version__).set(1)
        self.in_flight.set(0)
        for kind, name in hooks:
            self.duration.labels(kind, name)
            self.panics.labels(kind, name)
            for outcome in get_args(Outcome):
                self.requests.labels(kind, name, outcome)
            for direction in ("request", "response"):
                self.body.labels(kind, name, direction)

    def exposition(self) -> bytes:
        """All of it, of all workers, in Prometheus' text format."""
        if FOLDER not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
