"""MCPServer -> ProxySpec: the one place that knows the field names that an MCPServer's spec alone has."""

from __future__ import annotations

from hooks.api.mcpserver import MCPServerSpec
from hooks.api.workload import PermissionProfile
from hooks.controllers.mcpserver.ports import mcp_port, proxy_port
from hooks.controllers.workloads.resolutions import Resolutions
from hooks.controllers.workloads.to_proxy import make_proxy
from hooks.installation import Installation
from hooks.kubernetes.objects import Object
from hooks.proxy import spec
from hooks.proxy.names import Names
from hooks.proxy.runconfig.permissions import NETWORK
from hooks.proxy.spec import ProxySpec


def to_proxy(server: Object, given: MCPServerSpec, resolutions: Resolutions, installation: Installation) -> ProxySpec:
    """Return what an MCPServer's proxy consists of: see `make_proxy`."""
    return make_proxy(
        server,
        given,
        resolutions,
        installation,
        backend=_container(Names(server["kind"], server["metadata"]["name"]), given, resolutions),
        proxy_mode=_proxy_mode(given),
        port=proxy_port(given).number,
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
    """The transport for callers: an MCP server that speaks HTTP itself is passed through as it is."""
    return (given.proxy_mode or "streamable-http") if given.transport == "stdio" else given.transport


def _permission_profile(given: PermissionProfile | None, document: Object | None) -> spec.PermissionProfile:
    """The profile as a document; only a builtin one has a name too, since the runner takes any other for a path."""
    if given is None or document is None:
        return spec.PermissionProfile(NETWORK)
    return spec.PermissionProfile(document, given.name if given.type == "builtin" else "")
