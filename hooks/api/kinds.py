"""The custom resources: ONE record for each kind. CRD, controllers and commands take from it what they need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from hooks.api.external_auth import MCPExternalAuthConfigSpec, MCPExternalAuthConfigStatus
from hooks.api.mcpserver import NAME_MAX, MCPServerSpec, MCPServerStatus
from hooks.api.mcptoolconfig import MCPToolConfigSpec, MCPToolConfigStatus
from hooks.api.meta import API_VERSION, Model, Rule
from hooks.kubernetes.kinds import Kind


class Column(NamedTuple):
    """A column of `kubectl get`; one with priority 1 is shown with `-o wide` only."""

    name: str
    json_path: str
    type: str = "string"
    priority: int = 0


READY = Column("Ready", '.status.conditions[?(@.type=="Ready")].status')
REASON = Column("Reason", '.status.conditions[?(@.type=="Ready")].reason')
MESSAGE = Column("Message", '.status.conditions[?(@.type=="Ready")].message', priority=1)
AGE = Column("Age", ".metadata.creationTimestamp", "date")
# A list in a column of type string is printed whole, as JSON.
REFERENCED_BY = Column("Referenced By", ".status.referencingServers")


@dataclass(frozen=True, eq=False)  # equal where they are the same kind
class CustomResource(Kind):
    """A kind of ours: what its CRD says, and the models of its spec and status."""

    description: str
    spec_model: type[Model]
    status_model: type[Model]
    columns: tuple[Column, ...]
    operator_finalizer: str
    """The finalizer with which ToolHive's own operator holds objects of this kind."""
    short_names: tuple[str, ...] = ()
    name_rules: tuple[Rule, ...] = ()
    """Rules over metadata.name; `holds` takes the name."""

    @property
    def group(self) -> str:
        """The API group."""
        return self.api_version.partition("/")[0]

    @property
    def version(self) -> str:
        """The version of the API."""
        return self.api_version.partition("/")[2]

    @property
    def singular(self) -> str:
        """What kubectl calls one of them."""
        return self.kind.lower()


MCP_SERVER = CustomResource(
    api_version=API_VERSION,
    kind="MCPServer",
    resource="mcpservers",
    description="MCPServer is an MCP server that runs in the cluster, with a proxy in front of it.",
    spec_model=MCPServerSpec,
    status_model=MCPServerStatus,
    columns=(Column("Status", ".status.phase"), READY, REASON, Column("URL", ".status.url"), MESSAGE, AGE),
    name_rules=(
        Rule(
            f"size(self.metadata.name) <= {NAME_MAX}",
            f"metadata.name must be at most {NAME_MAX} characters long: "
            "longer ones leave no room in the names of the server's Services",
            lambda name: len(name) <= NAME_MAX,
        ),
        Rule(
            "!self.metadata.name.contains('.')",
            "metadata.name must not contain dots: the server's Services are named after it",
            lambda name: "." not in name,
        ),
    ),
    operator_finalizer="mcpserver.toolhive.stacklok.dev/finalizer",
)

MCP_EXTERNAL_AUTH_CONFIG = CustomResource(
    api_version=API_VERSION,
    kind="MCPExternalAuthConfig",
    resource="mcpexternalauthconfigs",
    description="MCPExternalAuthConfig says how proxies get tokens for the backends of their MCP servers.",
    spec_model=MCPExternalAuthConfigSpec,
    status_model=MCPExternalAuthConfigStatus,
    columns=(Column("Type", ".spec.type"), READY, REASON, REFERENCED_BY, MESSAGE, AGE),
    short_names=("extauth", "mcpextauth"),
    operator_finalizer="mcpexternalauthconfig.toolhive.stacklok.dev/finalizer",
)

MCP_TOOL_CONFIG = CustomResource(
    api_version=API_VERSION,
    kind="MCPToolConfig",
    resource="mcptoolconfigs",
    description="MCPToolConfig says which tools of MCP servers are shown, and under which names.",
    spec_model=MCPToolConfigSpec,
    status_model=MCPToolConfigStatus,
    columns=(
        # The reference has integer columns "Filter Count" and "Override Count", but JSONPath can't count, and kubectl
        # prints nothing for a list or a map in an integer column. A string column prints a list whole. There is none
        # for the overrides: a map with descriptions would fill the screen.
        Column("Filter", ".spec.toolsFilter", priority=1),
        READY,
        REASON,
        REFERENCED_BY,
        MESSAGE,
        AGE,
    ),
    short_names=("tc", "toolconfig"),
    operator_finalizer="toolhive.stacklok.dev/toolconfig-finalizer",
)

RESOURCES: tuple[CustomResource, ...] = (MCP_SERVER, MCP_EXTERNAL_AUTH_CONFIG, MCP_TOOL_CONFIG)
