"""What an MCPServer's spec refers to: each reference gives a value or a problem."""

from __future__ import annotations

from dataclasses import dataclass, field

from hooks.api.mcpexternalauthconfig import BearerToken, TokenExchange
from hooks.api.mcpserver import MCPServerSpec
from hooks.api.mcptoolconfig import MCPToolConfigSpec
from hooks.controllers import conditions
from hooks.controllers.claims import referenced
from hooks.controllers.conditions import Condition
from hooks.controllers.external_auth import EXTERNAL_AUTH
from hooks.controllers.kinds import CONFIG_MAP
from hooks.controllers.mcpserver.authz import inline_authz, read_authz
from hooks.controllers.mcpserver.permissions import read_profile, unknown_builtin
from hooks.controllers.mcpserver.pod_template import read_pod_template, unknown_fields
from hooks.controllers.mcpserver.problem import Problem
from hooks.controllers.mcpserver.telemetry import telemetry_condition
from hooks.controllers.shared_config import SharedConfig, Spec
from hooks.controllers.tool_config import TOOL_CONFIG
from hooks.protocol import Object, SyncRequest

IN_CLEAR = "has a client secret in clear, which all can read who can read it or the RunConfig"


@dataclass(slots=True)
class References:
    """The values of all references, and the problems with those that have none."""

    token_exchange: TokenExchange | None = None
    bearer_token: BearerToken | None = None
    external_auth_hash: str = ""
    credential_digest: str = ""
    tool_config: MCPToolConfigSpec | None = None
    tool_config_hash: str = ""
    oidc: Object | None = None
    """Data of the ConfigMap that spec.oidcConfig names."""
    authz: Object | None = None
    """The authorization configuration, from the spec itself or the ConfigMap that it names."""
    permission_profile: Object | None = None
    """The profile in the ConfigMap that spec.permissionProfile names."""
    pod_template: Object = field(default_factory=dict)
    """spec.podTemplateSpec, as Go reads it."""
    problems: list[Problem] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    """One for each reference that the spec has."""

    def good(self, condition: str, message: str, reason: str = "Valid") -> None:
        """Take down a reference that has its value."""
        self.conditions.append(conditions.true(condition, reason, message))

    def bad(self, problem: Problem) -> None:
        """Take down a reference that has no value now."""
        self.problems.append(problem)
        status = "Unknown" if problem.waiting else "False"
        self.conditions.append(Condition(problem.condition, status, problem.reason, problem.message))


def config_maps(spec: Object) -> list[str]:
    """Names of the ConfigMaps to which a raw spec refers, for customize."""
    oidc, authz, profile = (spec.get(field) for field in ("oidcConfig", "authzConfig", "permissionProfile"))
    references = [place.get("configMap") for place in (oidc, authz) if isinstance(place, dict)]
    if isinstance(profile, dict) and profile.get("type") == "configmap":
        references.append(profile)
    names = [reference.get("name") for reference in references if isinstance(reference, dict)]
    return [name for name in names if isinstance(name, str) and name]


def resolve(request: SyncRequest, spec: MCPServerSpec) -> References:
    """Look up everything that the spec refers to, among the request's related objects."""
    references = References()
    _resolve_external_auth(request, spec, references)
    _resolve_tool_config(request, references)
    _resolve_oidc(request, spec, references)
    _resolve_authz(request, spec, references)
    _resolve_permission_profile(request, spec, references)
    _check_pod_template(spec, references)
    telemetry = telemetry_condition(spec)
    references.conditions += [telemetry] if telemetry else []
    return references


def _resolve_external_auth(request: SyncRequest, spec: MCPServerSpec, references: References) -> None:
    config = _judged(request, EXTERNAL_AUTH, "ExternalAuthConfigValidated", references)
    if config is None:
        return
    auth, observed = config
    references.external_auth_hash = str(observed["status"].get("configHash") or "")
    references.token_exchange, references.bearer_token = auth.token_exchange, auth.bearer_token
    if auth.token_exchange or auth.bearer_token:
        references.credential_digest = str(observed["status"].get("credentialDigest", ""))
    who = f"MCPExternalAuthConfig {observed['metadata']['name']!r}"
    if auth.token_exchange:
        references.good("ExternalAuthConfigValidated", f"{who} is used")
        references.conditions.append(_incoming_authentication(spec))
    else:
        # Measured with runner 0.44.0: a local MCP server never sees the bearer token either.
        message = f"{who} of type {auth.type!r} has no effect on the calls of an MCPServer"
        references.good("ExternalAuthConfigValidated", message, reason="NoEffect")


