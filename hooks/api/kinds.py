"""The custom resources: ONE record for each kind. CRD, controllers and commands take from it what they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from hooks.api.external_auth import MCPExternalAuthConfigSpec
from hooks.api.mcpauthzconfig import MCPAuthzConfigSpec
from hooks.api.mcpgroup import MCPGroupSpec, MCPGroupStatus
from hooks.api.mcpoidcconfig import MCPOIDCConfigSpec
from hooks.api.mcpremoteproxy import MCPRemoteProxySpec, MCPRemoteProxyStatus
from hooks.api.mcpserver import NAME_MAX, MCPServerSpec, MCPServerStatus
from hooks.api.mcptelemetryconfig import MCPTelemetryConfigSpec
from hooks.api.mcptoolconfig import MCPToolConfigSpec
from hooks.api.mcpwebhookconfig import MCPWebhookConfigSpec
from hooks.api.meta import API_VERSION, OLDER_API_VERSION, Model, Rule
from hooks.api.status import ConfigStatus
from hooks.kubernetes.kinds import Kind


class Column(NamedTuple):
    """A column of `kubectl get`; one with priority 1 is shown with `-o wide` only."""

    name: str
    json_path: str
    type: str = "string"
    priority: int = 0


VALID = Column("Valid", '.status.conditions[?(@.type=="Valid")].status')
READY = Column("Ready", '.status.conditions[?(@.type=="Ready")].status')
REASON = Column("Reason", '.status.conditions[?(@.type=="Ready")].reason')
MESSAGE = Column("Message", '.status.conditions[?(@.type=="Ready")].message', priority=1)
AGE = Column("Age", ".metadata.creationTimestamp", "date")
# A list in a column of type string is printed whole, as JSON.
REFERENCED_BY = Column("Referenced By", ".status.referencingServers")
OF_A_CONFIG = (VALID, READY, REASON, REFERENCED_BY, MESSAGE, AGE)

REMOTE_PROXY_NAME_MAX = 46  # the Service mcp-NAME-remote-proxy has 63 characters then


@dataclass(frozen=True, eq=False)  # equal where they are the same kind
class CustomResource(Kind):
    """A kind of ours: what its CRD says, and the models of its spec and status."""

    description: str
    spec_model: type[Model]
    status_model: type[Model]
    columns: tuple[Column, ...]
    short_names: tuple[str, ...] = ()
    operator_finalizer: str = ""
    """The finalizer with which ToolHive's own operator holds objects of this kind; empty where it holds none."""
    name_rules: tuple[Rule, ...] = ()
    """Rules over metadata.name; `holds` takes the name."""
    deprecated: tuple[str, ...] = (OLDER_API_VERSION,)
    """Further versions that are served, with the same schema."""
    defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Defaults of fields of the spec that differ by version, by version and field."""

    @property
    def api_versions(self) -> tuple[str, ...]:
        """Every served version, the one in which objects are stored first."""
        return (self.api_version, *self.deprecated)

    @property
    def group(self) -> str:
        """The API group."""
        return self.api_version.partition("/")[0]

    @property
    def kubectl_names(self) -> tuple[str, ...]:
        """The names that kubectl takes for the kind: singular, plural and short ones."""
        return (self.kind.lower(), self.resource, *self.short_names)


def _service_names(maximum: int) -> tuple[Rule, ...]:
    """The rules for names of workloads, after which Services are named."""
    return (
        Rule(
            f"size(self.metadata.name) <= {maximum}",
            f"metadata.name must be at most {maximum} characters long: "
            "longer ones leave no room in the names of its Services",
            lambda name: len(name) <= maximum,
        ),
        Rule(
            "!self.metadata.name.contains('.')",
            "metadata.name must not contain dots: its Services are named after it",
            lambda name: "." not in name,
        ),
    )


MCP_SERVER = CustomResource(
    api_version=API_VERSION,
    kind="MCPServer",
    resource="mcpservers",
    description="MCPServer is an MCP server that runs in the cluster, with a proxy in front of it.",
    spec_model=MCPServerSpec,
    status_model=MCPServerStatus,
    columns=(
        Column("Status", ".status.phase"),
        READY,
        REASON,
        Column("Replicas", ".status.readyReplicas", "integer"),
        Column("URL", ".status.url"),
        MESSAGE,
        AGE,
    ),
    short_names=("mcpserver", "mcpservers"),
    operator_finalizer="mcpserver.toolhive.stacklok.dev/finalizer",
    name_rules=_service_names(NAME_MAX),
    defaults={API_VERSION: {"proxyMode": "streamable-http"}, OLDER_API_VERSION: {"proxyMode": "sse"}},
)

MCP_REMOTE_PROXY = CustomResource(
    api_version=API_VERSION,
    kind="MCPRemoteProxy",
    resource="mcpremoteproxies",
    description="MCPRemoteProxy is a proxy in front of an MCP server that runs elsewhere.",
    spec_model=MCPRemoteProxySpec,
    status_model=MCPRemoteProxyStatus,
    columns=(
        Column("Phase", ".status.phase"),
        Column("Remote URL", ".spec.remoteUrl"),
        Column("URL", ".status.url"),
        READY,
        REASON,
        MESSAGE,
        AGE,
    ),
    short_names=("rp", "mcprp"),
    name_rules=_service_names(REMOTE_PROXY_NAME_MAX),
)

MCP_EXTERNAL_AUTH_CONFIG = CustomResource(
    api_version=API_VERSION,
    kind="MCPExternalAuthConfig",
    resource="mcpexternalauthconfigs",
    description="MCPExternalAuthConfig says how proxies get tokens for their backends, or issue them to their callers.",
    spec_model=MCPExternalAuthConfigSpec,
    status_model=ConfigStatus,
    columns=(Column("Type", ".spec.type"), *OF_A_CONFIG),
    short_names=("extauth", "mcpextauth"),
    operator_finalizer="mcpexternalauthconfig.toolhive.stacklok.dev/finalizer",
)

MCP_TOOL_CONFIG = CustomResource(
    api_version=API_VERSION,
    kind="MCPToolConfig",
    resource="mcptoolconfigs",
    description="MCPToolConfig says which tools of MCP servers are shown, and under which names.",
    spec_model=MCPToolConfigSpec,
    status_model=ConfigStatus,
    # There is no column for the overrides: a map with descriptions would fill the screen.
    columns=(Column("Filter", ".spec.toolsFilter", priority=1), *OF_A_CONFIG),
    short_names=("tc", "toolconfig"),
    operator_finalizer="toolhive.stacklok.dev/toolconfig-finalizer",
)

MCP_OIDC_CONFIG = CustomResource(
    api_version=API_VERSION,
    kind="MCPOIDCConfig",
    resource="mcpoidcconfigs",
    description="MCPOIDCConfig says how callers of proxies authenticate.",
    spec_model=MCPOIDCConfigSpec,
    status_model=ConfigStatus,
    columns=(Column("Source", ".spec.type"), *OF_A_CONFIG),
    short_names=("mcpoidc",),
    operator_finalizer="mcpoidcconfig.toolhive.stacklok.dev/finalizer",
)

MCP_AUTHZ_CONFIG = CustomResource(
    api_version=API_VERSION,
    kind="MCPAuthzConfig",
    resource="mcpauthzconfigs",
    description="MCPAuthzConfig says what callers of proxies may do.",
    spec_model=MCPAuthzConfigSpec,
    status_model=ConfigStatus,
    columns=(Column("Type", ".spec.type"), *OF_A_CONFIG),
    short_names=("authzcfg",),
    operator_finalizer="mcpauthzconfig.toolhive.stacklok.dev/finalizer",
)

MCP_TELEMETRY_CONFIG = CustomResource(
    api_version=API_VERSION,
    kind="MCPTelemetryConfig",
    resource="mcptelemetryconfigs",
    description="MCPTelemetryConfig says what proxies report about themselves, and where.",
    spec_model=MCPTelemetryConfigSpec,
    status_model=ConfigStatus,
    columns=(
        Column("Endpoint", ".spec.openTelemetry.endpoint"),
        Column("Tracing", ".spec.openTelemetry.tracing.enabled", "boolean"),
        Column("Metrics", ".spec.openTelemetry.metrics.enabled", "boolean"),
        *OF_A_CONFIG,
    ),
    short_names=("mcpotel",),
    operator_finalizer="mcptelemetryconfig.toolhive.stacklok.dev/finalizer",
)

MCP_WEBHOOK_CONFIG = CustomResource(
    api_version=OLDER_API_VERSION,  # the only version that upstream has of this kind
    kind="MCPWebhookConfig",
    resource="mcpwebhookconfigs",
    description="MCPWebhookConfig names HTTP services that see each call before the MCP server does.",
    spec_model=MCPWebhookConfigSpec,
    status_model=ConfigStatus,
    columns=OF_A_CONFIG,
    short_names=("mwc",),
    operator_finalizer="mcpwebhookconfig.toolhive.stacklok.dev/finalizer",
    deprecated=(),
)

MCP_GROUP = CustomResource(
    api_version=API_VERSION,
    kind="MCPGroup",
    resource="mcpgroups",
    description="MCPGroup is a group of MCP servers and remote proxies that belong together.",
    spec_model=MCPGroupSpec,
    status_model=MCPGroupStatus,
    columns=(
        Column("Servers", ".status.serverCount", "integer"),
        Column("Phase", ".status.phase"),
        Column("Checked", '.status.conditions[?(@.type=="MCPServersChecked")].status'),
        READY,
        REASON,
        MESSAGE,
        AGE,
    ),
    short_names=("mcpg", "mcpgroup"),
    operator_finalizer="toolhive.stacklok.dev/mcpgroup-finalizer",
)

WORKLOADS: tuple[CustomResource, ...] = (MCP_SERVER, MCP_REMOTE_PROXY)
"""The kinds that a proxy is made for; all others are what these refer to."""
RESOURCES: tuple[CustomResource, ...] = (
    *WORKLOADS,
    MCP_EXTERNAL_AUTH_CONFIG,
    MCP_TOOL_CONFIG,
    MCP_OIDC_CONFIG,
    MCP_AUTHZ_CONFIG,
    MCP_TELEMETRY_CONFIG,
    MCP_WEBHOOK_CONFIG,
    MCP_GROUP,
)
BY_KIND = {resource.kind: resource for resource in RESOURCES}
"""The same by the kind in their manifests."""
