"""MCPRemoteProxy -> ProxySpec: the one place that knows the field names that its spec alone has."""

from __future__ import annotations

import hashlib

from hooks import go_json
from hooks.api.headers import HeaderForward
from hooks.api.mcpremoteproxy import MCPRemoteProxySpec
from hooks.api.workload import DEFAULT_PORT
from hooks.controllers.workloads.resolutions import Resolutions
from hooks.controllers.workloads.to_proxy import make_proxy
from hooks.installation import Installation
from hooks.kubernetes.objects import Object
from hooks.proxy.spec import ProxySpec, Remote, SecretHeader


def to_proxy(
    parent: Object, given: MCPRemoteProxySpec, resolutions: Resolutions, installation: Installation
) -> ProxySpec:
    """Return what an MCPRemoteProxy's proxy consists of: see `make_proxy`."""
    return make_proxy(
        parent,
        given,
        resolutions,
        installation,
        backend=_remote(given, resolutions),
        proxy_mode=given.transport,
        port=proxy_port(given),
    )


def proxy_port(given: MCPRemoteProxySpec) -> int:
    """Return the port on which the proxy listens."""
    return given.proxy_port or DEFAULT_PORT


def _remote(given: MCPRemoteProxySpec, resolutions: Resolutions) -> Remote:
    forward = given.header_forward or HeaderForward()
    template = given.pod_template_spec
    return Remote(
        url=given.remote_url,
        headers=forward.add_plaintext_headers,
        secret_headers=[
            SecretHeader(header.header_name, header.value_secret_ref) for header in forward.add_headers_from_secret
        ],
        service_account=given.service_account or "",
        pod_template=resolutions.pod_template.value,
        pod_template_hash=hashlib.sha256(go_json.to_json(template).encode()).hexdigest() if template else "",
    )
