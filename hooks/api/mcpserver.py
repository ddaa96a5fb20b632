"""MCPServer: one MCP server and the proxy in front of it, in the words of both generations of the API."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from hooks.api.access import AuthzConfig, OIDCConfig
from hooks.api.configs import AuthServerRef, OIDCConfigRef, TelemetryConfigRef
from hooks.api.meta import ConfigRef, EnvVar, Model, NameRef, Rule, RuledModel, not_both
from hooks.api.scalars import Count, Int64, Port
from hooks.api.sessions import RateLimiting, SessionStorage
from hooks.api.status import Conditions
from hooks.api.telemetry import Telemetry
from hooks.api.workload import (
    Audit,
    PermissionProfile,
    ResourceOverrides,
    Resources,
    SecretEnv,
    SessionAffinity,
    Volume,
)

NAME_MAX = 50  # the Service mcp-NAME-headless has 63 characters then


class MCPServerSpec(RuledModel):
    """The desired MCP server."""

    # None of these is broken by what an earlier release stored; each says so by an edit of any field, not by a status.
    rules = (
        not_both("authzConfig", "authzConfigRef", "use authzConfigRef to reference a shared MCPAuthzConfig"),
        not_both("oidcConfig", "oidcConfigRef", "use oidcConfigRef to reference a shared MCPOIDCConfig"),
        not_both("telemetry", "telemetryConfigRef", "use telemetryConfigRef to reference a shared MCPTelemetryConfig"),
        Rule(
            "!has(self.rateLimiting) || (has(self.sessionStorage) && self.sessionStorage.provider == 'redis')",
            "rateLimiting requires sessionStorage with provider 'redis'",
            lambda spec: (
                spec.rate_limiting is None
                or (spec.session_storage is not None and spec.session_storage.provider == "redis")
            ),
        ),
        Rule(
            "!(has(self.rateLimiting) && has(self.rateLimiting.perUser)) || has(self.oidcConfigRef) || "
            "has(self.oidcConfig) || has(self.externalAuthConfigRef)",
            "rateLimiting.perUser requires authentication (oidcConfigRef, oidcConfig or externalAuthConfigRef)",
            lambda spec: not (spec.rate_limiting and spec.rate_limiting.per_user) or spec.knows_callers,
        ),
        Rule(
            "!has(self.rateLimiting) || !has(self.rateLimiting.tools) || "
            "self.rateLimiting.tools.all(t, !has(t.perUser)) || has(self.oidcConfigRef) || has(self.oidcConfig) || "
            "has(self.externalAuthConfigRef)",
            "per-tool perUser rate limiting requires authentication "
            "(oidcConfigRef, oidcConfig or externalAuthConfigRef)",
            lambda spec: (
                not (spec.rate_limiting and any(limit.per_user for limit in spec.rate_limiting.tools))
                or spec.knows_callers
            ),
        ),
    )
    image: str
    """Container image of the MCP server."""
    transport: Literal["stdio", "streamable-http", "sse"] = "stdio"
    """How the proxy talks to the MCP server."""
    proxy_mode: Literal["sse", "streamable-http"] | None = None
    """How the proxy serves its callers when the transport is stdio; ignored with any other."""
    proxy_port: Port | None = None
    """Port on which the proxy listens, and the port of its Service; 8080 when left out."""
    mcp_port: Port | None = None
    """Port on which the MCP server listens, for the transports sse and streamable-http; 8080 when left out."""
    port: Port | None = None
    """Deprecated: use proxyPort, which wins over this field."""
    target_port: Port | None = None
    """Deprecated: use mcpPort, which wins over this field."""
    args: list[str] = Field(default_factory=list)
    """Arguments of the MCP server."""
    env: list[EnvVar] = Field(default_factory=list)
    """Environment variables of the MCP server."""
    volumes: list[Volume] = Field(default_factory=list)
    """hostPath volumes to mount."""
    resources: Resources | None = None
    """CPU and memory of the proxy's container; those of the MCP server are set in podTemplateSpec."""
    secrets: list[SecretEnv] = Field(default_factory=list)
    """Keys of Secrets that become environment variables of the MCP server."""
    service_account: str | None = None
    """Existing ServiceAccount for the MCP server's pod; one is made when left out."""
    permission_profile: PermissionProfile | None = None
    """Permissions of the MCP server."""
    pod_template_spec: dict[str, Any] | None = None
    """Changes to the MCP server's pod, as a core/v1 PodTemplateSpec; its container is the one named "mcp"."""
    resource_overrides: ResourceOverrides | None = None
    """Additions to the objects that are made for the workload."""
    oidc_config_ref: OIDCConfigRef | None = None
    """The MCPOIDCConfig by which callers authenticate; without one, callers aren't authenticated."""
    oidc_config: OIDCConfig | None = None
    """Deprecated: use oidcConfigRef. How callers authenticate."""
    authz_config: AuthzConfig | None = None
    """Permissions of callers; they may do everything when left out."""
    authz_config_ref: ConfigRef | None = None
    """The MCPAuthzConfig that says what callers may do."""
    audit: Audit | None = None
    """Whether the proxy writes an audit log."""
    tool_config_ref: NameRef | None = None
    """The MCPToolConfig that filters and renames tools."""
    tools: list[str] = Field(default_factory=list)
    """Deprecated: use toolConfigRef, which wins over this list. Names of the tools to show, all when empty."""
    external_auth_config_ref: NameRef | None = None
    """The MCPExternalAuthConfig by which the proxy gets tokens for the MCP server's backends."""
    auth_server_ref: AuthServerRef | None = None
    """The MCPExternalAuthConfig by which the proxy is an authorization server for its callers."""
    webhook_config_ref: NameRef | None = None
    """The MCPWebhookConfig whose webhooks see each call."""
    telemetry_config_ref: TelemetryConfigRef | None = None
    """The MCPTelemetryConfig that says what the proxy reports, and where."""
    telemetry: Telemetry | None = None
    """Deprecated: use telemetryConfigRef. Telemetry of the proxy."""
    trust_proxy_headers: bool = False
    """Whether X-Forwarded-* headers of a reverse proxy are trusted."""
    endpoint_prefix: str = ""
    """Path that a reverse proxy puts in front of the endpoints, named in the URLs that SSE clients get."""
    group_ref: ConfigRef | None = None
    """The MCPGroup that this server belongs to."""
    session_affinity: SessionAffinity = "ClientIP"
    """Whether the Service sends each caller to the same proxy pod."""
    replicas: Count | None = None
    """How many proxies there are, at most one with transport stdio; left to an autoscaler when left out."""
    backend_replicas: Count | None = None
    """How many pods of the MCP server there are; left to an autoscaler when left out."""
    session_storage: SessionStorage | None = None
    """Where sessions are kept, so that several proxies can share them."""
    rate_limiting: RateLimiting | None = None
    """How often callers may call; it needs sessionStorage with provider "redis"."""

    @property
    def knows_callers(self) -> bool:
        """Whether the proxy can distinguish its callers, by the rule of upstream's CRD."""
        return any((self.oidc_config_ref, self.oidc_config, self.external_auth_config_ref))


