"""What an MCPServer's proxy tells about itself: the `telemetry_config` of its RunConfig."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from hooks.api.mcpserver import MCPServerSpec, OpenTelemetry
from hooks.controllers import conditions
from hooks.controllers.conditions import Condition
from hooks.controllers.controller import RUNNER_RELEASE
from hooks.controllers.mcpserver.problem import Problem
from hooks.controllers.texts import HEADER_NAME, text_fault
from hooks.controllers.urls import url_fault
from hooks.protocol import Object

DEFAULT_SAMPLING_RATE = 0.05
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WHERE = "spec.telemetry.openTelemetry"


class _Fault(NamedTuple):
    """A setting that can't be meant."""

    message: str
    blinds: bool
    """Whether the proxy would not start with it, or nothing of what it reports would arrive."""


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


def check_telemetry(spec: MCPServerSpec) -> Problem | Condition | None:
    """Whether all of the telemetry that the spec asks for is there.

    Returns:
        A problem where the proxy would not start, or report in vain. A condition where it serves as asked for, or with
        the difference that the condition says. None where the spec asks for none.
    """
    if spec.telemetry is None:
        return None
    otel = _enabled(spec)
    faults = list(_faults(otel)) if otel else []
    said = "; ".join(fault.message for fault in faults)
    if _sends(otel) and any(fault.blinds for fault in faults):
        return Problem("TelemetryValid", "TelemetryInvalid", said)
    if _is_unused(otel):
        message = (
            f"{_WHERE} has an endpoint, but neither metrics nor tracing is enabled: "
            "the endpoint is left out, since the proxy would not start with it"
        )
        return conditions.false("TelemetryValid", "EndpointUnused", "; ".join(filter(None, (message, said))))
    if otel and not otel.endpoint and _sends(otel):
        message = f"{_WHERE} has no endpoint, so no metrics and traces are sent: add it"
        return conditions.false("TelemetryValid", "EndpointMissing", "; ".join(filter(None, (message, said))))
    if said:
        return conditions.false("TelemetryValid", "TelemetryInvalid", said)
    return conditions.true("TelemetryValid", "Valid", f"The telemetry settings are used{_scheme_note(otel)}")


def _scheme_note(otel: OpenTelemetry | None) -> str:
    if otel is None or not otel.endpoint.startswith("https://" if otel.insecure else "http://"):
        return ""
    scheme = "HTTP" if otel.insecure else "HTTPS"
    return f"; the proxy goes by insecure, not by the endpoint's scheme: it speaks {scheme} to the collector"


def _faults(otel: OpenTelemetry) -> Iterator[_Fault]:
    """What the runner would not start with, drop, or take for another value; each with its field."""
    if otel.endpoint and _is_no_endpoint(_endpoint(otel)):
        example = "otel-collector.observability:4318"
        yield _Fault(f"{_WHERE}.endpoint must be HOST:PORT of an OTLP/HTTP collector, such as {example}", blinds=True)
    names: set[str] = set()
    for index, header in enumerate(otel.headers):
        name, equals, value = header.partition("=")
        where = f"{_WHERE}.headers[{index}]"
        if not equals or not HEADER_NAME.fullmatch(name):
            yield _Fault(f"{where} must be an HTTP header as key=value, such as x-team=weather", blinds=True)
        elif fault := text_fault(value):
            yield _Fault(f"{where} {fault}", blinds=True)
        elif name.lower() in names:
            yield _Fault(f"{where} gives a header a second value: leave one of them", blinds=False)
        names.add(name.lower())
    yield from _sampling_rate_faults(otel.tracing.sampling_rate if otel.tracing else "0")


def _sampling_rate_faults(rate: str) -> Iterator[_Fault]:
    message = f'{_WHERE}.tracing.samplingRate must be a number from "0" to "1", such as "0.1"'
    if not _FLOAT.fullmatch(rate):
        yield _Fault(f"{message}; until then it is {DEFAULT_SAMPLING_RATE}", blinds=False)
    elif not 0 <= float(rate) <= 1:
        yield _Fault(message, blinds=False)


def _is_no_endpoint(endpoint: str) -> bool:
    return bool(url_fault(f"https://{endpoint}", "https") or re.search("[?#@]|://", endpoint))


def _enabled(spec: MCPServerSpec) -> OpenTelemetry | None:
    otel = spec.telemetry.open_telemetry if spec.telemetry else None
    return otel if otel and otel.enabled else None


def _endpoint(otel: OpenTelemetry | None) -> str:
    return otel.endpoint.removeprefix("https://").removeprefix("http://") if otel else ""


def _is_unused(otel: OpenTelemetry | None) -> bool:
    """Measured with runner 0.44.0: with an endpoint and nothing to send there it refuses to start."""
    return bool(_endpoint(otel)) and not _sends(otel)


def _sends(otel: OpenTelemetry | None) -> bool:
    return bool(otel and ((otel.metrics and otel.metrics.enabled) or (otel.tracing and otel.tracing.enabled)))


def _sampling_rate(otel: OpenTelemetry | None) -> str:
    given = otel.tracing.sampling_rate if otel and otel.tracing else ""
    rate = float(given) if _FLOAT.fullmatch(given) else DEFAULT_SAMPLING_RATE
    text = format(Decimal(repr(rate if math.isfinite(rate) else DEFAULT_SAMPLING_RATE)), "f")
    return text.removesuffix(".0")
