"""MCPServer: one MCP server and the proxy in front of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from hooks.api.access import AuthzConfig, OIDCConfig
from hooks.api.meta import Conditions, EnvVar, Int64, Model, NameRef, Port
from hooks.api.workload import PermissionProfile, ResourceOverrides, Resources, SecretEnv, Volume

Transport = Literal["stdio", "streamable-http", "sse"]
ProxyMode = Literal["sse", "streamable-http"]
Phase = Literal["Pending", "Running", "Stopped", "Failed", "Terminating"]

NAME_MAX = 50  # the Service mcp-NAME-headless has 63 characters then


class Audit(Model):
    """Whether requests are recorded."""

    enabled: bool = False
    """Whether the proxy writes an audit log."""


class Metrics(Model):
    """Metrics over OTLP."""

    enabled: bool = False
    """Whether metrics are sent."""


class Tracing(Model):
    """Traces over OTLP."""

    enabled: bool = False
    """Whether traces are sent."""
    sampling_rate: str = "0.05"
    """Share of requests that are traced, from "0" to "1"."""


class OpenTelemetry(Model):
    """What is sent to an OpenTelemetry collector."""

    enabled: bool = False
    """Whether anything is sent."""
    endpoint: str = ""
    """Address of the OTLP/HTTP collector, such as "otel-collector.observability:4318"."""
    service_name: str = ""
    """Service name to report; the server's name when left out."""
    headers: list[str] = Field(default_factory=list)
    """Headers for the collector, each as "key=value"."""
    insecure: bool = False
    """Whether the collector is spoken to over plain HTTP."""
    metrics: Metrics | None = None
    """Whether metrics are sent."""
    tracing: Tracing | None = None
    """Whether and how often traces are sent."""


class Prometheus(Model):
    """Metrics for Prometheus to fetch."""

    enabled: bool = False
    """Whether the proxy serves /metrics."""


class Telemetry(Model):
    """What the proxy tells about itself."""

    open_telemetry: OpenTelemetry | None = None
    """What is sent to an OpenTelemetry collector."""
    prometheus: Prometheus | None = None
    """Metrics for Prometheus to fetch."""


class MCPServerSpec(Model):
    """The desired MCP server."""

    image: str
    """Container image of the MCP server."""
    transport: Transport = "stdio"
    """How the proxy talks to the MCP server."""
    proxy_mode: ProxyMode = "sse"
    """How the proxy serves its callers when the transport is stdio; ignored with any other."""
    port: Port = 8080
    """Port on which the proxy listens, and the port of its Service."""
    target_port: Port | None = None
    """Port on which the MCP server listens, for the transports sse and streamable-http; 8080 when left out."""
    args: list[str] = Field(default_factory=list)
    """Arguments of the MCP server."""
    env: list[EnvVar] = Field(default_factory=list)
    """Environment variables of the MCP server."""
    volumes: list[Volume] = Field(default_factory=list)
    """Folders of the node to mount."""
    resources: Resources | None = None
    """CPU and memory of the proxy's container; those of the MCP server are set in podTemplateSpec."""
    secrets: list[SecretEnv] = Field(default_factory=list)
    """Keys of Secrets that become environment variables of the MCP server."""
    service_account: str | None = None
    """Existing ServiceAccount for the MCP server's pod; one is made when left out."""
    permission_profile: PermissionProfile | None = None
    """What the MCP server is permitted to reach."""
    pod_template_spec: dict[str, Any] | None = None
    """Changes to the MCP server's pod, as a core/v1 PodTemplateSpec; its container is the one named "mcp"."""
    resource_overrides: ResourceOverrides | None = None
    """Additions to the objects that the operator makes."""
    oidc_config: OIDCConfig | None = None
    """How callers authenticate; nobody has to when left out."""
    authz_config: AuthzConfig | None = None
    """What callers may do; everything when left out."""
    audit: Audit | None = None
    """Whether the proxy writes an audit log."""
    tools: list[str] = Field(default_factory=list)
    """Names of the tools to show, all when empty; deprecated: use toolConfigRef, which wins over this list."""
    tool_config_ref: NameRef | None = None
    """The MCPToolConfig that filters and renames tools."""
    external_auth_config_ref: NameRef | None = None
    """The MCPExternalAuthConfig by which the proxy gets tokens for the MCP server's backends."""
    telemetry: Telemetry | None = None
    """What the proxy reports, and where."""
    trust_proxy_headers: bool = False
    """Whether X-Forwarded-* headers of a reverse proxy are believed."""


class MCPServerStatus(Model):
    """The observed MCP server."""

    phase: Phase | None = None
    """The state in one word: Running means that callers are served, Stopped that it is scaled to zero."""
    message: str = ""
    """The state in a sentence, with the cause when something is wrong."""
    url: str = ""
    """URL of the server inside the cluster."""
    tool_config_hash: str = ""
    """configHash of the MCPToolConfig in use."""
    external_auth_config_hash: str = ""
    """configHash of the MCPExternalAuthConfig in use."""
    observed_generation: Int64 | None = None
    """The metadata.generation that this status tells about."""
    conditions: Conditions = Field(default_factory=list)
    """The state in detail."""
