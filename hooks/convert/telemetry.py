"""telemetry, which stood in each workload's spec, as an MCPTelemetryConfig and the reference to it."""

from __future__ import annotations

from typing import Any

from hooks.convert.parts import NotConvertible, Wanted, checked, host
from hooks.kubernetes.objects import Object

_WHERE = "spec.telemetry"
_OTEL = {
    "enabled": bool,
    "endpoint": str,
    "serviceName": str,
    "headers": list,
    "insecure": bool,
    "metrics": dict,
    "tracing": dict,
    "useLegacyAttributes": bool,
}


def converted_telemetry(given: Any, server: str) -> tuple[Wanted, list[str]]:
    """Return the MCPTelemetryConfig that a workload's telemetry becomes, and what is to be said of it.

    Raises:
        NotConvertible: a setting has no counterpart in an MCPTelemetryConfig.
    """
    telemetry = checked(given, _WHERE, {"openTelemetry": dict, "prometheus": dict})
    otel = checked(telemetry.get("openTelemetry", {}), f"{_WHERE}.openTelemetry", _OTEL)
    prometheus = checked(telemetry.get("prometheus", {}), f"{_WHERE}.prometheus", {"enabled": bool})
    notes = []
    if "endpoint" in otel and not _sends(otel):
        otel = {key: value for key, value in otel.items() if key != "endpoint"}
        notes.append("telemetry.openTelemetry.endpoint is left out: neither metrics nor tracing is enabled")
    headers = _headers(otel.get("headers", []))
    if headers:
        notes.append(
            "the headers for the collector are in plain text, as before: move a secret one to sensitiveHeaders"
        )
    settings = {key: value for key, value in otel.items() if key != "serviceName"}
    settings |= {"headers": headers} if headers else {}
    wanted = Wanted(
        ref="telemetryConfigRef",
        kind="MCPTelemetryConfig",
        name=f"{server}-telemetry",
        shared_name=f"{host(otel['endpoint']) if 'endpoint' in otel else 'prometheus'}-telemetry",
        spec={
            **({"openTelemetry": settings} if settings else {}),
            **({"prometheus": prometheus} if prometheus else {}),
        },
        reference={"serviceName": otel["serviceName"]} if "serviceName" in otel else {},
    )
    return wanted, notes


def _sends(otel: Object) -> bool:
    return any((otel.get(part) or {}).get("enabled") is True for part in ("metrics", "tracing"))


def _headers(given: list[Any]) -> dict[str, str]:
    """Return "key=value" texts as a mapping; the last of two counts, as it did."""
    headers: dict[str, str] = {}
    for number, header in enumerate(given):
        name, equals, value = str(header).partition("=")
        if not equals or not name:
            raise NotConvertible(f"{_WHERE}.openTelemetry.headers[{number}] is not of the form key=value: correct it")
        headers[name] = value
    return headers
