"""All that an MCPRemoteProxy's spec refers to."""

from __future__ import annotations

from hooks.api.kinds import MCP_REMOTE_PROXY
from hooks.api.mcpremoteproxy import MCPRemoteProxySpec
from hooks.api.mcptoolconfig import MCPToolConfigSpec
from hooks.controllers.mcpremoteproxy.to_proxy import proxy_port
from hooks.controllers.workloads import resolutions
from hooks.controllers.workloads.authorization import resolve_authorization
from hooks.metacontroller.requests import SyncRequest
from hooks.references.configs import resolve_config
from hooks.references.table import references_of
from hooks.references.tools import tools

ROWS = {reference.field: reference for reference in references_of(MCP_REMOTE_PROXY)}
"""The rows of the table for this kind, by field."""


def resolve(request: SyncRequest, spec: MCPRemoteProxySpec) -> resolutions.Resolutions:
    """Look up everything that the spec refers to."""
    url = resolutions.own_url(request, proxy_port(spec))
    external_auth, auth_server = resolutions.resolve_auth(request, spec, ROWS, url)
    return resolutions.Resolutions(
        external_auth=external_auth,
        auth_server=auth_server,
        tools=resolve_config(request, ROWS["toolConfigRef"], MCPToolConfigSpec).map(tools),
        oidc=resolutions.resolve_oidc_config(request, spec, ROWS["oidcConfigRef"], url),
        authz=resolve_authorization(request, spec, ROWS["authzConfigRef"]),
        pod_template=resolutions.resolve_pod_template(spec.pod_template_spec),
        telemetry=resolutions.resolve_telemetry_config(request, spec, ROWS["telemetryConfigRef"]),
    )
