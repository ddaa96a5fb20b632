"""Validation of a remote MCP server: its URL, and the headers that the proxy adds to calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from hooks.api.texts import HEADER_NAME
from hooks.api.urls import parts, url_fault
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.names import OBJECT_NAME, SECRET_KEY
from hooks.kubernetes.objects import Object
from hooks.kubernetes.quantity import MOST, amount
from hooks.proxy.runconfig.remote import secret_name
from hooks.proxy.spec import ProxySpec, Remote

# Addresses and names are those that release 0.44 refuses (cmd/thv-operator/pkg/validation/url_validation.go): a user
# who may make an MCPRemoteProxy shall not reach by it what the proxy's pod can reach. No name is resolved.
BLOCKED_RANGES = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        *("::/128", "::1/128", "fe80::/10", "fc00::/7"),
    )
)
BLOCKED_HOSTS = (
    "localhost",
    "kubernetes.default.svc.cluster.local",
    "kubernetes.default.svc",
    "kubernetes.default",
    "cluster.local",
    "metadata.google.internal",
)
RESTRICTED_HEADERS = frozenset(
    {
        *("host", "connection", "keep-alive", "te", "trailer", "upgrade", "http2-settings"),
        *("proxy-authorization", "proxy-authenticate", "proxy-connection", "transfer-encoding", "content-length"),
        *("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"),
    }
)
"""Headers with which runner 0.44.0 doesn't start (pkg/transport/middleware/header_forward.go), in lower case."""

_HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")


def problems(proxy: ProxySpec, remote: Remote) -> list[Condition]:
    """Return what is wrong with a remote MCP server's URL, headers and account."""
    fault = url_fault(remote.url, "http", "https") or internal_fault(remote.url)
    url = [conditions.false("Valid", "RemoteURLInvalid", f"spec.remoteUrl: {fault}")] if fault else []
    return [*url, *(conditions.false("Valid", "SpecInvalid", text) for text in _faults(proxy, remote))]


def internal_fault(url: str) -> str:
    """Return why a URL leads into the cluster or a private network; empty where it doesn't, as far as can be seen."""
    found = parts(url)
    host = found.host.strip("[]").partition("%")[0] if found else ""
    try:
        address = ip_address(host)
    except ValueError:
        return _name_fault(host)
    plain: IPv4Address | IPv6Address = getattr(address, "ipv4_mapped", None) or address
    blocked = next((each for each in BLOCKED_RANGES if plain.version == each.version and plain in each), None)
    if blocked is None:
        return ""
    return f"remote URL host is not allowed: IP address {host} falls within blocked range {blocked}: use a public one"


def _name_fault(host: str) -> str:
    lower = host.lower().removesuffix(".")
    blocked = next((name for name in BLOCKED_HOSTS if lower == name or lower.endswith(f".{name}")), None)
    if blocked is None:
        return ""
    what = f'remote URL host is not allowed: hostname "{host}" matches blocked internal hostname "{blocked}"'
    return f"{what}: use an MCPServer for what runs in the cluster"


def _faults(proxy: ProxySpec, remote: Remote) -> Iterator[str]:
    if remote.service_account and not OBJECT_NAME.fullmatch(remote.service_account):
        yield "spec.serviceAccount: must be the name of a ServiceAccount"
    taken: dict[str, str] = {}
    secret = {f"addHeadersFromSecret[{index}].headerName": item for index, item in enumerate(remote.secret_headers)}
    named = {f"addPlaintextHeaders[{name!r}]": name for name in remote.headers}
    for field, name in (named | {field: item.name for field, item in secret.items()}).items():
        where = f"spec.headerForward.{field}"
        if not HEADER_NAME.fullmatch(name):
            yield f"{where}: must be the name of an HTTP header"
        elif name.lower() in RESTRICTED_HEADERS:
            yield f"{where}: the proxy runner forwards no header {name!r}: remove it"
        # Of two that are one to the runner, the last would count.
        variable = secret_name(name, proxy.name)
        if variable in taken:
            yield f"{where}: is one with {taken[variable]} to the proxy runner: remove one of them"
        taken.setdefault(variable, where)
    for name, value in remote.headers.items():
        if not _HEADER_VALUE.fullmatch(value):
            yield f"spec.headerForward.addPlaintextHeaders[{name!r}]: its value has a line break or a control character"
    for index, header in enumerate(remote.secret_headers):
        if not OBJECT_NAME.fullmatch(header.value.name) or not SECRET_KEY.fullmatch(header.value.key):
            where = f"spec.headerForward.addHeadersFromSecret[{index}].valueSecretRef"
            yield f"{where}: must have the name of a Secret, and one of its keys"
    yield from _amounts((remote.pod_template or {}).get("spec", {}))


def _amounts(pod: Object) -> Iterator[str]:
    """Yield a fault for each amount that the API server would store as another, so that each sync would change it."""
    for field in ("containers", "initContainers"):
        for index, container in enumerate(pod.get(field) or ()):
            for group in ("limits", "requests"):
                wanted = container.get("resources", {}).get(group, {})
                where = f"spec.podTemplateSpec.spec.{field}[{index}].resources.{group}"
                yield from (
                    f"{where}[{name!r}]: must be at most {MOST}"
                    for name, quantity in wanted.items()
                    if amount(str(quantity)) > MOST
                )
