"""A ProxySpec from the fields that the specs of all workload kinds have; each kind hands in what is its own."""

from __future__ import annotations

import hashlib

from hooks.api.external_auth.embedded_auth_server import EmbeddedAuthServer
from hooks.api.workload import MetadataOverrides, ProxyDeploymentOverrides, ResourceOverrides
from hooks.controllers.workloads.resolutions import Resolutions
from hooks.controllers.workloads.sessions import session_redis
from hooks.controllers.workloads.spec import WorkloadSpec
from hooks.installation import Installation
from hooks.kubernetes.objects import Object, annotations_of
from hooks.proxy import spec
from hooks.proxy.outgoing_auth import acts
from hooks.proxy.rollout import read_restart


def make_proxy(
    parent: Object,
    given: WorkloadSpec,
    resolutions: Resolutions,
    installation: Installation,
    *,
    backend: spec.Container | spec.Remote,
    proxy_mode: str,
    port: int,
) -> spec.ProxySpec:
    """Return what a workload's proxy consists of; a reference that has no value is left out.

    Args:
        parent: the workload.
        given: its spec.
        resolutions: what the spec refers to; children may be made only where these have no problems.
        installation: what the installation decides.
        backend: the MCP server behind the proxy.
        proxy_mode: how callers are served.
        port: the one on which the proxy listens.
    """
    overrides = given.resource_overrides or ResourceOverrides()
    return spec.ProxySpec(
        name=parent["metadata"]["name"],
        namespace=parent["metadata"]["namespace"],
        uid=parent["metadata"]["uid"],
        backend=backend,
        transport=given.transport,
        proxy_mode=proxy_mode,
        port=port,
        replicas=given.replicas,
        session_affinity=given.session_affinity,
        endpoint_prefix=given.endpoint_prefix,
        incoming_auth=resolutions.oidc.value,
        outgoing_auth=outgoing_auth(resolutions),
        auth_server=resolutions.auth_server.value,
        authorization=resolutions.authz.value,
        tools=resolutions.tools.value or spec.Tools(),
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
        restart=read_restart(annotations_of(parent)),
    )


def outgoing_auth(resolutions: Resolutions) -> spec.OutgoingAuth | None:
    """Return the external auth by which the proxy calls its backend; an authorization server is none."""
    found = resolutions.external_auth
    if found.value is None or isinstance(found.value.block, EmbeddedAuthServer):
        return None
    return spec.OutgoingAuth(found.name, found.value.type, found.value.block)


def content_digest(resolutions: Resolutions, backend: spec.Container | spec.Remote) -> str:
    """Return what stands for the content of all Secrets and ConfigMaps of the shared configs that reach the pods.

    External auth alone gives its own digest: so it was before there were other configs, and pods must not roll for it.
    A type of external auth without effect rolls no pods: its Secret reaches none.
    """
    digests = {field: config.digest for field, config in resolutions.configs.items() if config.digest}
    outgoing = outgoing_auth(resolutions)
    if outgoing and not acts(outgoing.type, backend):
        digests.pop("externalAuthConfigRef", None)
    if digests.keys() <= {"externalAuthConfigRef"}:
        return digests.get("externalAuthConfigRef", "")
    text = "\n".join(f"{field}={digest}" for field, digest in sorted(digests.items()))
    return hashlib.sha256(text.encode()).hexdigest()
