"""What a proxy reports about itself: the `telemetry_config` of its RunConfig."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from hooks.kubernetes.objects import Object
from hooks.proxy.names import OTEL_CA_PATH
from hooks.proxy.spec import OpenTelemetry, Telemetry

DEFAULT_SAMPLING_RATE = 0.05
SAMPLING_RATE = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def telemetry_config(telemetry: Telemetry | None) -> Object | None:
    """Return the settings, with `omitempty` as Go has it; None where the spec says nothing of telemetry.

    An endpoint to which nothing is to be sent is left out: the runner refuses to start with it (measured).
    """
    if telemetry is None:
        return None
    given = telemetry.open_telemetry
    otel = given if given and given.enabled else None
    ca = given.ca_bundle if given else None
    # Headers in the RunConfig would take the place of all those in the environment, where sensitive ones are.
    headers = dict(sorted(otel.headers.items())) if otel and not otel.sensitive_headers else {}
    settings: Object = {
        "endpoint": endpoint_of(otel.endpoint) if otel and sends(otel) else "",
        "serviceName": telemetry.service_name,
        "tracingEnabled": bool(otel and otel.tracing),
        "metricsEnabled": bool(otel and otel.metrics),
        # A string: a number, as the October 2025 operator writes it, makes runner 0.44.0 panic.
        "samplingRate": sampling_rate(otel.sampling_rate) if otel and otel.sampling_rate else "",
        "headers": headers,
        "insecure": bool(otel and otel.insecure),
        "enablePrometheusMetricsPath": telemetry.prometheus,
        "customAttributes": dict(sorted(otel.resource_attributes.items())) if otel else {},
        "useLegacyAttributes": bool(otel and otel.use_legacy_attributes),
        "caCertPath": f"{OTEL_CA_PATH}/{ca.config_map}/{ca.key}" if ca else "",
    }
    always = ("serviceName", "tracingEnabled", "metricsEnabled", "useLegacyAttributes")
    return {key: value for key, value in settings.items() if value or key in always}


def endpoint_of(address: str) -> str:
    """Return the address of a collector as the runner wants it: without a scheme."""
    return address.removeprefix("https://").removeprefix("http://")


def sends(otel: OpenTelemetry | None) -> bool:
    """Return whether anything is to be sent to a collector."""
    return bool(otel and otel.enabled and (otel.metrics or otel.tracing))


def is_unused(otel: OpenTelemetry | None) -> bool:
    """Return whether there is an endpoint and nothing to send there: runner 0.44.0 refuses to start so (measured)."""
    return bool(otel and otel.enabled and endpoint_of(otel.endpoint)) and not sends(otel)


def sampling_rate(given: str) -> str:
    """Return the rate from 0 to 1 that counts, written as Go writes a float: as short as it can be."""
    rate = float(given) if SAMPLING_RATE.fullmatch(given) else DEFAULT_SAMPLING_RATE
    rate = min(max(rate, 0.0), 1.0) if math.isfinite(rate) else DEFAULT_SAMPLING_RATE
    return format(Decimal(repr(rate)), "f").removesuffix(".0")