def _incoming_authentication(spec: MCPServerSpec) -> Condition:
    """Whether callers are authenticated before their tokens are exchanged."""
    if spec.oidc_config:
        return conditions.true("IncomingAuthentication", "Configured", "Callers must present a valid token")
    # Measured with runner 0.44.0.
    message = (
        "Without spec.oidcConfig nobody is authenticated: every caller gets in as a local user, whatever bearer token "
        "it presents is exchanged unverified, and calls without one pass through"
    )
    return conditions.false("IncomingAuthentication", "NotConfigured", message)


def _resolve_tool_config(request: SyncRequest, references: References) -> None:
    config = _judged(request, TOOL_CONFIG, "ToolConfigValidated", references)
    if config:
        references.tool_config, observed = config
        references.good("ToolConfigValidated", f"MCPToolConfig {observed['metadata']['name']!r} is used")
        references.tool_config_hash = str(observed["status"].get("configHash") or "")


def _judged(
    request: SyncRequest, shared: SharedConfig[Spec], condition: str, references: References
) -> tuple[Spec, Object] | None:
    """The shared config that the server refers to, once its controller has found it good; else a problem is noted."""
    name = referenced(request.parent, shared.server_field)
    if name is None:
        return None
    who = f"{shared.kind.kind} {name!r}"
    if name:
        request.related.require(shared.kind)
    config = request.related.get(shared.kind, name)
    if config is None:
        remedy = f"create it, or remove spec.{shared.server_field}"
        message = f"{who} not found in namespace {request.namespace!r}: {remedy}"
        references.bad(Problem(condition, f"{shared.kind.kind.removeprefix('MCP')}NotFound", message))
        return None
    problem = _verdict(config, who, condition)
    if problem:
        references.bad(problem)
        return None
    spec = shared.parse(config)
    if isinstance(spec, str):  # another version of the hooks let pass what this one can't read
        references.bad(Problem(condition, "SpecInvalid", f"{who}: {spec}"))
        return None
    return spec, config


def _verdict(config: Object, who: str, condition: str) -> Problem | None:
    """What stands against using this config now, by its own status."""
    generation = config["metadata"].get("generation", 0)
    status = config.get("status")
    observed = status.get("observedGeneration", 0) if isinstance(status, dict) else 0
    # An edit that changes spec and credential together shall roll the pods once, so its verdict is waited for.
    if observed != generation:
        message = f"{who} not judged yet: generation {generation}, observed {observed}"
        return Problem(condition, "NotJudgedYet", message, waiting=True)
    ready = conditions.find(config, "Ready")
    if ready is None:
        return Problem(condition, "NotJudgedYet", f"{who} has no Ready condition yet", waiting=True)
    if ready.get("status") != "True":
        return Problem(condition, str(ready.get("reason")), f"{who}: {ready.get('message')}")
    return None


def _resolve_oidc(request: SyncRequest, spec: MCPServerSpec, references: References) -> None:
    condition, oidc = "OIDCConfigRefValidated", spec.oidc_config
    if oidc and oidc.type == "inline" and oidc.inline and not oidc.inline.issuer and not oidc.inline.jwks_url:
        message = "spec.oidcConfig.inline has neither issuer nor jwksUrl: add the issuer"
        references.bad(Problem(condition, "IssuerMissing", message))
    elif oidc and oidc.type == "inline" and oidc.inline and oidc.inline.client_secret:
        references.good(condition, f"spec.oidcConfig.inline {IN_CLEAR}", reason="ClientSecretInClear")
    if oidc is None or oidc.type != "configMap" or oidc.config_map is None:
        return
    name = oidc.config_map.name
    data = _config_map(request, name, condition, "spec.oidcConfig.configMap", references)
    if data is None:
        return
    if not data.get("issuer") and not data.get("jwksUrl"):
        # Measured with runner 0.44.0: without either it refuses to start.
        message = f"ConfigMap {name!r} (spec.oidcConfig.configMap) has neither 'issuer' nor 'jwksUrl': add the issuer"
        references.bad(Problem(condition, "IssuerMissing", message))
        return
    references.oidc = data
    if data.get("clientSecret"):
        references.good(condition, f"ConfigMap {name!r} {IN_CLEAR}", reason="ClientSecretInClear")
    else:
        references.good(condition, f"ConfigMap {name!r} is used")


