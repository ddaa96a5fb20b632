"""The objects of the benchmark: servers that share a config, and a mixed fleet with ten configs."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from hooks.api.kinds import RESOURCES
from tests.world import authz_config, external_auth, group, oidc_config, telemetry_config, tool_config

Object = dict[str, Any]

NAMESPACE = "bench"
TOOLHIVE = "toolhive.stacklok.dev/v1beta1"
CONFIG = "tx"
SHARING = ("mcpserver", "mcpexternalauthconfig")
MIXED = (
    *SHARING,
    "mcpremoteproxy",
    "mcpoidcconfig",
    "mcptoolconfig",
    "mcptelemetryconfig",
    "mcpauthzconfig",
    "mcpgroup",
)
"""The kinds of either fleet, as metacontroller/ names their files."""


def plural(obj: Object) -> str:
    """The resource of a custom resource."""
    return next(kind.resource for kind in RESOURCES if kind.kind == obj["kind"])


def secret(value: str) -> Object:
    """The credential of every config."""
    data = {"data": {"client-secret": b64encode(value.encode()).decode()}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tx-oauth"}, **data}


def shared_config() -> Object:
    """The config that all servers share."""
    return _named(external_auth(), CONFIG)


def server(number: int) -> Object:
    """A server that uses it."""
    return _server(number, externalAuthConfigRef={"name": CONFIG})


def mixed_configs() -> list[Object]:
    """Ten configs of six kinds."""
    policies = ["permit(principal, action, resource);"]
    return [
        *(_named(external_auth(), f"tx-{number}") for number in range(3)),
        *(_named(oidc_config(), f"oidc-{number}") for number in range(2)),
        *(_named(tool_config(), f"tools-{number}") for number in range(2)),
        _named(telemetry_config(), "telemetry"),
        _named(authz_config(policies=policies), "authz"),
        _named(group(), "group"),
    ]


def mixed_workload(number: int) -> Object:
    """A server, or each third time a proxy, that uses five or six of them."""
    refs = {
        "oidcConfigRef": {"name": f"oidc-{number % 2}", "audience": "bench"},
        "toolConfigRef": {"name": f"tools-{number % 2}"},
        "telemetryConfigRef": {"name": "telemetry"},
        "authzConfigRef": {"name": "authz"},
        "groupRef": {"name": "group"},
    }
    if number % 3 == 0:
        spec = {"remoteUrl": "https://mcp.example.com", "transport": "streamable-http", **refs}
        return _named({"kind": "MCPRemoteProxy", "spec": spec}, f"proxy-{number}")
    return _server(number, externalAuthConfigRef={"name": f"tx-{number % 3}"}, **refs)


def _server(number: int, **refs: Object) -> Object:
    spec = {"image": "ghcr.io/acme/mcp-demo:1.2.3", "transport": "streamable-http", "mcpPort": 8080, **refs}
    return _named({"kind": "MCPServer", "spec": spec}, f"server-{number}")


def _named(obj: Object, name: str) -> Object:
    return {"apiVersion": TOOLHIVE, "kind": obj["kind"], "metadata": {"name": name}, "spec": obj["spec"]}
