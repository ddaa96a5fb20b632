"""What an MCPServer's proxy tells about itself: the `telemetry_config` of its RunConfig."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from hooks.installation import RUNNER_RELEASE
from hooks.kubernetes.objects import Object
from hooks.proxy.spec import OpenTelemetry, Telemetry

DEFAULT_SAMPLING_RATE = 0.05
SAMPLING_RATE = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def telemetry_config(telemetry: Telemetry | None) -> Object | None:
    """Return the settings, or None where the spec asks for none that the proxy could start with."""
    if telemetry is None:
        return None
    given = telemetry.open_telemetry
    otel = given if given and given.enabled else None
    endpoint = endpoint_of(otel.endpoint) if otel and not is_unused(otel) else ""
    if not endpoint and not telemetry.prometheus:
        return None
    return {
        "endpoint": endpoint,
        "serviceName": telemetry.service_name if otel else "toolhive-mcp-proxy",
        "serviceVersion": RUNNER_RELEASE,
        "tracingEnabled": bool(otel and otel.tracing),
        "metricsEnabled": bool(otel and otel.metrics),
        # A number, as the reference writes it, makes runner 0.44.0 panic.
        "samplingRate": _sampling_rate(otel),
        "headers": dict(sorted(otel.headers.items())) if otel else {},
        "insecure": bool(otel and otel.insecure),
        "enablePrometheusMetricsPath": telemetry.prometheus,
        "environmentVariables": None,
    }


def endpoint_of(address: str) -> str:
    """Return the address of a collector as the runner wants it: without a scheme."""
    return address.removeprefix("https://").removeprefix("http://")


def sends(otel: OpenTelemetry | None) -> bool:
    """Return whether anything is to be sent to a collector."""
    return bool(otel and otel.enabled and (otel.metrics or otel.tracing))


def is_unused(otel: OpenTelemetry | None) -> bool:
    """Return whether there is an endpoint and nothing to send there: runner 0.44.0 refuses to start so (measured)."""
    return bool(otel and otel.enabled and endpoint_of(otel.endpoint)) and not sends(otel)


def _sampling_rate(otel: OpenTelemetry | None) -> str:
    given = otel.sampling_rate if otel else ""
    rate = float(given) if SAMPLING_RATE.fullmatch(given) else DEFAULT_SAMPLING_RATE
    text = format(Decimal(repr(rate if math.isfinite(rate) else DEFAULT_SAMPLING_RATE)), "f")
    return text.removesuffix(".0")
