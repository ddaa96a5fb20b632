"""What Prometheus sees: the figures of all workers. Labels are of a fixed set: never a namespace or a name.

prometheus-client writes them out (its "custom collector"). It doesn't count them: with several processes it has a file
for each, which a dead process leaves behind, and on a full disk the process that counts ends (its issues #275, #568).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from typing import Literal, TypeAlias, get_args

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from hooks import __version__
from hooks.server.counters import SharedCounters

CONTENT_TYPE = CONTENT_TYPE_LATEST

Outcome: TypeAlias = Literal["ok", "malformed", "unauthorized", "too_large", "busy", "broken_rule", "panic"]
"""How a call ended: 200, 400, 401, 413, 429, and 500 for an answer that would have lost something, or for a bug."""

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Up to the 10 s after which Metacontroller gives a call up."""
_BYTES = (1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20, 32 << 20)


class Metrics(Collector):
    """The metrics of all workers, each series at zero from the start: a rate would miss a first failure."""

    def __init__(self, hooks: Iterable[tuple[str, str]], workers: int = 1) -> None:
        """Create them, before workers are forked.

        Args:
            hooks: every (kind, hook) that there is.
            workers: how many processes count.
        """
        hooks = tuple(hooks)
        self._counters = counters = SharedCounters(workers)
        self._ended = {(*hook, outcome): counters.reserve(1) for hook in hooks for outcome in get_args(Outcome)}
        self._duration = {hook: _Histogram(counters, _SECONDS) for hook in hooks}
        self._body = {
            (*hook, direction): _Histogram(counters, _BYTES) for hook in hooks for direction in ("request", "response")
        }
        self._in_flight = counters.reserve(1)
        self._timed_out = counters.reserve(1)

    def call_ended(self, hook: tuple[str, str], outcome: Outcome, seconds: float, *, received: int, sent: int) -> None:
        """Count a call: how it ended, how long it took, and the bytes of its bodies."""
        self._counters.add(self._ended[*hook, outcome], 1)
        self._duration[hook].observe(seconds)
        self._body[*hook, "request"].observe(received)
        self._body[*hook, "response"].observe(sent)

    @contextmanager
    def request_in_flight(self) -> Iterator[None]:
        """Count a request as being read or answered for as long as the block."""
        self._counters.add(self._in_flight, 1)
        try:
            yield
        finally:
            self._counters.add(self._in_flight, -1)

    def request_timed_out(self) -> None:
        """Count a request whose connection was closed because it took too long."""
        self._counters.add(self._timed_out, 1)

    def worker_starts(self, worker: Hashable) -> None:
        """Make room for a worker; called by the main process just before it forks that worker."""
        self._counters.assign(worker)

    def worker_ended(self, worker: Hashable) -> None:
        """Keep the figures of a worker that ended, but for its requests in flight; called by the main process."""
        self._counters.release(worker, self._in_flight)

    def exposition(self) -> bytes:
        """All of it, in Prometheus' text format."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        """Return the metrics as prometheus-client writes them out."""
        total = self._counters.total
        requests = CounterMetricFamily(
            "toolhive_hooks_requests", "Hook calls by how they ended.", labels=["kind", "hook", "outcome"]
        )
        panics = CounterMetricFamily("toolhive_hooks_panics", "Calls that met a bug.", labels=["kind", "hook"])
        for (kind, hook, outcome), column in self._ended.items():
            requests.add_metric([kind, hook, outcome], total(column))
            if outcome == "panic":
                panics.add_metric([kind, hook], total(column))
        duration = HistogramMetricFamily(
            "toolhive_hooks_request_duration_seconds",
            "Time from a call's first byte to its answer.",
            labels=["kind", "hook"],
        )
        for labels, histogram in self._duration.items():
            duration.add_metric(labels, *histogram.totals())
        body = HistogramMetricFamily(
            "toolhive_hooks_body_bytes", "Size of bodies.", labels=["kind", "hook", "direction"]
        )
        for body_labels, histogram in self._body.items():
            body.add_metric(body_labels, *histogram.totals())
        in_flight = "Requests being read or answered: each has a thread, and a slow client keeps it."
        timed_out = "Requests whose connection was closed because they took too long to come, or to be answered."
        build = GaugeMetricFamily("toolhive_hooks_build_info", "1, labelled with the version.", labels=["version"])
        build.add_metric([__version__], 1)
        yield from (requests, duration, body, panics, build)
        yield GaugeMetricFamily("toolhive_hooks_requests_in_flight", in_flight, total(self._in_flight))
        yield CounterMetricFamily("toolhive_hooks_requests_timed_out", timed_out, total(self._timed_out))


class _Histogram:
    """One series of a histogram: a column for each bucket, one for what is above them, and one for the sum."""

    def __init__(self, counters: SharedCounters, bounds: tuple[float, ...]) -> None:
        self._counters = counters
        self._bounds = bounds
        self._first = counters.reserve(len(bounds) + 2)

    def observe(self, value: float) -> None:
        self._counters.add(self._first + bisect_left(self._bounds, value), 1)
        self._counters.add(self._first + len(self._bounds) + 1, value)

    def totals(self) -> tuple[list[tuple[str, float]], float]:
        """The count up to each bound, and the sum."""
        *counts, total = (self._counters.total(self._first + at) for at in range(len(self._bounds) + 2))
        bounds = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        return list(zip(bounds, accumulate(counts), strict=True)), total
