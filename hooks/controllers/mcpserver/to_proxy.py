"""MCPServer -> ProxySpec: the one place that knows the field names of an MCPServer's spec."""

from __future__ import annotations

import hashlib

from hooks.api.external_auth.embedded_auth_server import EmbeddedAuthServer
from hooks.api.mcpserver import MCPServerSpec
from hooks.api.workload import MetadataOverrides, PermissionProfile, ProxyDeploymentOverrides, ResourceOverrides
from hooks.controllers.mcpserver.ports import mcp_port, proxy_port
from hooks.controllers.mcpserver.resolutions import Resolutions
from hooks.controllers.mcpserver.scaling import replicas, session_redis
from hooks.installation import Installation
from hooks.kubernetes.objects import Object, annotations_of
from hooks.proxy import names, spec
from hooks.proxy.outgoing_auth import acts
from hooks.proxy.rollout import read_restart
from hooks.proxy.spec import ProxySpec
from hooks.references.permission_profile import NETWORK


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
    backend, outgoing = _container(metadata["name"], given, resolutions), _outgoing_auth(resolutions)
    # A type of external auth without effect rolls no pods: its Secret reaches none.
    has_effect = outgoing is None or acts(outgoing.type, backend)
    return ProxySpec(
        name=metadata["name"],
        namespace=metadata["namespace"],
        uid=metadata["uid"],
        backend=backend,
        transport=given.transport,
        proxy_mode=_proxy_mode(given),
        port=proxy_port(given).number,
        replicas=replicas(given),
        session_affinity=given.session_affinity,
        endpoint_prefix=given.endpoint_prefix,
        incoming_auth=resolutions.oidc.value,
        outgoing_auth=outgoing,
        auth_server=resolutions.auth_server.value,
        authorization=resolutions.authz.value,
        tools=_tools(given, resolutions),
        telemetry=resolutions.telemetry.value,
        audit=bool(given.audit and given.audit.enabled),
        webhooks=resolutions.webhooks.value,
        session_redis=session_redis(given, installation),
        rate_limits=resolutions.rate_limits.value or None,
        content_digest=_content_digest(resolutions, external_auth_acts=has_effect),
        trust_proxy_headers=given.trust_proxy_headers,
        resources=given.resources,
        deployment_overrides=overrides.proxy_deployment or ProxyDeploymentOverrides(),
        service_overrides=overrides.proxy_service or MetadataOverrides(),
        restart=read_restart(annotations_of(server)),
    )


def _container(name: str, given: MCPServerSpec, resolutions: Resolutions) -> spec.Container:
    account = names.server_account(name) if given.service_account is None else given.service_account
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


def _outgoing_auth(resolutions: Resolutions) -> spec.OutgoingAuth | None:
    """The external auth by which the proxy calls its backend; an authorization server is none."""
    found = resolutions.external_auth
    if found.value is None or isinstance(found.value.block, EmbeddedAuthServer):
        return None
    return spec.OutgoingAuth(found.name, found.value.type, found.value.block)


def _content_digest(resolutions: Resolutions, *, external_auth_acts: bool) -> str:
    """What stands for the content of all Secrets and ConfigMaps of the shared configs that reach the pods.

    External auth alone gives its own digest: so it was before there were other configs, and pods must not roll for it.
    """
    digests = {field: config.digest for field, config in resolutions.configs.items() if config.digest}
    if not external_auth_acts:
        digests.pop("externalAuthConfigRef", None)
    if digests.keys() <= {"externalAuthConfigRef"}:
        return digests.get("externalAuthConfigRef", "")
    text = "\n".join(f"{field}={digest}" for field, digest in sorted(digests.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def _tools(given: MCPServerSpec, resolutions: Resolutions) -> spec.Tools:
    """The tools of the MCPToolConfig, which wins over spec.tools."""
    config = resolutions.tools.value
    if config is None:
        return spec.Tools(given.tools, field="spec.tools")
    overrides = {
        tool: spec.ToolOverride(
            new.name,
            new.description,
            new.annotations.model_dump(by_alias=True, exclude_none=True) if new.annotations else {},
        )
        for tool, new in (config.tools_override or {}).items()
    }
    return spec.Tools(config.tools_filter, overrides)
