"""What a proxy reports about itself: telemetry in an MCPServer's own spec, and parts that a shared config has too."""

from __future__ import annotations

from pydantic import Field

from hooks.api.meta import Model


class Metrics(Model):
    """Metrics over OTLP."""

    enabled: bool = False
    """Whether metrics are sent."""


class Tracing(Model):
    """Traces over OTLP."""

    enabled: bool = False
    """Whether traces are sent."""
    sampling_rate: str = "0.05"
    """Share of requests that are traced, from "0" to "1"."""


class OpenTelemetry(Model):
    """Traces and metrics for an OpenTelemetry collector."""

    enabled: bool = False
    """Whether anything is sent."""
    endpoint: str = ""
    """Address of the OTLP/HTTP collector, such as "otel-collector.observability:4318"."""
    service_name: str = ""
    """Service name to report; the server's name when left out."""
    headers: list[str] = Field(default_factory=list)
    """Headers for the collector, each as "key=value"."""
    insecure: bool = False
    """Whether the proxy talks plain HTTP to the collector."""
    metrics: Metrics | None = None
    """Whether metrics are sent."""
    tracing: Tracing | None = None
    """Whether and how often traces are sent."""


class Prometheus(Model):
    """Metrics for Prometheus to fetch."""

    enabled: bool = False
    """Whether the proxy serves /metrics."""


class Telemetry(Model):
    """What the proxy reports about itself."""

    open_telemetry: OpenTelemetry | None = None
    """Traces and metrics for an OpenTelemetry collector."""
    prometheus: Prometheus | None = None
    """Metrics for Prometheus to fetch."""
