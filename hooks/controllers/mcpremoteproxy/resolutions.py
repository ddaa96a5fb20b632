"""All that an MCPRemoteProxy's spec refers to."""

from __future__ import annotations

from hooks.api.kinds import MCP_REMOTE_PROXY
from hooks.api.mcpremoteproxy import MCPRemoteProxySpec
from hooks.api.mcptoolconfig import MCPToolConfigSpec
from hooks.controllers.mcpremoteproxy.to_proxy import proxy_port
from hooks.controllers.workloads.authorization import resolve_authorization
from hooks.controllers.workloads.resolutions import (
    Resolutions,
    own_url,
    resolve_auth,
    resolve_oidc_config,
    resolve_pod_template,
    resolve_telemetry_config,
)
from hooks.metacontroller.requests import SyncRequest
from hooks.references.configs import resolve_config
from hooks.references.table import references_of

ROWS = {reference.field: reference for reference in references_of(MCP_REMOTE_PROXY)}
"""The rows of the table for this kind, by field."""


def resolve(request: SyncRequest, spec: MCPRemoteProxySpec) -> Resolutions:
    """Look up everything that the spec refers to."""
    url = own_url(request, proxy_port(spec))
    external_auth, auth_server = resolve_auth(request, spec, ROWS, url)
    return Resolutions(
        external_auth=external_auth,
        auth_server=auth_server,
        tools=resolve_config(request, ROWS["toolConfigRef"], MCPToolConfigSpec),
        oidc=resolve_oidc_config(request, spec, ROWS["oidcConfigRef"], url),
        authz=resolve_authorization(request, spec, ROWS["authzConfigRef"]),
        pod_template=resolve_pod_template(spec.pod_template_spec),
        telemetry=resolve_telemetry_config(request, spec, ROWS["telemetryConfigRef"]),
    )
