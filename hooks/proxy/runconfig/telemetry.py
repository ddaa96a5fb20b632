"""What an MCPServer's proxy tells about itself: the `telemetry_config` of its RunConfig."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from hooks.api.mcpserver import MCPServerSpec, OpenTelemetry
from hooks.controllers import conditions
from hooks.controllers.conditions import Condition
from hooks.controllers.controller import RUNNER_RELEASE
from hooks.protocol import Object

DEFAULT_SAMPLING_RATE = 0.05
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def telemetry_config(name: str, spec: MCPServerSpec) -> Object | None:
    """The settings, or None where the spec asks for none that the proxy could start with."""
    telemetry = spec.telemetry
    if telemetry is None:
        return None
    otel = _enabled(spec)
    prometheus = telemetry.prometheus is not None and telemetry.prometheus.enabled
    endpoint = "" if _is_unused(otel) else _endpoint(otel)
    if not endpoint and not prometheus:
        return None
    return {
        "endpoint": endpoint,
        "serviceName": (otel.service_name or name) if otel else "toolhive-mcp-proxy",
        "serviceVersion": RUNNER_RELEASE,
        "tracingEnabled": bool(otel and otel.tracing and otel.tracing.enabled),
        "metricsEnabled": bool(otel and otel.metrics and otel.metrics.enabled),
        # A number, as the reference writes it, makes runner 0.44.0 panic.
        "samplingRate": _sampling_rate(otel),
        "headers": _headers(otel) if otel else {},
        "insecure": bool(otel and otel.insecure),
        "enablePrometheusMetricsPath": prometheus,
        "environmentVariables": None,
    }


def _headers(otel: OpenTelemetry) -> dict[str, str]:
    """By name; of a name that stands twice, the last value."""
    headers = dict(header.split("=", 1) for header in otel.headers if "=" in header)
    return dict(sorted(headers.items()))


def telemetry_condition(spec: MCPServerSpec) -> Condition | None:
    """Whether all of the telemetry that the spec asks for is there."""
    if spec.telemetry is None:
        return None
    if _is_unused(_enabled(spec)):
        message = (
            "spec.telemetry.openTelemetry has an endpoint, but neither metrics nor tracing is enabled: "
            "the endpoint is left out, since the proxy would not start with it"
        )
        return conditions.false("TelemetryValid", "EndpointUnused", message)
    return conditions.true("TelemetryValid", "Valid", "The telemetry settings are used")


def _enabled(spec: MCPServerSpec) -> OpenTelemetry | None:
    otel = spec.telemetry.open_telemetry if spec.telemetry else None
    return otel if otel and otel.enabled else None


def _endpoint(otel: OpenTelemetry | None) -> str:
    return otel.endpoint.removeprefix("https://").removeprefix("http://") if otel else ""


def _is_unused(otel: OpenTelemetry | None) -> bool:
    """Measured with runner 0.44.0: with an endpoint and nothing to send there it refuses to start."""
    sends = otel and ((otel.metrics and otel.metrics.enabled) or (otel.tracing and otel.tracing.enabled))
    return bool(_endpoint(otel)) and not sends


def _sampling_rate(otel: OpenTelemetry | None) -> str:
    given = otel.tracing.sampling_rate if otel and otel.tracing else ""
    rate = float(given) if _FLOAT.fullmatch(given) else DEFAULT_SAMPLING_RATE
    text = format(Decimal(repr(rate if math.isfinite(rate) else DEFAULT_SAMPLING_RATE)), "f")
    return text.removesuffix(".0")
