"""All that an MCPServer's spec refers to."""

from __future__ import annotations

from dataclasses import replace

from hooks.api.kinds import MCP_SERVER
from hooks.api.mcpserver import MCPServerSpec
from hooks.api.mcptoolconfig import MCPToolConfigSpec
from hooks.api.mcpwebhookconfig import MCPWebhookConfigSpec
from hooks.controllers.mcpserver.inline_oidc import resolve_oidc
from hooks.controllers.mcpserver.inline_telemetry import resolve_telemetry
from hooks.controllers.mcpserver.ports import proxy_port
from hooks.controllers.mcpserver.scaling import resolve_rate_limits
from hooks.controllers.workloads import resolutions
from hooks.controllers.workloads.authorization import resolve_authorization
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy.spec import Tools
from hooks.references.configs import resolve_config
from hooks.references.permission_profile import resolve_profile
from hooks.references.resolution import Resolution
from hooks.references.table import references_of
from hooks.references.tools import tools
from hooks.references.webhooks import webhooks

ROWS = {reference.field: reference for reference in references_of(MCP_SERVER)}
"""The rows of the table for this kind, by field."""


def resolve(request: SyncRequest, spec: MCPServerSpec) -> resolutions.Resolutions:
    """Look up everything that the spec refers to, the shared config before the settings in the spec itself."""
    url = resolutions.own_url(request, proxy_port(spec).number)
    external_auth, auth_server = resolutions.resolve_auth(request, spec, ROWS, url)
    oidc, telemetry = ROWS["oidcConfigRef"], ROWS["telemetryConfigRef"]
    return resolutions.Resolutions(
        external_auth=external_auth,
        auth_server=auth_server,
        tools=_tools(request, spec),
        oidc=(
            resolutions.resolve_oidc_config(request, spec, oidc, url)
            if spec.oidc_config_ref
            else resolve_oidc(request, spec, url)
        ),
        authz=resolve_authorization(request, spec, ROWS["authzConfigRef"]),
        webhooks=resolve_config(request, ROWS["webhookConfigRef"], MCPWebhookConfigSpec).map(webhooks),
        permission_profile=resolve_profile(request, spec.permission_profile),
        pod_template=resolutions.resolve_pod_template(spec.pod_template_spec),
        telemetry=(
            resolutions.resolve_telemetry_config(request, spec, telemetry)
            if spec.telemetry_config_ref
            else resolve_telemetry(spec.telemetry, request.name)
        ),
        rate_limits=resolve_rate_limits(spec),
    )


def _tools(request: SyncRequest, spec: MCPServerSpec) -> Resolution[Tools]:
    """The tools of the MCPToolConfig. It wins over spec.tools, with a filter or without: its condition says so."""
    found = resolve_config(request, ROWS["toolConfigRef"], MCPToolConfigSpec).map(tools)
    if found.condition is None:
        return Resolution(Tools(spec.tools, field="spec.tools"))
    if found.value is None or not spec.tools:
        return found
    unfiltered = "" if found.value.filter else ": it has no toolsFilter, so callers see all tools"
    message = f"{found.condition.message}; spec.tools has no effect beside it{unfiltered}"
    return replace(found, condition=found.condition._replace(message=message))
