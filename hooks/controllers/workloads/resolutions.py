"""What the specs of workloads refer to, looked up among a request's related objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from hooks.api.external_auth import MCPExternalAuthConfigSpec
from hooks.api.mcpoidcconfig import MCPOIDCConfigSpec
from hooks.api.mcptelemetryconfig import MCPTelemetryConfigSpec
from hooks.api.pod_template import read_pod_template, unknown_fields
from hooks.controllers.workloads import auth_server
from hooks.controllers.workloads.spec import WorkloadSpec
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy.backing_services import Webhooks
from hooks.proxy.spec import Authorization, AuthServer, IncomingAuth, Telemetry, Tools
from hooks.references.configs import resolve_config
from hooks.references.oidc import incoming_auth, reference_faults
from hooks.references.resolution import Resolution, failed
from hooks.references.table import REFERENCES, Reference
from hooks.references.telemetry import telemetry

_STATUS_HASHES = {reference.field: reference.status_hash for reference in REFERENCES}


@dataclass(frozen=True, slots=True)
class Resolutions:
    """The outcome of each reference of a workload, and of each part of its spec that needs as much thought.

    The empty outcome stands for a field that a spec doesn't have, or its kind.
    """

    external_auth: Resolution[MCPExternalAuthConfigSpec]
    auth_server: Resolution[AuthServer]
    tools: Resolution[Tools]
    oidc: Resolution[IncomingAuth]
    authz: Resolution[Authorization]
    webhooks: Resolution[Webhooks] = field(default_factory=Resolution)
    permission_profile: Resolution[Object] = field(default_factory=Resolution)
    pod_template: Resolution[Object] = field(default_factory=Resolution)
    telemetry: Resolution[Telemetry] = field(default_factory=Resolution)
    rate_limits: Resolution[Object] = field(default_factory=Resolution)

    @property
    def every(self) -> list[Resolution[object]]:
        """All of them, in the order in which messages name them."""
        return [getattr(self, field.name) for field in fields(self)]

    @property
    def problems(self) -> list[Condition]:
        """Why RunConfig and Deployment can't be computed now."""
        return [resolution.problem for resolution in self.every if resolution.problem]

    @property
    def configs(self) -> dict[str, Resolution[object]]:
        """The outcomes that may be a shared config's, by the field that refers to it."""
        return {
            "toolConfigRef": self.tools,
            "externalAuthConfigRef": self.external_auth,
            "authServerRef": self.auth_server,
            "oidcConfigRef": self.oidc,
            "authzConfigRef": self.authz,
            "telemetryConfigRef": self.telemetry,
            "webhookConfigRef": self.webhooks,
        }

    @property
    def config_hashes(self) -> Object:
        """The hash of each shared config that can be used, under its field of the status."""
        return {_STATUS_HASHES[field]: outcome.hash for field, outcome in self.configs.items() if outcome.hash}


def resolve_auth(
    request: SyncRequest, spec: WorkloadSpec, rows: Mapping[str, Reference], own_url: str
) -> tuple[Resolution[MCPExternalAuthConfigSpec], Resolution[AuthServer]]:
    """Return the external auth, and the authorization server that a proxy is itself.

    Args:
        request: a sync of the workload.
        spec: the workload's.
        rows: the references of its kind, by field.
        own_url: the workload's URL, by which tokens are meant for it where the spec names none.
    """
    ref = spec.oidc_config_ref
    resource_url = (ref and ref.resource_url) or own_url
    of_calls, of_callers = rows["externalAuthConfigRef"], rows["authServerRef"]
    external = resolve_config(request, of_calls, MCPExternalAuthConfigSpec)
    named = resolve_config(request, of_callers, MCPExternalAuthConfigSpec)
    return (
        auth_server.outgoing(external, spec, resource_url, of_calls),
        auth_server.auth_server(named, external, spec, resource_url, of_callers),
    )


def resolve_oidc_config(
    request: SyncRequest, spec: WorkloadSpec, row: Reference, own_url: str
) -> Resolution[IncomingAuth]:
    """Return how callers authenticate by what spec.oidcConfigRef names."""
    ref = spec.oidc_config_ref
    if ref is None:
        return Resolution()
    auth = resolve_config(request, row, MCPOIDCConfigSpec).map(lambda found: incoming_auth(found, ref, own_url))
    faults = reference_faults(ref, auth.value.introspection_url) if auth.value else []
    return failed(row.condition, "OIDCConfigInvalid", "; ".join(faults)) if faults else auth


def resolve_telemetry_config(request: SyncRequest, spec: WorkloadSpec, row: Reference) -> Resolution[Telemetry]:
    """Return what the proxy reports by what spec.telemetryConfigRef names."""
    ref = spec.telemetry_config_ref
    if ref is None:
        return Resolution()
    config = resolve_config(request, row, MCPTelemetryConfigSpec)
    return config.map(lambda found: telemetry(found, ref.service_name or request.name))


def resolve_pod_template(given: Object | None) -> Resolution[Object]:
    """Return spec.podTemplateSpec as Go reads it; no value and no condition where there is none."""
    if given is None:
        return Resolution()
    read = read_pod_template(given)
    if isinstance(read, str):
        return failed("PodTemplateValid", "InvalidPodTemplateSpec", read)
    note = f", but a pod template has no field {unknown_fields(read.unknown)}" if read.unknown else ""
    message = f"spec.podTemplateSpec is used{note}"
    return Resolution(read.template, conditions.true("PodTemplateValid", "ValidPodTemplateSpec", message))


def own_url(request: SyncRequest, port: int) -> str:
    """The reference's default; no Service has this name, but clients may have configured it as the token's resource."""
    return f"http://{request.name}.{request.namespace}.svc.cluster.local:{port}"
