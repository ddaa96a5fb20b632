"""The authorization server that a proxy may be itself, by authServerRef or, the older way, by externalAuthConfigRef.

What it needs of a workload is ToolHive's own operator's, with its messages; without it the proxy would not start, or
would issue tokens that it refuses.
"""

from __future__ import annotations

from collections.abc import Iterator

from hooks.api.external_auth import MCPExternalAuthConfigSpec
from hooks.api.external_auth.embedded_auth_server import EmbeddedAuthServer
from hooks.controllers.workloads.spec import WorkloadSpec
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.proxy.runconfig.oidc import AUTH_SERVER_SCOPES
from hooks.proxy.spec import AuthServer
from hooks.references.resolution import Resolution, failed
from hooks.references.table import Reference


def outgoing(
    found: Resolution[MCPExternalAuthConfigSpec], spec: WorkloadSpec, resource_url: str, row: Reference
) -> Resolution[MCPExternalAuthConfigSpec]:
    """Return what externalAuthConfigRef (the row) leads to, unless it is an authorization server that can't work."""
    settings = _settings(found)
    faults = list(_faults(settings, found.name, spec, resource_url, row.workload.kind)) if settings else []
    if not faults:
        return found
    return failed(row.condition, faults[0][0], "; ".join(message for _, message in faults))


def auth_server(
    found: Resolution[MCPExternalAuthConfigSpec],
    external: Resolution[MCPExternalAuthConfigSpec],
    spec: WorkloadSpec,
    resource_url: str,
    row: Reference,
) -> Resolution[AuthServer]:
    """Return the authorization server of a proxy.

    Args:
        found: what authServerRef leads to.
        external: what externalAuthConfigRef leads to.
        spec: the workload's.
        resource_url: the workload's URL, by which tokens are meant for it.
        row: the reference authServerRef of the workload's kind.
    """
    of_external = _settings(external)
    if found.condition is None:  # the spec has no authServerRef
        if of_external is None:
            return Resolution()
        server = AuthServer(external.name, of_external, "spec.externalAuthConfigRef")
        return Resolution(server, name=external.name)
    if found.value is None:
        return Resolution(condition=found.condition)
    settings = _settings(found)
    if settings is None:
        message = (
            f"authServerRef {found.name!r} has type {found.value.type!r}, but only embeddedAuthServer is supported: "
            "name it in spec.externalAuthConfigRef, if it is for calls of the MCP server"
        )
        return failed(row.condition, "AuthServerRefInvalidType", message)
    if of_external:
        message = (
            "conflict: both authServerRef and externalAuthConfigRef reference an embedded auth server; use "
            "authServerRef for the embedded auth server and externalAuthConfigRef for outgoing auth only"
        )
        return failed(row.condition, "AuthServerRefConflict", message)
    faults = list(_faults(settings, found.name, spec, resource_url, row.workload.kind))
    if faults:
        reason = faults[0][0]
        reason = row.reasons.not_valid if reason == "InvalidConfig" else reason
        return failed(row.condition, reason, "; ".join(message for _, message in faults))
    server = AuthServer(found.name, settings, "spec.authServerRef")
    return Resolution(server, found.condition, name=found.name, hash=found.hash, digest=found.digest)


def logins_condition(server: AuthServer | None, spec: WorkloadSpec) -> Condition | None:
    """Return what becomes of logins that the authorization server keeps in its memory, which is its default."""
    if server is None or (server.settings.storage and server.settings.storage.type == "redis"):
        return None
    who = f"MCPExternalAuthConfig {server.name!r} keeps logins in memory"
    remedy = "set spec.embeddedAuthServer.storage to type redis there"
    if (spec.replicas or 0) > 1:
        message = f"{who}, and each of {spec.replicas} replicas has its own: a login at one is unknown to the others"
        return conditions.true("AuthServerStorageWarning", "LoginsNotShared", f"{message}; {remedy}")
    message = f"{who}: each restart and rollout of the proxy ends all of them"
    return conditions.true("AuthServerStorageWarning", "LoginsInMemory", f"{message}; {remedy}")


def _settings(found: Resolution[MCPExternalAuthConfigSpec]) -> EmbeddedAuthServer | None:
    block = found.value.block if found.value else None
    return block if isinstance(block, EmbeddedAuthServer) else None


def _faults(
    settings: EmbeddedAuthServer, name: str, spec: WorkloadSpec, resource_url: str, kind: str
) -> Iterator[tuple[str, str]]:
    """Yield reason and message of each thing that this workload lacks for the authorization server."""
    upstreams = len(settings.upstream_providers)
    if upstreams != 1:
        message = f"{kind} supports only one upstream provider (found {upstreams}); use VirtualMCPServer for"
        remedy = "multi-upstream, or leave one in spec.embeddedAuthServer.upstreamProviders"
        yield "MultiUpstreamNotSupported", f"{message} {remedy}"
    ref = spec.oidc_config_ref
    if ref is None:
        message = f"OIDC config is required for embedded auth server: OIDCConfigRef must be set on the {kind}"
        yield "InvalidConfig", f"{message} (spec.oidcConfigRef)"
        return
    if ref.audience != resource_url:
        message = f'oidcConfigRef.audience "{ref.audience}" must match resourceUrl "{resource_url}" when an embedded'
        remedy = f'set audience to "{resource_url}" or set resourceUrl to match audience'
        yield "InvalidConfig", f"{message} auth server is active; {remedy}"
    scopes = ref.scopes or AUTH_SERVER_SCOPES
    for index, client in enumerate(settings.delegate_clients):
        where = f"MCPExternalAuthConfig {name!r}: spec.embeddedAuthServer.delegateClients[{index}]"
        for scope in sorted(set(client.scopes).difference(scopes)):
            yield (
                "InvalidConfig",
                f"{where}.scopes has {scope!r}, which is none of the server's: add it to spec.oidcConfigRef.scopes",
            )
        for audience in sorted(set(client.audiences) - {resource_url}):
            yield (
                "InvalidConfig",
                f'{where}.audiences has {audience!r}, which is not this server: use "{resource_url}"',
            )
