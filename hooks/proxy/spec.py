"""ProxySpec: what one ToolHive proxy consists of, in one form for every kind of parent and every dialect of its fields.

A controller makes one from a spec and its resolved references; everything in `hooks.proxy` reads it and nothing else.
A value that an error message may have to name carries the path of the user's field that it came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hooks.api.external_auth.base import ExternalAuth
from hooks.api.meta import EnvVar
from hooks.api.workload import MetadataOverrides, ProxyDeploymentOverrides, Resources, SecretEnv, Volume
from hooks.kubernetes.objects import Object


@dataclass(frozen=True, slots=True)
class PermissionProfile:
    """The permissions that the proxy runner gives to the MCP server's container."""

    document: Object
    """The profile as the RunConfig holds it."""
    name_or_path: str = ""
    """Name of a builtin profile, or path of the profile's file in the proxy's pod."""
    config_map: str = ""
    """ConfigMap that is mounted at that path."""


@dataclass(frozen=True, slots=True)
class Container:
    """An MCP server that the proxy runner starts in the cluster, as a StatefulSet."""

    image: str
    args: Sequence[str]
    env: Sequence[EnvVar]
    secrets: Sequence[SecretEnv]
    volumes: Sequence[Volume]
    target_port: int | None
    """Port on which the MCP server listens; None for a stdio server that has none."""
    target_port_field: str
    service_account: str
    """ServiceAccount of the MCP server's pod; empty for the namespace's default."""
    permission_profile: PermissionProfile
    pod_template: Object | None
    """Changes to the MCP server's pod, a core/v1 PodTemplateSpec as Go reads it; None where the user gives none."""


@dataclass(frozen=True, slots=True)
class IncomingAuth:
    """The OIDC settings by which the proxy authenticates its callers."""

    issuer: str
    audience: str
    jwks_url: str
    introspection_url: str
    client_id: str
    client_secret: str
    """Client secret in clear, where the user wrote it so."""
    ca_cert_path: str
    auth_token_file: str
    allow_private_ip: bool
    resource_url: str


@dataclass(frozen=True, slots=True)
class OutgoingAuth:
    """The MCPExternalAuthConfig by which the proxy authenticates to the backend."""

    name: str
    """Name of the MCPExternalAuthConfig."""
    type: str
    settings: ExternalAuth | None
    """The settings of its type; None for a type that has none."""
    credential_digest: str
    """Changes when the content of the Secrets that the config names changes."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """The policies by which the proxy admits calls."""

    document: Object
    """The configuration as the RunConfig holds it."""
    config_map: str = ""
    """ConfigMap that is mounted; empty where the policies stand in the spec."""
    key: str = ""
    policies: Sequence[str] = ()
    """Cedar policies that stand in the spec."""
    entities_json: str = ""


@dataclass(frozen=True, slots=True)
class ToolOverride:
    """A tool's new name and description; an empty one leaves the tool's own."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools that callers see."""

    filter: Sequence[str] = ()
    """Names of the tools to show; all when empty."""
    overrides: Mapping[str, ToolOverride] | None = None
    field: str = ""
    """Field of the spec that has the filter, where it stands there."""


@dataclass(frozen=True, slots=True)
class OpenTelemetry:
    """What the proxy sends to an OpenTelemetry collector."""

    enabled: bool
    endpoint: str
    service_name: str
    headers: Mapping[str, str]
    insecure: bool
    tracing: bool
    metrics: bool
    sampling_rate: str
    """Share of requests that are traced, as the user wrote it."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What the proxy reports about itself."""

    open_telemetry: OpenTelemetry | None
    prometheus: bool


@dataclass(frozen=True, slots=True)
class Restart:
    """A restart that the user asks for by annotation."""

    at: str
    """The time of the request, as the user wrote it: it marks the pods that came after it."""
    immediate: bool
    """Whether all pods are replaced at once."""


@dataclass(frozen=True, slots=True)
class ProxySpec:
    """One proxy and the MCP server behind it."""

    name: str
    namespace: str
    uid: str
    """The parent's uid: the proxy runner labels what it makes with it, so that Metacontroller adopts that."""
    backend: Container
    transport: str
    proxy_mode: str
    port: int
    incoming_auth: IncomingAuth | None
    outgoing_auth: OutgoingAuth | None
    authorization: Authorization | None
    tools: Tools
    telemetry: Telemetry | None
    audit: bool
    trust_proxy_headers: bool
    resources: Resources | None
    deployment_overrides: ProxyDeploymentOverrides
    service_overrides: MetadataOverrides
    restart: Restart | None