def _resolve_authz(request: SyncRequest, spec: MCPServerSpec, references: References) -> None:
    authz = spec.authz_config
    if authz is None or authz.config_map is None:
        references.authz = inline_authz(authz) if authz else None
        return
    condition, name, key = "AuthzConfigRefValidated", authz.config_map.name, authz.config_map.key or "authz.json"
    text = _config_map_key(request, name, key, condition, "spec.authzConfig.configMap", references)
    if text is None:
        return
    config = read_authz(text)
    if isinstance(config, str):
        message = f"ConfigMap {name!r} key {key!r} (spec.authzConfig.configMap): {config}"
        references.bad(Problem(condition, "AuthzConfigInvalid", message))
        return
    references.authz = config
    references.good(condition, f"ConfigMap {name!r} is used")


def _resolve_permission_profile(request: SyncRequest, spec: MCPServerSpec, references: References) -> None:
    profile = spec.permission_profile
    unknown = unknown_builtin(spec)
    if unknown:
        references.bad(unknown)
    if profile is None or profile.type != "configmap":
        return
    condition = "PermissionProfileValidated"
    text = _config_map_key(request, profile.name, profile.key, condition, "spec.permissionProfile", references)
    if text is None:
        return
    references.permission_profile = read_profile(text)
    if references.permission_profile is None:
        which = f"ConfigMap {profile.name!r} key {profile.key!r} (spec.permissionProfile)"
        message = f"{which} is no permission profile: put one there, as a JSON object"
        references.bad(Problem(condition, "ProfileInvalid", message))
        return
    references.good(condition, f"ConfigMap {profile.name!r} is used")


def _check_pod_template(spec: MCPServerSpec, references: References) -> None:
    if spec.pod_template_spec is None:
        return
    read = read_pod_template(spec.pod_template_spec)
    if isinstance(read, str):
        references.bad(Problem("PodTemplateValid", "InvalidPodTemplateSpec", read))
        return
    references.pod_template = read.template
    message = "spec.podTemplateSpec is used"
    if read.unknown:
        message += f", but a pod template has no field {unknown_fields(read.unknown)}"
    references.good("PodTemplateValid", message, reason="ValidPodTemplateSpec")


def _config_map_key(  # noqa: PLR0917  # what is looked up, and how it is said
    request: SyncRequest, name: str, key: str, condition: str, field: str, references: References
) -> str | None:
    """The text at a key of a ConfigMap that a field of the spec names; where there is none, that is noted."""
    data = _config_map(request, name, condition, field, references)
    if data is None:
        return None
    text = data.get(key)
    if isinstance(text, str) and text.strip():
        return text
    message = f"ConfigMap {name!r} has nothing at key {key!r}: add it, or correct {field}.key"
    references.bad(Problem(condition, "ConfigMapKeyNotFound", message))
    return None


def _config_map(request: SyncRequest, name: str, condition: str, field: str, references: References) -> Object | None:
    """The data of a ConfigMap that a field of the spec names; where there is none, that is noted."""
    if name:
        request.related.require(CONFIG_MAP)
    found = request.related.get(CONFIG_MAP, name)
    if found is None:
        message = f"ConfigMap {name!r} not found in namespace {request.namespace!r}: create it, or correct {field}.name"
        references.bad(Problem(condition, "ConfigMapNotFound", message))
        return None
    return found.get("data") or {}
