"""Every name, label and annotation that an MCPServer's objects carry, made from the server's own name.

They are the reference operator's, so that one controller can take over from the other.
"""

from __future__ import annotations

from hooks.api.meta import GROUP
from hooks.api.workload import ACCOUNT_SUFFIX

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

PROXY_CONTAINER = "toolhive"
MCP_CONTAINER = "mcp"

RUN_CONFIG_PATH = "/etc/runconfig"
AUTHZ_PATH = "/etc/toolhive/authz"
RESERVED_VOLUMES = {
    "runconfig": RUN_CONFIG_PATH,
    "authz-config": AUTHZ_PATH,
}
"""The volumes of the proxy's own pod, and where they are mounted."""

OIDC_CA_PATH = "/config/certs"
OTEL_CA_PATH = "/config/certs/otel"

TOKEN_EXCHANGE_CLIENT_SECRET = "TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET"  # noqa: S105  # a name, not a secret
OIDC_CLIENT_SECRET = "TOOLHIVE_OIDC_CLIENT_SECRET"  # noqa: S105
SESSION_PASSWORD = "THV_SESSION_REDIS_PASSWORD"  # noqa: S105
GENERATION_ENV = "THV_MCPSERVER_GENERATION"
RUNNER_ENV = ("MCP_TRANSPORT",)
"""Variables that the proxy runner gives to every MCP server."""
RUNNER_HTTP_ENV = ("MCP_PORT", "FASTMCP_PORT", "MCP_HOST")
"""Variables that it gives to one with an HTTP transport as well."""


def deployment(name: str) -> str:
    """The proxy's Deployment."""
    return name


def stateful_set(name: str) -> str:
    """The StatefulSet that the proxy runner makes for the MCP server."""
    return name


def proxy_service(name: str) -> str:
    """The Service that clients call."""
    return f"mcp-{name}-proxy"


def run_config(name: str) -> str:
    """The ConfigMap that holds runconfig.json."""
    return f"{name}-runconfig"


def authz_inline(name: str) -> str:
    """The ConfigMap that holds the policies of an inline authzConfig."""
    return f"{name}-authz-inline"


def proxy_runner(name: str) -> str:
    """The proxy's ServiceAccount, its Role and its RoleBinding."""
    return f"{name}{ACCOUNT_SUFFIX}"


def server_account(name: str) -> str:
    """The MCP server's own ServiceAccount, where the spec names none."""
    return f"{name}-sa"


def labels(name: str) -> dict[str, str]:
    """The labels of the proxy's objects, and the selector of its pods."""
    return {
        "app": "mcpserver",
        "app.kubernetes.io/name": "mcpserver",
        "app.kubernetes.io/instance": name,
        "toolhive": "true",
        "toolhive-name": name,
    }


def runner_services(name: str) -> tuple[str, ...]:
    """The Services that a proxy runner makes: an older one labelled them so that they would be adopted."""
    return (f"mcp-{name}-headless", f"mcp-{name}")