class MCPServerStatus(Model):
    """The observed MCP server."""

    phase: Literal["Pending", "Ready", "Running", "Stopped", "Failed", "Terminating"] | None = None
    """The state in one word: Ready (once Running) when callers are served, Stopped when scaled to zero."""
    message: str = ""
    """The state in a sentence, with the cause when something is wrong."""
    url: str = ""
    """URL of the server inside the cluster."""
    ready_replicas: Count | None = None
    """How many proxies are ready."""
    tool_config_hash: str = ""
    """configHash of the MCPToolConfig in use."""
    external_auth_config_hash: str = ""
    """configHash of the MCPExternalAuthConfig in use."""
    auth_server_config_hash: str = ""
    """configHash of the MCPExternalAuthConfig in use as authorization server."""
    authz_config_hash: str = ""
    """configHash of the MCPAuthzConfig in use."""
    oidc_config_hash: str = ""
    """configHash of the MCPOIDCConfig in use."""
    telemetry_config_hash: str = ""
    """configHash of the MCPTelemetryConfig in use."""
    webhook_config_hash: str = ""
    """configHash of the MCPWebhookConfig in use."""
    observed_generation: Int64 | None = None
    """The most recent generation observed by the controller."""
    conditions: Conditions = Field(default_factory=list)
    """The state in detail."""
