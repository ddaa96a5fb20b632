"""MCPRemoteProxy -> ProxySpec: the one place that knows the field names of an MCPRemoteProxy's spec."""

from __future__ import annotations

import hashlib

from hooks import go_json
from hooks.api.headers import HeaderForward
from hooks.api.mcpremoteproxy import MCPRemoteProxySpec
from hooks.api.workload import DEFAULT_PORT, MetadataOverrides, ProxyDeploymentOverrides, ResourceOverrides
from hooks.controllers.workloads.resolutions import Resolutions
from hooks.controllers.workloads.sessions import session_redis
from hooks.controllers.workloads.to_proxy import content_digest, outgoing_auth, tools
from hooks.installation import Installation
from hooks.kubernetes.objects import Object, annotations_of
from hooks.proxy.rollout import read_restart
from hooks.proxy.spec import ProxySpec, Remote, SecretHeader


def to_proxy(
    parent: Object, given: MCPRemoteProxySpec, resolutions: Resolutions, installation: Installation
) -> ProxySpec:
    """Return what an MCPRemoteProxy's proxy consists of; a reference that has no value is left out.

    Args:
        parent: the MCPRemoteProxy.
        given: its spec.
        resolutions: what the spec refers to; children may be made only where these have no problems.
        installation: what the installation decides.
    """
    metadata = parent["metadata"]
    overrides = given.resource_overrides or ResourceOverrides()
    backend = _remote(given, resolutions)
    return ProxySpec(
        name=metadata["name"],
        namespace=metadata["namespace"],
        uid=metadata["uid"],
        backend=backend,
        transport=given.transport,
        proxy_mode=given.transport,
        port=proxy_port(given),
        replicas=given.replicas,
        session_affinity=given.session_affinity,
        endpoint_prefix=given.endpoint_prefix,
        incoming_auth=resolutions.oidc.value,
        outgoing_auth=outgoing_auth(resolutions),
        auth_server=resolutions.auth_server.value,
        authorization=resolutions.authz.value,
        tools=tools(resolutions.tools.value),
        telemetry=resolutions.telemetry.value,
        audit=bool(given.audit and given.audit.enabled),
        webhooks=None,
        session_redis=session_redis(given, installation),
        rate_limits=None,
        content_digest=content_digest(resolutions, backend),
        trust_proxy_headers=given.trust_proxy_headers,
        resources=given.resources,
        deployment_overrides=overrides.proxy_deployment or ProxyDeploymentOverrides(),
        service_overrides=overrides.proxy_service or MetadataOverrides(),
        restart=read_restart(annotations_of(parent)),
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
