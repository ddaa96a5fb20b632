"""All that an MCPServer's spec refers to, looked up among the request's related objects."""

from __future__ import annotations

from dataclasses import dataclass, fields

from hooks.api.external_auth import MCPExternalAuthConfigSpec
from hooks.api.kinds import MCP_SERVER
from hooks.api.mcpoidcconfig import MCPOIDCConfigSpec
from hooks.api.mcpserver import MCPServerSpec
from hooks.api.mcptelemetryconfig import MCPTelemetryConfigSpec
from hooks.api.mcptoolconfig import MCPToolConfigSpec
from hooks.api.mcpwebhookconfig import MCPWebhookConfigSpec
from hooks.api.pod_template import read_pod_template, unknown_fields
from hooks.controllers.mcpserver import auth_server
from hooks.controllers.mcpserver.authorization import resolve_authorization
from hooks.controllers.mcpserver.inline_oidc import resolve_oidc
from hooks.controllers.mcpserver.inline_telemetry import resolve_telemetry
from hooks.controllers.mcpserver.ports import proxy_port
from hooks.controllers.mcpserver.scaling import resolve_rate_limits
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy.spec import Authorization, AuthServer, IncomingAuth, Telemetry, Webhooks
from hooks.references.configs import resolve_config
from hooks.references.oidc import incoming_auth, reference_faults
from hooks.references.permission_profile import resolve_profile
from hooks.references.resolution import Resolution, failed
from hooks.references.table import references_of
from hooks.references.telemetry import telemetry
from hooks.references.webhooks import webhooks

ROWS = {reference.field: reference for reference in references_of(MCP_SERVER)}
"""The rows of the table for this kind, by field."""


@dataclass(frozen=True, slots=True)
class Resolutions:
    """The outcome of each reference of an MCPServer, and of each part of its spec that needs as much thought."""

    external_auth: Resolution[MCPExternalAuthConfigSpec]
    auth_server: Resolution[AuthServer]
    tools: Resolution[MCPToolConfigSpec]
    oidc: Resolution[IncomingAuth]
    authz: Resolution[Authorization]
    webhooks: Resolution[Webhooks]
    permission_profile: Resolution[Object]
    pod_template: Resolution[Object]
    telemetry: Resolution[Telemetry]
    rate_limits: Resolution[Object]

    @property
    def every(self) -> list[Resolution[object]]:
        """All of them, in the order in which messages name them."""
        return [getattr(self, field.name) for field in fields(self)]

    @property
    def problems(self) -> list[Condition]:
        """What stands against computing RunConfig and Deployment now."""
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
        return {ROWS[field].status_hash: outcome.hash for field, outcome in self.configs.items() if outcome.hash}


def resolve(request: SyncRequest, spec: MCPServerSpec) -> Resolutions:
    """Look up everything that the spec refers to."""
    own_url = _own_url(request, spec)
    ref = spec.oidc_config_ref
    resource_url = (ref and ref.resource_url) or own_url
    external = resolve_config(request, ROWS["externalAuthConfigRef"], MCPExternalAuthConfigSpec)
    named_server = resolve_config(request, ROWS["authServerRef"], MCPExternalAuthConfigSpec)
    return Resolutions(
        external_auth=auth_server.outgoing(external, spec, resource_url),
        auth_server=auth_server.auth_server(named_server, external, spec, resource_url),
        tools=resolve_config(request, ROWS["toolConfigRef"], MCPToolConfigSpec),
        oidc=_oidc(request, spec, own_url),
        authz=resolve_authorization(request, spec, ROWS["authzConfigRef"]),
        webhooks=resolve_config(request, ROWS["webhookConfigRef"], MCPWebhookConfigSpec).map(webhooks),
        permission_profile=resolve_profile(request, spec.permission_profile),
        pod_template=_pod_template(spec.pod_template_spec),
        telemetry=_telemetry(request, spec),
        rate_limits=resolve_rate_limits(spec),
    )


def config_map_names(spec: Object) -> list[str]:
    """Return the names of the ConfigMaps to which a raw spec refers, for customize."""
    oidc, authz, profile = (spec.get(field) for field in ("oidcConfig", "authzConfig", "permissionProfile"))
    references = [place.get("configMap") for place in (oidc, authz) if isinstance(place, dict)]
    if isinstance(profile, dict) and profile.get("type") == "configmap":
        references.append(profile)
    names = [reference.get("name") for reference in references if isinstance(reference, dict)]
    return [name for name in names if isinstance(name, str) and name]


def _own_url(request: SyncRequest, spec: MCPServerSpec) -> str:
    """The reference's default; no Service has this name, but clients may have configured it as the token's resource."""
    return f"http://{request.name}.{request.namespace}.svc.cluster.local:{proxy_port(spec).number}"


def _oidc(request: SyncRequest, spec: MCPServerSpec, own_url: str) -> Resolution[IncomingAuth]:
    ref = spec.oidc_config_ref
    if ref is None:
        return resolve_oidc(request, spec, own_url)
    config = resolve_config(request, ROWS["oidcConfigRef"], MCPOIDCConfigSpec)
    auth = config.map(lambda found: incoming_auth(found, ref, own_url))
    faults = reference_faults(ref, auth.value.introspection_url) if auth.value else []
    return failed(ROWS["oidcConfigRef"].condition, "OIDCConfigInvalid", "; ".join(faults)) if faults else auth


def _telemetry(request: SyncRequest, spec: MCPServerSpec) -> Resolution[Telemetry]:
    ref = spec.telemetry_config_ref
    if ref is None:
        return resolve_telemetry(spec.telemetry, request.name)
    config = resolve_config(request, ROWS["telemetryConfigRef"], MCPTelemetryConfigSpec)
    return config.map(lambda found: telemetry(found, ref.service_name or request.name))


def _pod_template(given: Object | None) -> Resolution[Object]:
    if given is None:
        return Resolution()
    read = read_pod_template(given)
    if isinstance(read, str):
        return failed("PodTemplateValid", "InvalidPodTemplateSpec", read)
    note = f", but a pod template has no field {unknown_fields(read.unknown)}" if read.unknown else ""
    message = f"spec.podTemplateSpec is used{note}"
    return Resolution(read.template, conditions.true("PodTemplateValid", "ValidPodTemplateSpec", message))
