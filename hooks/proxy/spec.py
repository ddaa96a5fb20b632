"""ProxySpec: what one ToolHive proxy consists of, in one form for every kind of parent and every dialect of its fields.

A controller makes one from a spec and its resolved references; everything in `hooks.proxy` reads it and nothing else.
A value that an error message may have to name carries the path of the user's field that it came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hooks.api.external_auth.base import ExternalAuth
from hooks.api.external_auth.embedded_auth_server import EmbeddedAuthServer
from hooks.api.meta import EnvVar, SecretKeyRef
from hooks.api.workload import MetadataOverrides, ProxyDeploymentOverrides, Resources, SecretEnv, Volume
from hooks.kubernetes.objects import Object
from hooks.proxy.backing_services import SessionRedis, Webhooks
from hooks.proxy.names import Names


@dataclass(frozen=True, slots=True)
class PermissionProfile:
    """The permissions that the proxy runner gives to the MCP server's container."""

    document: Object
    """The profile as the RunConfig holds it."""
    builtin_name: str = ""
    """Name of a builtin profile; empty for any other, since the runner takes a name that it doesn't know for a path."""


@dataclass(frozen=True, slots=True)
class Container:
    """An MCP server that the proxy runner starts in the cluster, as a StatefulSet."""

    image: str
    args: Sequence[str]
    env: Sequence[EnvVar]
    secrets: Sequence[SecretEnv]
    volumes: Sequence[Volume]
    target_port: int | None
    """Port on which the MCP server listens; one that speaks HTTP always has one."""
    target_port_field: str
    service_account: str
    """ServiceAccount of the MCP server's pod; empty for the namespace's default."""
    permission_profile: PermissionProfile
    pod_template: Object | None
    """Changes to the MCP server's pod, a core/v1 PodTemplateSpec as Go reads it; None where the user gives none."""
    replicas: int | None = None
    """How many pods the StatefulSet shall have; None leaves the number alone."""


@dataclass(frozen=True, slots=True)
class SecretHeader:
    """An HTTP header whose value is in a Secret."""

    name: str
    value: SecretKeyRef


@dataclass(frozen=True, slots=True)
class Remote:
    """An MCP server that runs elsewhere and is called by its URL."""

    url: str
    headers: Mapping[str, str]
    """Headers that the proxy adds to each call, with their values in clear."""
    secret_headers: Sequence[SecretHeader]
    """Headers that the proxy adds to each call, with their values in Secrets."""
    service_account: str = ""
    """ServiceAccount of the proxy's pod; empty for its own."""
    pod_template: Object | None = None
    """Changes to the proxy's pod, a core/v1 PodTemplateSpec as Go reads it; None where the user gives none."""
    pod_template_hash: str = ""
    """Stands for what the user wrote there."""


@dataclass(frozen=True, slots=True)
class CABundle:
    """A key of a ConfigMap with the certificates of a certificate authority."""

    config_map: str
    key: str


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
    client_secret_ref: SecretKeyRef | None = None
    """The key of a Secret with the client secret, where the user wrote it so."""
    ca_bundle: CABundle | None = None
    """The ConfigMap behind ca_cert_path, where the user names one."""
    insecure_allow_http: bool = False
    scopes: Sequence[str] = ()
    """Scopes to name in the protected resource metadata; the runner's own when empty."""


@dataclass(frozen=True, slots=True)
class OutgoingAuth:
    """The MCPExternalAuthConfig by which the proxy authenticates to the backend."""

    name: str
    """Name of the MCPExternalAuthConfig."""
    type: str
    settings: ExternalAuth | None
    """The settings of its type; None for a type that has none."""


@dataclass(frozen=True, slots=True)
class AuthServer:
    """The MCPExternalAuthConfig of type embeddedAuthServer by which the proxy is an authorization server itself."""

    name: str
    """Name of the MCPExternalAuthConfig."""
    settings: EmbeddedAuthServer
    field: str
    """Field of the spec that refers to it."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """The policies by which the proxy admits calls."""

    document: Object
    """The configuration as the RunConfig holds it."""
    config_map: str = ""
    """ConfigMap that is mounted; empty where the policies are in the spec."""
    key: str = ""
    policies: Sequence[str] = ()
    """Cedar policies that are in the spec."""
    entities_json: str = ""


@dataclass(frozen=True, slots=True)
class ToolOverride:
    """A tool's new name, description and annotations; an empty one leaves the tool's own."""

    name: str
    description: str
    annotations: Mapping[str, str | bool]
    """MCP's ToolAnnotations: title, readOnlyHint, destructiveHint, idempotentHint, openWorldHint."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools that callers see."""

    filter: Sequence[str] = ()
    """Names of the tools to show; all when empty."""
    overrides: Mapping[str, ToolOverride] | None = None
    field: str = ""
    """Field of the spec that has the filter; empty where a shared config has it."""


@dataclass(frozen=True, slots=True)
class OpenTelemetry:
    """What the proxy sends to an OpenTelemetry collector."""

    enabled: bool
    endpoint: str
    headers: Mapping[str, str]
    sensitive_headers: Sequence[SecretHeader]
    insecure: bool
    tracing: bool
    metrics: bool
    sampling_rate: str
    """Share of requests that are traced, as the user wrote it; empty where tracing isn't mentioned."""
    resource_attributes: Mapping[str, str]
    use_legacy_attributes: bool
    ca_bundle: CABundle | None


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What the proxy reports about itself."""

    service_name: str
    """Service name to report; never empty."""
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
    backend: Container | Remote
    transport: str
    proxy_mode: str
    port: int
    replicas: int | None
    """How many proxies there shall be; None leaves the number to an autoscaler or to kubectl scale."""
    session_affinity: str
    """The Service's: "ClientIP" or "None"."""
    endpoint_prefix: str
    incoming_auth: IncomingAuth | None
    outgoing_auth: OutgoingAuth | None
    auth_server: AuthServer | None
    authorization: Authorization | None
    tools: Tools
    telemetry: Telemetry | None
    audit: bool
    webhooks: Webhooks | None
    session_redis: SessionRedis | None
    rate_limits: Object | None
    """The spec's rateLimiting (shared, perUser, tools), each refillPeriod as Go prints a duration."""
    content_digest: str
    """Stands for the content of all Secrets and ConfigMaps of the shared configs: pods roll when it changes."""
    trust_proxy_headers: bool
    resources: Resources | None
    deployment_overrides: ProxyDeploymentOverrides
    service_overrides: MetadataOverrides
    restart: Restart | None

    @property
    def kind(self) -> str:
        """The parent's kind: each runs its MCP server in one of the two places."""
        return "MCPServer" if isinstance(self.backend, Container) else "MCPRemoteProxy"

    @property
    def names(self) -> Names:
        """The names and labels of its objects."""
        return Names(self.kind, self.name)
