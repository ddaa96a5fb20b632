"""What an MCPServer's proxy tells about itself: the `telemetry_config` of its RunConfig."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from hooks.installation import RUNNER_RELEASE
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.objects import Object
from hooks.proxy.spec import OpenTelemetry, Telemetry

DEFAULT_SAMPLING_RATE = 0.05
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def telemetry_config(name: str, telemetry: Telemetry | None) -> Object | None:
    """Return the settings, or None where the spec asks for none that the proxy could start with."""
    if telemetry is None:
        return None
    otel = _enabled(telemetry)
    endpoint = "" if _is_unused(otel) else _endpoint(otel)
    if not endpoint and not telemetry.prometheus:
        return None
    return {
        "endpoint": endpoint,
        "serviceName": (otel.service_name or name) if otel else "toolhive-mcp-proxy",
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


def telemetry_condition(telemetry: Telemetry | None) -> Condition | None:
    """Return whether all of the telemetry that the spec asks for is there; None where it asks for none."""
    if telemetry is None:
        return None
    if _is_unused(_enabled(telemetry)):
        message = (
            f"{telemetry.field}.openTelemetry has an endpoint, but neither metrics nor tracing is enabled: "
            "the endpoint is left out, since the proxy would not start with it"
        )
        return conditions.false("TelemetryValid", "EndpointUnused", message)
    return conditions.true("TelemetryValid", "Valid", "The telemetry settings are used")


def _enabled(telemetry: Telemetry) -> OpenTelemetry | None:
    otel = telemetry.open_telemetry
    return otel if otel and otel.enabled else None


def _endpoint(otel: OpenTelemetry | None) -> str:
    return otel.endpoint.removeprefix("https://").removeprefix("http://") if otel else ""


def _is_unused(otel: OpenTelemetry | None) -> bool:
    """Measured with runner 0.44.0: with an endpoint and nothing to send there it refuses to start."""
    return bool(_endpoint(otel)) and not (otel and (otel.metrics or otel.tracing))


def _sampling_rate(otel: OpenTelemetry | None) -> str:
    given = otel.sampling_rate if otel else ""
    rate = float(given) if _FLOAT.fullmatch(given) else DEFAULT_SAMPLING_RATE
    text = format(Decimal(repr(rate if math.isfinite(rate) else DEFAULT_SAMPLING_RATE)), "f")
    return text.removesuffix(".0")
