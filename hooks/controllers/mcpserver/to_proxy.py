"""MCPServer -> ProxySpec: the one place that knows the field names of an MCPServer's spec."""

from __future__ import annotations

from hooks.api.mcpserver import MCPServerSpec
from hooks.api.workload import MetadataOverrides, PermissionProfile, ProxyDeploymentOverrides, ResourceOverrides
from hooks.controllers.mcpserver.resolutions import Resolutions
from hooks.kubernetes.objects import Object, annotations_of
from hooks.proxy import names, spec
from hooks.proxy.outgoing_auth import acts
from hooks.proxy.rollout import read_restart
from hooks.proxy.spec import ProxySpec
from hooks.references.permission_profile import NETWORK

DEFAULT_TARGET_PORT = 8080
"""The MCP server's port where the spec names none; one that speaks stdio has it in its RunConfig too."""


def to_proxy(server: Object, given: MCPServerSpec, resolutions: Resolutions) -> ProxySpec:
    """Return what an MCPServer's proxy consists of; a reference that has no value is left out.

    Args:
        server: the MCPServer.
        given: its spec.
        resolutions: what the spec refers to; children may be made only where these have no problems.
    """
    metadata = server["metadata"]
    overrides = given.resource_overrides or ResourceOverrides()
    backend, outgoing = _container(metadata["name"], given, resolutions), _outgoing_auth(resolutions)
    # A type of external auth without effect rolls no pods: its Secret reaches none.
    has_effect = outgoing is not None and acts(outgoing.type, backend)
    return ProxySpec(
        name=metadata["name"],
        namespace=metadata["namespace"],
        uid=metadata["uid"],
        backend=backend,
        transport=given.transport,
        proxy_mode=given.proxy_mode or "streamable-http",
        port=given.proxy_port or given.port or 8080,
        replicas=None,
        session_affinity="ClientIP",
        endpoint_prefix="",
        incoming_auth=resolutions.oidc.value,
        outgoing_auth=outgoing,
        auth_server=None,
        authorization=_authorization(given, resolutions),
        tools=_tools(given, resolutions),
        telemetry=resolutions.telemetry.value,
        audit=bool(given.audit and given.audit.enabled),
        webhooks=None,
        session_redis=None,
        rate_limits=None,
        content_digest=resolutions.external_auth.digest if has_effect else "",
        trust_proxy_headers=given.trust_proxy_headers,
        resources=given.resources,
        deployment_overrides=overrides.proxy_deployment or ProxyDeploymentOverrides(),
        service_overrides=overrides.proxy_service or MetadataOverrides(),
        restart=read_restart(annotations_of(server)),
    )


def _container(name: str, given: MCPServerSpec, resolutions: Resolutions) -> spec.Container:
    account = names.server_account(name) if given.service_account is None else given.service_account
    return spec.Container(
        image=given.image,
        args=given.args,
        env=given.env,
        secrets=given.secrets,
        volumes=given.volumes,
        target_port=given.mcp_port or given.target_port or DEFAULT_TARGET_PORT,
        target_port_field="spec.mcpPort" if given.mcp_port else "spec.targetPort",
        service_account=account,
        permission_profile=_permission_profile(given.permission_profile, resolutions.permission_profile.value),
        pod_template=resolutions.pod_template.value,
    )


def _permission_profile(given: PermissionProfile | None, document: Object | None) -> spec.PermissionProfile:
    if given is None or document is None:
        return spec.PermissionProfile(NETWORK)
    if given.type == "builtin":
        return spec.PermissionProfile(document, given.name)
    return spec.PermissionProfile(document, f"{names.PERMISSION_PROFILE_PATH}/{given.key}", config_map=given.name)


def _outgoing_auth(resolutions: Resolutions) -> spec.OutgoingAuth | None:
    found = resolutions.external_auth
    if found.value is None:
        return None
    return spec.OutgoingAuth(found.name, found.value.type, found.value.block)


def _authorization(given: MCPServerSpec, resolutions: Resolutions) -> spec.Authorization | None:
    authz, document = given.authz_config, resolutions.authz.value
    if authz is None or document is None:
        return None
    if authz.inline:
        inline = authz.inline
        return spec.Authorization(document, policies=inline.policies, entities_json=inline.entities_json)
    name, key = (authz.config_map.name, authz.config_map.key) if authz.config_map else ("", "")
    return spec.Authorization(document, config_map=name, key=key or "authz.json")


def _tools(given: MCPServerSpec, resolutions: Resolutions) -> spec.Tools:
    """The tools of the MCPToolConfig, which wins over spec.tools."""
    config = resolutions.tools.value
    if config is None:
        return spec.Tools(given.tools, field="spec.tools")
    overrides = (config.tools_override or {}).items()
    return spec.Tools(
        config.tools_filter, {tool: spec.ToolOverride(new.name, new.description, {}) for tool, new in overrides}
    )
