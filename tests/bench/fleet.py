"""The objects of the benchmark: servers that share a config, and a mixed fleet with ten configs."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, NamedTuple

from hooks.api.kinds import BY_KIND
from tests.world import authz_config, external_auth, group, oidc_config, telemetry_config, tool_config

Object = dict[str, Any]

NAMESPACE = "bench"
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


class Api(NamedTuple):
    """A version of ToolHive's API, as far as the benchmark uses it."""

    version: str
    workloads: tuple[str, ...]
    mcp_port: str
    """The field of a server's own port."""

    @property
    def parents(self) -> tuple[str, ...]:
        """The kinds that the benchmark watches."""
        return tuple(f"{self.version}/{kind}" for kind in (*self.workloads, "MCPExternalAuthConfig"))


V1BETA1 = Api("toolhive.stacklok.dev/v1beta1", ("MCPServer", "MCPRemoteProxy"), "mcpPort")
V1ALPHA1 = Api("toolhive.stacklok.dev/v1alpha1", ("MCPServer",), "targetPort")
"""As of October 2025."""


def plural(obj: Object) -> str:
    """The resource of a custom resource."""
    return BY_KIND[obj["kind"]].resource


def secret(value: str) -> Object:
    """The credential of every config."""
    data = {"data": {"client-secret": b64encode(value.encode()).decode()}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tx-oauth"}, **data}


def shared_config(api: Api) -> Object:
    """The config that all servers share."""
    return _named(external_auth(), CONFIG, api)


def server(number: int, api: Api) -> Object:
    """A server that uses it."""
    return _server(number, api, externalAuthConfigRef={"name": CONFIG})


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
    return _server(number, V1BETA1, externalAuthConfigRef={"name": f"tx-{number % 3}"}, **refs)


def _server(number: int, api: Api, **refs: Object) -> Object:
    spec = {"image": "ghcr.io/acme/mcp-demo:1.2.3", "transport": "streamable-http", api.mcp_port: 8080, **refs}
    return _named({"kind": "MCPServer", "spec": spec}, f"server-{number}", api)


def _named(obj: Object, name: str, api: Api = V1BETA1) -> Object:
    return {"apiVersion": api.version, "kind": obj["kind"], "metadata": {"name": name}, "spec": obj["spec"]}
