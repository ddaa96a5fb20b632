"""The MCP server behind the proxy as runner 0.44.0 leaves it in the cluster, for tests in which no runner runs."""

from __future__ import annotations

import json
from typing import Any

from tests.controlplane import ControlPlane, eventually
from tests.pods import pod_spec

FIELD_MANAGER = "toolhive-container-manager"
IMAGE = "ghcr.io/example/weather-mcp:1.4.2"
"""What spec.image of examples/token-exchange says."""
CANT_PULL = f"MCP server can't pull image {IMAGE!r}: check its name, and the pull secrets for its registry"


def labels(cluster: ControlPlane, namespace: str) -> dict[str, str]:
    """The labels that runner 0.44.0 gives to what it makes."""
    config_map = cluster.get("v1/ConfigMap", "weather-runconfig", namespace)
    assert config_map is not None
    return {
        **json.loads(config_map["data"]["runconfig.json"])["container_labels"],
        "app": "weather",
        "toolhive": "true",
    }


def as_the_runner(cluster: ControlPlane, namespace: str, *objects: dict[str, Any]) -> None:
    """Apply objects as runner 0.44.0 does: server-side, by force, under its field manager."""
    manifests = "---\n".join(json.dumps(obj) + "\n" for obj in objects)
    options = ("--server-side", "--force-conflicts", f"--field-manager={FIELD_MANAGER}")
    cluster.kubectl("apply", *options, "-n", namespace, "-f", "-", input=manifests)


def stateful_set(given: dict[str, str], *, image: str = IMAGE, stamp: str = "1") -> dict[str, Any]:
    """The StatefulSet of a runner that has these labels, this image and this generation stamp."""
    metadata = {"labels": given, "annotations": {"toolhive.stacklok.dev/mcpserver-generation": stamp}}
    template = {"metadata": metadata, "spec": pod_spec("mcp", image)}
    spec = {"selector": {"matchLabels": {"app": "weather"}}, "serviceName": "weather", "template": template}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "weather", "labels": given},
        "spec": spec,
    }


def services(given: dict[str, str], owner: dict[str, Any]) -> list[dict[str, Any]]:
    """The Services of the MCP server, owned by its StatefulSet."""
    reference = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "name": "weather",
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    ports = [{"name": "port-8000", "port": 8000, "targetPort": 8000}]
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "labels": given, "ownerReferences": [reference]},
            "spec": {"selector": {"app": "weather"}, "ports": ports, **more},
        }
        for name, more in (("mcp-weather-headless", {"clusterIP": "None"}), ("mcp-weather", {}))
    ]


def start_backend(cluster: ControlPlane, namespace: str) -> dict[str, Any]:
    """Make the MCP server of `weather` as its runner does, and wait until it is adopted: its StatefulSet."""
    given = labels(cluster, namespace)
    as_the_runner(cluster, namespace, stateful_set(given))

    def adopted() -> dict[str, Any]:
        found = cluster.get("apps/v1/StatefulSet", "weather", namespace)
        assert found is not None
        owners = [(o["kind"], o["name"], o["controller"]) for o in found["metadata"].get("ownerReferences", [])]
        assert owners == [("MCPServer", "weather", True)]
        return found

    return eventually(adopted)


def set_pod(cluster: ControlPlane, namespace: str, pod: str, container: dict[str, Any], **status: Any) -> None:
    """Give a pod, once it is there, the status that a kubelet would: of its one container, and what else it has."""
    found = eventually(lambda: cluster.get("v1/Pod", pod, namespace), message=f"there is no pod {pod}")
    [has] = found["spec"]["containers"]
    state = {"name": has["name"], "image": has["image"], "imageID": "", "ready": False, "restartCount": 0, **container}
    conditions = [{"type": "Ready", "status": "True" if state["ready"] else "False"}]
    change = {"conditions": conditions, "containerStatuses": [state], **status}
    cluster.kubectl(
        *("patch", "pod", pod, "-n", namespace, "--subresource=status", "--type=strategic"),
        *("-p", json.dumps({"status": change})),
    )
