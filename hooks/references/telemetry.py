"""What a proxy reports about itself: the settings, checked, and what the proxy gets of an MCPTelemetryConfig."""

from __future__ import annotations

import re

from hooks.api.mcptelemetryconfig import MCPTelemetryConfigSpec, OpenTelemetry
from hooks.api.urls import url_fault
from hooks.proxy import spec
from hooks.proxy.runconfig.telemetry import endpoint_of, sends
from hooks.references.oidc import ca_bundle


def telemetry(config: MCPTelemetryConfigSpec, service_name: str) -> spec.Telemetry:
    """Return what an MCPTelemetryConfig makes of a workload's proxy.

    Args:
        config: the MCPTelemetryConfig's spec.
        service_name: the name under which the workload reports.
    """
    return spec.Telemetry(
        service_name=service_name,
        open_telemetry=_open_telemetry(config.open_telemetry) if config.open_telemetry else None,
        prometheus=bool(config.prometheus and config.prometheus.enabled),
    )


def _open_telemetry(given: OpenTelemetry) -> spec.OpenTelemetry:
    headers = given.sensitive_headers
    return spec.OpenTelemetry(
        enabled=given.enabled,
        endpoint=given.endpoint,
        headers=given.headers,
        sensitive_headers=[spec.SecretHeader(header.name, header.secret_key_ref) for header in headers],
        insecure=given.insecure,
        tracing=bool(given.tracing and given.tracing.enabled),
        metrics=bool(given.metrics and given.metrics.enabled),
        sampling_rate=given.tracing.sampling_rate if given.tracing else "",
        resource_attributes=given.resource_attributes,
        use_legacy_attributes=given.use_legacy_attributes,
        ca_bundle=ca_bundle(given.ca_bundle_ref),
    )


def endpoint_fault(endpoint: str) -> str:
    """Return why this can be no collector's address, to be said after the field's name; empty where it can."""
    address = endpoint_of(endpoint)
    if url_fault(f"https://{address}", "https") or re.search("[?#@]|://", address):
        return "must be HOST:PORT of an OTLP/HTTP collector, such as otel-collector.observability:4318"
    return ""


def endpoint_note(otel: spec.OpenTelemetry | None, where: str) -> str:
    """Return a warning that nothing is sent, for want of an endpoint; empty where there is one, or nothing to send."""
    if otel and not otel.endpoint and sends(otel):
        return f"{where} has no endpoint, so no metrics and traces are sent: add it"
    return ""


def scheme_note(otel: spec.OpenTelemetry | None) -> str:
    """Return a warning that the endpoint's scheme isn't the one that the proxy uses; empty where they agree."""
    if otel is None or not otel.enabled or not otel.endpoint.startswith("https://" if otel.insecure else "http://"):
        return ""
    scheme = "HTTP" if otel.insecure else "HTTPS"
    return f"the proxy follows insecure and not the endpoint's scheme: it speaks {scheme} to the collector"
