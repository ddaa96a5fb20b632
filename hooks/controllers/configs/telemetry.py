"""MCPTelemetryConfig: what proxies report about themselves, and where."""

from __future__ import annotations

from collections.abc import Iterator

from hooks.api.kinds import MCP_TELEMETRY_CONFIG
from hooks.api.mcptelemetryconfig import MCPTelemetryConfigSpec, OpenTelemetry
from hooks.api.texts import HEADER_NAME, text_fault
from hooks.controllers.configs.ca_bundles import bundle_faults
from hooks.controllers.configs.config_controller import ConfigController, valid_condition, with_note
from hooks.kubernetes.conditions import Condition
from hooks.proxy.names import OTEL_CA_VOLUME_PREFIX
from hooks.references.table import references_to
from hooks.references.telemetry import endpoint_fault, endpoint_note, scheme_note, telemetry

WHERE = "spec.openTelemetry"


def validate(spec: MCPTelemetryConfigSpec) -> list[Condition]:
    """Validate the settings as the proxy does: it would not start with some, and with others report in vain."""
    otel = spec.open_telemetry
    valid = valid_condition(_faults(otel) if otel else ())
    if otel is None or valid.status != "True":
        return [valid]
    made = telemetry(spec, "").open_telemetry
    return [with_note(with_note(valid, endpoint_note(made, WHERE)), scheme_note(made))]


def _faults(otel: OpenTelemetry) -> Iterator[tuple[str, str]]:
    reports = (otel.tracing and otel.tracing.enabled) or (otel.metrics and otel.metrics.enabled)
    if otel.endpoint and not reports:
        message = (
            f"{WHERE}.endpoint requires at least one of tracing or metrics to be enabled: enable one, or remove it"
        )
        yield "EndpointUnused", message
    if otel.endpoint and (fault := endpoint_fault(otel.endpoint)):
        yield "EndpointInvalid", f"{WHERE}.endpoint {fault}"
    yield from _header_faults(otel)
    for name, value in sorted(otel.resource_attributes.items()):
        if fault := text_fault(value):
            yield "ResourceAttributeInvalid", f"{WHERE}.resourceAttributes[{name!r}] {fault}"
    if otel.insecure and otel.ca_bundle_ref:
        yield "CABundleRefInvalid", f"{WHERE}.caBundleRef cannot be specified when insecure is true: remove one of them"
    yield from bundle_faults(otel.ca_bundle_ref, f"{WHERE}.caBundleRef", OTEL_CA_VOLUME_PREFIX)


def _header_faults(otel: OpenTelemetry) -> Iterator[tuple[str, str]]:
    """Headers of which a collector would get none, or another value; an HTTP header has no case."""
    seen: dict[str, str] = {}
    given = [(name, f"{WHERE}.headers[{name!r}]") for name in sorted(otel.headers)]
    given += [(header.name, f"{WHERE}.sensitiveHeaders[{at}].name") for at, header in enumerate(otel.sensitive_headers)]
    for name, where in given:
        if not HEADER_NAME.fullmatch(name):
            yield "HeaderNameInvalid", f"{where} must be an HTTP header's name, such as x-team"
        elif other := seen.get(name.lower()):
            yield "HeaderRepeated", f"{where} gives a header a second value, after {other}: leave one of them"
        elif fault := text_fault(otel.headers.get(name, "")):
            yield "HeaderValueInvalid", f"{where} {fault}"
        seen.setdefault(name.lower(), where)


CONTROLLER = ConfigController(
    MCP_TELEMETRY_CONFIG, MCPTelemetryConfigSpec, references_to(MCP_TELEMETRY_CONFIG), validate
).controller()
