"""MCPTelemetryConfig: what proxies report about themselves, and where."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hooks.api.configs import CABundleRef
from hooks.api.meta import MapList, Model, Rule, RuledModel, SecretKeyRef
from hooks.api.scalars import NonEmpty
from hooks.api.telemetry import Metrics, Prometheus

SAMPLING_RATE = r"^(0(\.[0-9]+)?|1(\.0+)?)$"


class Tracing(Model):
    """Traces over OTLP."""

    enabled: bool = False
    """Whether traces are sent."""
    sampling_rate: Annotated[str, Field(pattern=SAMPLING_RATE)] = "0.05"
    """Share of requests that are traced, from "0" to "1"."""


class SensitiveHeader(Model):
    """A header whose value is in a Secret."""

    name: NonEmpty
    """Name of the header."""
    secret_key_ref: SecretKeyRef
    """The key of a Secret that contains the header's value."""


class OpenTelemetry(RuledModel):
    """Traces and metrics for an OpenTelemetry collector."""

    rules = (
        Rule(
            "!has(self.headers) || !has(self.sensitiveHeaders) || "
            "self.sensitiveHeaders.all(sh, !(sh.name in self.headers))",
            "a header name cannot appear in both headers and sensitiveHeaders",
            lambda otel: all(header.name not in otel.headers for header in otel.sensitive_headers),
        ),
    )
    enabled: bool = False
    """Whether anything is sent."""
    endpoint: str = ""
    """Address of the OTLP/HTTP collector, such as "https://otel-collector.observability:4318"."""
    insecure: bool = False
    """Whether the proxy talks plain HTTP to the collector."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers for the collector, in plain text: anyone who can read this object or the RunConfig can read them."""
    sensitive_headers: Annotated[list[SensitiveHeader], MapList("name")] = Field(default_factory=list)
    """Headers for the collector whose values are in Secrets."""
    resource_attributes: dict[str, str] = Field(default_factory=dict)
    """OpenTelemetry resource attributes to report."""
    metrics: Metrics | None = None
    """Whether metrics are sent."""
    tracing: Tracing | None = None
    """Whether and how often traces are sent."""
    use_legacy_attributes: bool = True
    """Whether spans have attributes of the older names too."""
    ca_bundle_ref: CABundleRef | None = None
    """The certificates by which the collector is checked; the usual ones when left out."""


class MCPTelemetryConfigSpec(Model):
    """The desired telemetry."""

    open_telemetry: OpenTelemetry | None = None
    """Traces and metrics for an OpenTelemetry collector."""
    prometheus: Prometheus | None = None
    """Metrics for Prometheus to fetch."""
