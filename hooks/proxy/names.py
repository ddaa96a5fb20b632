"""Every name, label and annotation that a workload's objects carry, made from its kind and its own name.

They are the reference operator's, so that one controller can take over from the other.
"""

from __future__ import annotations

from dataclasses import dataclass

from hooks.api.meta import GROUP
from hooks.metacontroller.requests import SyncRequest

COMPONENT_GROUP = "toolhive.stacklok.io"
"""The reference labels RunConfig and authz ConfigMaps under `.io`, everything else under `.dev`."""

CONTENT_CHECKSUM = f"{GROUP}/content-checksum"
RUNCONFIG_CHECKSUM = f"{GROUP}/runconfig-checksum"
MCPSERVER_GENERATION = f"{GROUP}/mcpserver-generation"
WORKLOAD_HASH = f"{GROUP}/workload-hash"
CREDENTIAL_DIGEST = f"{GROUP}/credential-digest"
MANAGED_BY = f"{GROUP}/managed-by"
RESTARTED_AT = f"mcpserver.{GROUP}/restarted-at"
RESTART_STRATEGY = f"mcpserver.{GROUP}/restart-strategy"
LAST_PROCESSED_RESTART = f"mcpserver.{GROUP}/last-processed-restart"

POD_TEMPLATE_HASH = f"{COMPONENT_GROUP}/podtemplatespec-hash"
PROXY_CONTAINER = "toolhive"
MCP_CONTAINER = "mcp"

RESERVED_VOLUMES = {"runconfig": "/etc/runconfig", "authz-config": "/etc/toolhive/authz"}
"""The volumes of the proxy's own pod, and where they are mounted."""

OIDC_CA_PATH = "/config/certs"
OIDC_CA_VOLUME_PREFIX = "oidc-ca-bundle-"
OTEL_CA_PATH = "/config/certs/otel"
OTEL_CA_VOLUME_PREFIX = "otel-ca-bundle-"
"""The volume of a CA bundle is named after its ConfigMap, with the prefix, and mounted in a folder of its name."""

TOKEN_EXCHANGE_CLIENT_SECRET = "TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET"  # noqa: S105  # a name, not a secret
OIDC_CLIENT_SECRET = "TOOLHIVE_OIDC_CLIENT_SECRET"  # noqa: S105
SESSION_PASSWORD = "THV_SESSION_REDIS_PASSWORD"  # noqa: S105
GENERATION_ENV = "THV_MCPSERVER_GENERATION"
SECRETS_ENV_PREFIX = "TOOLHIVE_SECRET_"
"""The prefix of the variables from which the runner's secrets provider reads secrets."""
RUNNER_ENV = ("MCP_TRANSPORT",)
"""Variables that the proxy runner gives to every MCP server."""
RUNNER_HTTP_ENV = ("MCP_PORT", "FASTMCP_PORT", "MCP_HOST")
"""Variables that it gives to one with an HTTP transport as well."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How the objects of one workload kind are named and labelled."""

    noun: str
    """The name of the kind in messages."""
    service: str
    account: str
    run_config_label: str
    has_server: bool
    """Whether its proxy makes the MCP server too, as a StatefulSet."""


_FORMS = {
    "MCPServer": _Form("MCP server", "mcp-{}-proxy", "{}-proxy-runner", "mcp-server", has_server=True),
    "MCPRemoteProxy": _Form(
        "Remote proxy",
        "mcp-{}-remote-proxy",
        "{}-remote-proxy-runner",
        "mcp-remote-proxy",
        has_server=False,
    ),
}


@dataclass(frozen=True, slots=True)
class Names:
    """The names and labels of the objects of one workload."""

    kind: str
    """The workload's kind: `MCPServer` or `MCPRemoteProxy`."""
    name: str
    """The workload's own name."""

    @property
    def noun(self) -> str:
        """The name of the workload's kind in messages."""
        return _FORMS[self.kind].noun

    @property
    def word(self) -> str:
        """The noun in one word, for messages that say "this server" or "this proxy"."""
        return "server" if self.has_server else "proxy"

    @property
    def has_server(self) -> bool:
        """Whether the workload's proxy makes the MCP server too, as a StatefulSet."""
        return _FORMS[self.kind].has_server

    @property
    def deployment(self) -> str:
        """The proxy's Deployment."""
        return self.name

    @property
    def stateful_set(self) -> str:
        """The StatefulSet that the proxy runner makes for the MCP server."""
        return self.name

    @property
    def service(self) -> str:
        """The Service that clients call."""
        return _FORMS[self.kind].service.format(self.name)

    @property
    def run_config(self) -> str:
        """The ConfigMap that holds runconfig.json."""
        return f"{self.name}-runconfig"

    @property
    def authz_inline(self) -> str:
        """The ConfigMap that holds the policies of an inline authzConfig."""
        return f"{self.name}-authz-inline"

    @property
    def account(self) -> str:
        """The proxy's ServiceAccount, its Role and its RoleBinding."""
        return _FORMS[self.kind].account.format(self.name)

    @property
    def server_account(self) -> str:
        """The MCP server's own ServiceAccount, where the spec names none."""
        return f"{self.name}-sa"

    @property
    def labels(self) -> dict[str, str]:
        """The labels of the proxy's objects, and the selector of its pods."""
        return {
            "app": self.kind.lower(),
            "app.kubernetes.io/name": self.kind.lower(),
            "app.kubernetes.io/instance": self.name,
            "toolhive": "true",
            "toolhive-name": self.name,
        }

    @property
    def selector(self) -> str:
        """The labels by which kubectl finds the proxy's Deployment, ReplicaSets and pods."""
        return f"app={self.labels['app']},toolhive-name={self.name}"

    @property
    def run_config_labels(self) -> dict[str, str]:
        """The labels of the RunConfig's ConfigMap."""
        return {
            f"{COMPONENT_GROUP}/component": "run-config",
            f"{COMPONENT_GROUP}/{_FORMS[self.kind].run_config_label}": self.name,
            f"{COMPONENT_GROUP}/managed-by": "toolhive-operator",
        }

    @property
    def runner_services(self) -> tuple[str, ...]:
        """The Services that a proxy runner makes: an older one labelled them so that they would be adopted."""
        return (f"mcp-{self.name}-headless", f"mcp-{self.name}") if self.has_server else ()


def names_of(request: SyncRequest) -> Names:
    """Return the names of a request's parent."""
    return Names(request.parent["kind"], request.name)
