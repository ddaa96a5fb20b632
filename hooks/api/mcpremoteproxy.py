"""MCPRemoteProxy: a proxy in front of an MCP server that runs elsewhere."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from hooks.api.access import AuthzConfig
from hooks.api.configs import AuthServerRef, OIDCConfigRef, TelemetryConfigRef
from hooks.api.headers import HeaderForward
from hooks.api.meta import ConfigRef, Model, NameRef, RuledModel, not_both
from hooks.api.scalars import Count, Int64, Port
from hooks.api.sessions import SessionStorage
from hooks.api.status import Conditions
from hooks.api.workload import Audit, ResourceOverrides, Resources, SessionAffinity


class MCPRemoteProxySpec(RuledModel):
    """The desired proxy."""

    rules = (not_both("authzConfig", "authzConfigRef", "use authzConfigRef to reference a shared MCPAuthzConfig"),)
    remote_url: Annotated[str, Field(pattern=r"^https?://")]
    """URL of the remote MCP server; no address inside the cluster or of a private network."""
    proxy_port: Port | None = None
    """Port on which the proxy listens, and the port of its Service; 8080 when left out."""
    transport: Literal["sse", "streamable-http"] = "streamable-http"
    """How the proxy talks to the remote MCP server, and its callers to the proxy."""
    oidc_config_ref: OIDCConfigRef | None = None
    """The MCPOIDCConfig by which callers authenticate; without one, callers aren't authenticated."""
    external_auth_config_ref: NameRef | None = None
    """The MCPExternalAuthConfig by which the proxy authenticates to the remote MCP server."""
    auth_server_ref: AuthServerRef | None = None
    """The MCPExternalAuthConfig by which the proxy is an authorization server for its callers."""
    header_forward: HeaderForward | None = None
    """Headers that the proxy adds to each call of the remote MCP server."""
    authz_config: AuthzConfig | None = None
    """Permissions of callers; they may do everything when left out."""
    authz_config_ref: ConfigRef | None = None
    """The MCPAuthzConfig that says what callers may do."""
    audit: Audit | None = None
    """Whether the proxy writes an audit log."""
    tool_config_ref: NameRef | None = None
    """The MCPToolConfig that filters and renames tools."""
    telemetry_config_ref: TelemetryConfigRef | None = None
    """The MCPTelemetryConfig that says what the proxy reports, and where."""
    resources: Resources | None = None
    """CPU and memory of the proxy's container."""
    service_account: str | None = None
    """Existing ServiceAccount for the proxy's pod; one is made when left out."""
    trust_proxy_headers: bool = False
    """Whether X-Forwarded-* headers of a reverse proxy are trusted."""
    endpoint_prefix: str = ""
    """Path that a reverse proxy puts in front of the endpoints, named in the URLs that SSE clients get."""
    resource_overrides: ResourceOverrides | None = None
    """Additions to the objects that are made for the workload."""
    group_ref: ConfigRef | None = None
    """The MCPGroup that this proxy belongs to."""
    session_affinity: SessionAffinity = "ClientIP"
    """Whether the Service sends each caller to the same proxy pod."""
    replicas: Count | None = None
    """How many proxies there are; left to an autoscaler when left out."""
    session_storage: SessionStorage | None = None
    """Where sessions are kept, so that several proxies can share them."""
    pod_template_spec: dict[str, Any] | None = None
    """Changes to the proxy's pod, as a core/v1 PodTemplateSpec; its container is the one named "toolhive"."""


class MCPRemoteProxyStatus(Model):
    """The observed proxy."""

    phase: Literal["Pending", "Ready", "Failed", "Terminating"] | None = None
    """The state in one word: Ready when callers are served."""
    message: str = ""
    """The state in a sentence, with the cause when something is wrong."""
    url: str = ""
    """URL of the proxy inside the cluster."""
    external_url: str = ""
    """Never written; the field is there for objects that have it."""
    tool_config_hash: str = ""
    """configHash of the MCPToolConfig in use."""
    telemetry_config_hash: str = ""
    """configHash of the MCPTelemetryConfig in use."""
    external_auth_config_hash: str = ""
    """configHash of the MCPExternalAuthConfig in use."""
    auth_server_config_hash: str = ""
    """configHash of the MCPExternalAuthConfig in use as authorization server."""
    authz_config_hash: str = ""
    """configHash of the MCPAuthzConfig in use."""
    oidc_config_hash: str = ""
    """configHash of the MCPOIDCConfig in use."""
    observed_generation: Int64 | None = None
    """The most recent generation observed by the controller."""
    conditions: Conditions = Field(default_factory=list)
    """The state in detail."""
