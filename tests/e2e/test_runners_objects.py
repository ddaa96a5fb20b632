"""What the proxy runner makes: adopted by its labels, left alone, and gone with the server, the proxy first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.controlplane.assets import ROOT
from tests.e2e.installation import CHILD_KINDS, TOOLHIVE, Installation

pytestmark = pytest.mark.e2e

EXAMPLE = ROOT / "examples/token-exchange"
IMAGE = "ghcr.io/example/weather-mcp:1.4.2"
FIELD_MANAGER = "toolhive-container-manager"


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
    cluster.kubectl(
        *(
            "apply",
            "--server-side",
            "--force-conflicts",
            f"--field-manager={FIELD_MANAGER}",
            "-n",
            namespace,
            "-f",
            "-",
        ),
        input="---\n".join(json.dumps(obj) + "\n" for obj in objects),
    )


def stateful_set(given: dict[str, str], *, image: str = IMAGE, stamp: str = "1") -> dict[str, Any]:
    """The StatefulSet of a runner that has these labels, this image and this generation stamp."""
    metadata = {"labels": given, "annotations": {"toolhive.stacklok.dev/mcpserver-generation": stamp}}
    template = {"metadata": metadata, "spec": {"containers": [{"name": "mcp", "image": image}]}}
    spec = {"selector": {"matchLabels": {"app": "weather"}}, "serviceName": "weather", "template": template}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "weather", "labels": given},
        "spec": spec,
    }


def services(given: dict[str, str], owner: dict[str, Any]) -> list[dict[str, Any]]:
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


def _fail_the_servers_own_pod(installation: Installation, namespace: str) -> None:
    """The MCP server's own pod tells its cause too, here while the proxy is still ready."""
    cluster = installation.cluster
    eventually(lambda: cluster.get("v1/Pod", "weather-0", namespace), message="the StatefulSet has no pod")
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off"}}
    states = [{"name": "mcp", "image": IMAGE, "imageID": "", "ready": False, "restartCount": 0}]
    status = {
        "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [{**states[0], "state": waiting}],
    }
    cluster.kubectl(
        *("patch", "pod", "weather-0", "-n", namespace, "--subresource=status", "--type=strategic"),
        *("-p", json.dumps({"status": status})),
    )

    def told() -> bool:
        message = installation.server(namespace, "weather")["status"]["message"]
        assert message == (
            f"MCP server is running; MCP server can't pull image {IMAGE!r}: "
            "check its name, and the pull secrets for its registry"
        )
        return True

    eventually(told)


def test_they_are_adopted_left_alone_and_gone_with_the_server(installation: Installation, namespace: str) -> None:
    cluster = installation.cluster
    installation.deploy(namespace, EXAMPLE)
    given = labels(cluster, namespace)
    as_the_runner(cluster, namespace, stateful_set(given))
    made = cluster.get("apps/v1/StatefulSet", "weather", namespace)
    assert made is not None
    as_the_runner(cluster, namespace, *services(given, made))

    def adopted() -> bool:
        found = cluster.get("apps/v1/StatefulSet", "weather", namespace)
        assert found is not None
        owners = [(o["kind"], o["name"], o["controller"]) for o in found["metadata"].get("ownerReferences", [])]
        assert owners == [("MCPServer", "weather", True)]
        return True

    eventually(adopted)
    _fail_the_servers_own_pod(installation, namespace)
    with WatchLog(cluster, [*CHILD_KINDS, "v1/Pod"], namespace) as log:
        log.wait_quiet(1)
        before = log.position()
        as_the_runner(cluster, namespace, stateful_set(given))
        log.wait_quiet(1)
        assert [event for event in log.events(since=before) if event.kind == "StatefulSet"] == []

        cluster.kubectl("delete", "mcpserver", "weather", "-n", namespace, "--wait=false")

        def gone() -> bool:
            assert cluster.get(f"{TOOLHIVE}/MCPServer", "weather", namespace) is None
            assert cluster.objects("v1/Pod", namespace) == []
            assert cluster.objects("v1/Service", namespace) == []
            return cluster.objects("apps/v1/StatefulSet", namespace) == []

        eventually(gone, timeout=60)

    ends = {(event.kind, event.name): event.resource_version for event in log.events(type="DELETED")}
    proxies = [version for (kind, name), version in ends.items() if kind == "Pod" and name != "weather-0"]
    assert len(proxies) == 1
    assert ends["Deployment", "weather"] < ends["StatefulSet", "weather"]
    assert max(proxies) < ends["StatefulSet", "weather"]
