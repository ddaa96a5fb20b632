"""The part of a proxy's telemetry that is in its container's environment: the service's name and secret headers."""

from __future__ import annotations

from urllib.parse import quote

from hooks.kubernetes.objects import Object
from hooks.proxy.outgoing_auth.base import from_secret
from hooks.proxy.spec import ProxySpec


def resource_attributes(proxy: ProxySpec) -> dict[str, Object]:
    """Return OpenTelemetry's own variable with the service's name, where the spec says anything of telemetry."""
    if proxy.telemetry is None:
        return {}
    name = quote(proxy.telemetry.service_name, safe=" /:@!$&'()*+;?[]~")  # the list is of key=value, apart by commas
    return {"OTEL_RESOURCE_ATTRIBUTES": {"value": literal(f"service.name={name},service.namespace={proxy.namespace}")}}


def sensitive_headers(proxy: ProxySpec) -> dict[str, Object]:
    """Return the variables by which headers from Secrets reach the collector; none without such headers.

    The operator makes a variable of each header, which nothing reads. The exporters of runner 0.44.0 read all headers
    from OTEL_EXPORTER_OTLP_HEADERS (OpenTelemetry's "OTLP Exporter Configuration"), a list of name=value apart by
    commas, each value percent-encoded, unless the RunConfig has some. So the plain headers are there too, and the
    kubelet puts each secret in the place of its `$(NAME)`. A secret value reaches the runner as it is: it can't have
    commas and percent signs.
    """
    otel = proxy.telemetry.open_telemetry if proxy.telemetry else None
    if otel is None or not otel.sensitive_headers:
        return {}
    variables = _variables([header.name for header in otel.sensitive_headers])
    secrets = {variables[header.name]: from_secret(header.value) for header in otel.sensitive_headers}
    plain = [f"{literal(name)}={quote(value, safe=' ')}" for name, value in sorted(otel.headers.items())]
    secret = [f"{literal(header.name)}=$({variables[header.name]})" for header in otel.sensitive_headers]
    exporters = {"OTEL_EXPORTER_OTLP_HEADERS": {"value": ",".join([*plain, *secret])}} if otel.enabled else {}
    return {**secrets, **exporters}


def literal(text: str) -> str:
    """Return the text of an argument or a variable that a container shall have to the letter.

    The kubelet puts the container's own variables, the client secret among them, in the place of `$(NAME)`, and `$` in
    the place of `$$` (k8s.io/kubernetes/third_party/forked/golang/expansion).
    """
    return text.replace("$", "$$")


def _variables(headers: list[str]) -> dict[str, str]:
    """The operator's names, each once: it has one for x-a and x_a."""
    variables: dict[str, str] = {}
    for header in headers:
        variable = f"TOOLHIVE_OTEL_HEADER_{header.upper().replace('-', '_')}"
        while variable in variables.values():
            variable += "_"
        variables[header] = variable
    return variables
