"""MCPServer -> ProxySpec: the one place that knows the field names of an MCPServer's spec."""

from __future__ import annotations

from hooks.api.mcpserver import MCPServerSpec
from hooks.api.workload import MetadataOverrides, PermissionProfile, ProxyDeploymentOverrides, ResourceOverrides
from hooks.controllers.mcpserver.ports import mcp_port, proxy_port
from hooks.controllers.workloads.resolutions import Resolutions
from hooks.controllers.workloads.sessions import session_redis
from hooks.controllers.workloads.to_proxy import content_digest, outgoing_auth, tools
from hooks.installation import Installation
from hooks.kubernetes.objects import Object, annotations_of
from hooks.proxy import spec
from hooks.proxy.names import Names
from hooks.proxy.rollout import read_restart
from hooks.proxy.runconfig.permissions import NETWORK
from hooks.proxy.spec import ProxySpec


def to_proxy(server: Object, given: MCPServerSpec, resolutions: Resolutions, installation: Installation) -> ProxySpec:
    """Return what an MCPServer's proxy consists of; a reference that has no value is left out.

    Args:
        server: the MCPServer.
        given: its spec.
        resolutions: what the spec refers to; children may be made only where these have no problems.
        installation: what the installation decides.
    """
    metadata = server["metadata"]
    overrides = given.resource_overrides or ResourceOverrides()
    backend = _container(Names(server["kind"], metadata["name"]), given, resolutions)
    return ProxySpec(
        name=metadata["name"],
        namespace=metadata["namespace"],
        uid=metadata["uid"],
        backend=backend,
        transport=given.transport,
        proxy_mode=_proxy_mode(given),
        port=proxy_port(given).number,
        replicas=given.replicas,
        session_affinity=given.session_affinity,
        endpoint_prefix=given.endpoint_prefix,
        incoming_auth=resolutions.oidc.value,
        outgoing_auth=outgoing_auth(resolutions),
        auth_server=resolutions.auth_server.value,
        authorization=resolutions.authz.value,
        tools=_tools(given, resolutions),
        telemetry=resolutions.telemetry.value,
        audit=bool(given.audit and given.audit.enabled),
        webhooks=resolutions.webhooks.value,
        session_redis=session_redis(given, installation),
        rate_limits=resolutions.rate_limits.value or None,
        content_digest=content_digest(resolutions, backend),
        trust_proxy_headers=given.trust_proxy_headers,
        resources=given.resources,
        deployment_overrides=overrides.proxy_deployment or ProxyDeploymentOverrides(),
        service_overrides=overrides.proxy_service or MetadataOverrides(),
        restart=read_restart(annotations_of(server)),
    )


def _container(names: Names, given: MCPServerSpec, resolutions: Resolutions) -> spec.Container:
    account = names.server_account if given.service_account is None else given.service_account
    port = mcp_port(given)
    return spec.Container(
        image=given.image,
        args=given.args,
        env=given.env,
        secrets=given.secrets,
        volumes=given.volumes,
        target_port=port.number,
        target_port_field=port.field,
        service_account=account,
        permission_profile=_permission_profile(given.permission_profile, resolutions.permission_profile.value),
        pod_template=resolutions.pod_template.value,
        replicas=given.backend_replicas,
    )


def _proxy_mode(given: MCPServerSpec) -> str:
    """How callers are served: an MCP server that speaks HTTP itself is passed through as it is."""
    return (given.proxy_mode or "streamable-http") if given.transport == "stdio" else given.transport


def _permission_profile(given: PermissionProfile | None, document: Object | None) -> spec.PermissionProfile:
    """The profile as a document; only a builtin one has a name too, since the runner takes any other for a path."""
    if given is None or document is None:
        return spec.PermissionProfile(NETWORK)
    return spec.PermissionProfile(document, given.name if given.type == "builtin" else "")


def _tools(given: MCPServerSpec, resolutions: Resolutions) -> spec.Tools:
    """The tools of the MCPToolConfig, which wins over spec.tools."""
    config = resolutions.tools.value
    return tools(config) if config else spec.Tools(given.tools, field="spec.tools")
