"""All that an MCPServer's spec refers to, looked up among the request's related objects."""

from __future__ import annotations

from dataclasses import dataclass

from hooks.api.external_auth import MCPExternalAuthConfigSpec
from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG, MCP_SERVER, MCP_TOOL_CONFIG
from hooks.api.mcpserver import MCPServerSpec
from hooks.api.mcptoolconfig import MCPToolConfigSpec
from hooks.api.pod_template import read_pod_template, unknown_fields
from hooks.controllers.mcpserver.inline_oidc import resolve_oidc
from hooks.controllers.mcpserver.inline_telemetry import resolve_telemetry
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy.spec import IncomingAuth, Telemetry
from hooks.references.authz import cedar, resolve_authz
from hooks.references.configs import resolve_config
from hooks.references.permission_profile import resolve_profile
from hooks.references.resolution import Resolution, failed
from hooks.references.table import Reference, references_of


@dataclass(frozen=True, slots=True)
class Resolutions:
    """The outcome of each reference of an MCPServer."""

    external_auth: Resolution[MCPExternalAuthConfigSpec]
    tools: Resolution[MCPToolConfigSpec]
    oidc: Resolution[IncomingAuth]
    authz: Resolution[Object]
    permission_profile: Resolution[Object]
    pod_template: Resolution[Object]
    telemetry: Resolution[Telemetry]

    @property
    def problems(self) -> list[Condition]:
        """What stands against computing RunConfig and Deployment now."""
        every = (
            *(self.external_auth, self.tools, self.oidc, self.authz),
            *(self.permission_profile, self.pod_template, self.telemetry),
        )
        return [resolution.problem for resolution in every if resolution.problem]

    @property
    def config_hashes(self) -> Object:
        """The hash of each shared config that can be used, under its field of the status."""
        configs = ((MCP_TOOL_CONFIG, self.tools), (MCP_EXTERNAL_AUTH_CONFIG, self.external_auth))
        return {_reference(config).status_hash: resolution.hash for config, resolution in configs if resolution.hash}


def resolve(request: SyncRequest, spec: MCPServerSpec) -> Resolutions:
    """Look up everything that the spec refers to."""
    metadata = request.parent["metadata"]
    # The reference's default; no Service has this name, but clients may have configured it as the token's resource.
    resource_url = (
        f"http://{metadata['name']}.{metadata['namespace']}.svc.cluster.local:{spec.proxy_port or spec.port or 8080}"
    )
    return Resolutions(
        resolve_config(request, _reference(MCP_EXTERNAL_AUTH_CONFIG), MCPExternalAuthConfigSpec),
        resolve_config(request, _reference(MCP_TOOL_CONFIG), MCPToolConfigSpec),
        resolve_oidc(request, spec, resource_url),
        _authz(request, spec),
        resolve_profile(request, spec.permission_profile),
        _pod_template(spec.pod_template_spec),
        resolve_telemetry(spec.telemetry, metadata["name"]),
    )


def config_map_names(spec: Object) -> list[str]:
    """Return the names of the ConfigMaps to which a raw spec refers, for customize."""
    oidc, authz, profile = (spec.get(field) for field in ("oidcConfig", "authzConfig", "permissionProfile"))
    references = [place.get("configMap") for place in (oidc, authz) if isinstance(place, dict)]
    if isinstance(profile, dict) and profile.get("type") == "configmap":
        references.append(profile)
    names = [reference.get("name") for reference in references if isinstance(reference, dict)]
    return [name for name in names if isinstance(name, str) and name]


def _pod_template(given: Object | None) -> Resolution[Object]:
    if given is None:
        return Resolution()
    read = read_pod_template(given)
    if isinstance(read, str):
        return failed("PodTemplateValid", "InvalidPodTemplateSpec", read)
    note = f", but a pod template has no field {unknown_fields(read.unknown)}" if read.unknown else ""
    message = f"spec.podTemplateSpec is used{note}"
    return Resolution(read.template, conditions.true("PodTemplateValid", "ValidPodTemplateSpec", message))


def _reference(config: Kind) -> Reference:
    return next(reference for reference in references_of(MCP_SERVER) if reference.config == config)


def _authz(request: SyncRequest, spec: MCPServerSpec) -> Resolution[Object]:
    authz = spec.authz_config
    if authz and authz.config_map:
        return resolve_authz(request, authz.config_map)
    if authz and authz.inline:
        return Resolution(cedar("v1", list(authz.inline.policies), authz.inline.entities_json))
    return Resolution()
