"""spec.telemetry of the old dialect: telemetry settings in the spec itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hooks.api.telemetry import OpenTelemetry, Telemetry
from hooks.api.texts import HEADER_NAME, text_fault
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.proxy import spec
from hooks.proxy.runconfig.telemetry import DEFAULT_SAMPLING_RATE, SAMPLING_RATE, is_unused, sampling_rate, sends
from hooks.references.resolution import Resolution, failed
from hooks.references.telemetry import endpoint_fault, endpoint_note, scheme_note

_WHERE = "spec.telemetry.openTelemetry"


class _Fault(NamedTuple):
    """A setting that can't be meant."""

    message: str
    blinds: bool
    """Whether the proxy would not start with it, or nothing of what it reports would arrive."""
    meanwhile: str = ""
    """The value that counts meanwhile, where it doesn't blind."""


def resolve_telemetry(given: Telemetry | None, name: str) -> Resolution[spec.Telemetry]:
    """Return the telemetry that a spec asks for; nothing where it asks for none.

    There is no value where the proxy would not start, or report in vain. The condition says what differs from the
    settings as they are written.
    """
    if given is None:
        return Resolution()
    telemetry = spec.Telemetry(
        service_name=(given.open_telemetry and given.open_telemetry.service_name) or name,
        open_telemetry=_open_telemetry(given.open_telemetry) if given.open_telemetry else None,
        prometheus=bool(given.prometheus and given.prometheus.enabled),
    )
    otel = given.open_telemetry if given.open_telemetry and given.open_telemetry.enabled else None
    faults = list(_faults(otel)) if otel else []
    if sends(telemetry.open_telemetry) and any(fault.blinds for fault in faults):
        return failed("TelemetryValid", "TelemetryInvalid", "; ".join(fault.message for fault in faults))
    said = "; ".join(f"{fault.message}{fault.meanwhile}" for fault in faults)
    return Resolution(telemetry, _condition(telemetry.open_telemetry, said))


def _condition(otel: spec.OpenTelemetry | None, said: str) -> Condition:
    """Whether all of the telemetry that the spec asks for is there."""
    if is_unused(otel):
        message = (
            f"{_WHERE} has an endpoint, but neither metrics nor tracing is enabled: "
            "the endpoint is left out, since the proxy would not start with it"
        )
        return conditions.false("TelemetryValid", "EndpointUnused", "; ".join(filter(None, (message, said))))
    if message := endpoint_note(otel, _WHERE):
        return conditions.false("TelemetryValid", "EndpointMissing", "; ".join(filter(None, (message, said))))
    if said:
        return conditions.false("TelemetryValid", "TelemetryInvalid", said)
    note = scheme_note(otel)
    return conditions.true("TelemetryValid", "Valid", f"The telemetry settings are used{'; ' if note else ''}{note}")


def _open_telemetry(given: OpenTelemetry) -> spec.OpenTelemetry:
    return spec.OpenTelemetry(
        enabled=given.enabled,
        endpoint=given.endpoint,
        headers=dict(header.split("=", 1) for header in given.headers if "=" in header),
        insecure=given.insecure,
        tracing=bool(given.tracing and given.tracing.enabled),
        metrics=bool(given.metrics and given.metrics.enabled),
        sampling_rate=(given.tracing.sampling_rate or str(DEFAULT_SAMPLING_RATE)) if given.tracing else "",
        sensitive_headers=(),
        resource_attributes={},
        use_legacy_attributes=True,
        ca_bundle=None,
    )


def _faults(otel: OpenTelemetry) -> Iterator[_Fault]:
    """Yield each setting with which the runner would not start, or that it would drop or take for another value."""
    if otel.endpoint and (fault := endpoint_fault(otel.endpoint)):
        yield _Fault(f"{_WHERE}.endpoint {fault}", blinds=True)
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
    if not SAMPLING_RATE.fullmatch(rate) or not 0 <= float(rate) <= 1:
        message = f'{_WHERE}.tracing.samplingRate must be a number from "0" to "1", such as "0.1"'
        yield _Fault(message, blinds=False, meanwhile=f"; until then it is {sampling_rate(rate)}")
