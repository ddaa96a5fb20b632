"""MCPRemoteProxies as a request has them, with their children and pods."""

from __future__ import annotations

from typing import Any

from hooks.api.kinds import MCP_REMOTE_PROXY
from hooks.kubernetes.objects import Object
from tests.world import parent, pod

RUNNER = "demo-remote-proxy-runner"
ACCESS = [f"Role/{RUNNER}", f"ServiceAccount/{RUNNER}"]
"""The first children of a proxy named demo, also where its spec is wrong."""
CHILDREN = [
    *("ConfigMap/demo-runconfig", "Deployment/demo", f"Role/{RUNNER}", f"RoleBinding/{RUNNER}"),
    *("Service/mcp-demo-remote-proxy", f"ServiceAccount/{RUNNER}"),
]
"""All children of a proxy named demo."""
LABELS = {
    "app": "mcpremoteproxy",
    "app.kubernetes.io/name": "mcpremoteproxy",
    "app.kubernetes.io/instance": "demo",
    "toolhive": "true",
    "toolhive-name": "demo",
}


def remote(name: str = "demo", *, annotations: dict[str, str] | None = None, **spec: Any) -> Object:
    """An MCPRemoteProxy as a request has it."""
    given = {"remoteUrl": "https://mcp.acme.test/mcp", **spec}
    return parent(MCP_REMOTE_PROXY, name, given, annotations=annotations)


def remote_pod(name: str = "demo-1", *, ready: bool = True) -> Object:
    """A pod of the proxy `demo`."""
    found = pod(name, "demo", ready=ready)
    found["metadata"]["labels"]["app"] = "mcpremoteproxy"
    return found
