"""Where proxies run: their pods land on the nodes that the spec asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.controlplane.components import node, node_is_ready
from tests.e2e.installation import TOOLHIVE, Installation
from tests.e2e.test_shared_configs import apply, server

pytestmark = pytest.mark.e2e

NODE, CLASS = "reserved", "mcp-high"
PLACEMENT: dict[str, Any] = {
    "nodeSelector": {"pool": "mcp"},
    "tolerations": [{"key": "dedicated", "value": "mcp", "effect": "NoSchedule"}],
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["4"]}]}]
            }
        }
    },
    "topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
    ],
    "priorityClassName": CLASS,
}


def proxy(name: str, **spec: Any) -> dict[str, Any]:
    given = {"remoteUrl": "https://mcp.example.com", **spec}
    return {"apiVersion": TOOLHIVE, "kind": "MCPRemoteProxy", "metadata": {"name": name}, "spec": given}


@pytest.fixture
def reserved_node(installation: Installation) -> Iterator[str]:
    """A second node, with a taint that keeps other pods away, and a PriorityClass."""
    cluster = installation.cluster
    nodes, classes = cluster.resource("v1/Node"), cluster.resource("scheduling.k8s.io/v1/PriorityClass")
    classes.create(body={"kind": "PriorityClass", "metadata": {"name": CLASS}, "value": 1000})
    nodes.create(body=node(NODE, {"pool": "mcp", "cores": "8"}))
    eventually(lambda: node_is_ready(cluster, NODE), message="kwok doesn't take the node")
    taints = [{"key": "dedicated", "value": "mcp", "effect": "NoSchedule"}]
    nodes.patch(name=NODE, body={"spec": {"taints": taints}}, content_type="application/merge-patch+json")
    yield NODE
    nodes.delete(name=NODE)
    classes.delete(name=CLASS)


def pods(cluster: ControlPlane, namespace: str, name: str) -> list[dict[str, Any]]:
    found = cluster.objects("v1/Pod", namespace, f"toolhive-name={name}")
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def where(cluster: ControlPlane, namespace: str, name: str) -> list[tuple[Any, Any, Any]]:
    """Node, priority and readiness of a proxy's pods."""
    return [
        (
            pod["spec"].get("nodeName"),
            pod["spec"].get("priority"),
            next((c["status"] for c in pod["status"].get("conditions", []) if c["type"] == "Ready"), None),
        )
        for pod in pods(cluster, namespace, name)
    ]


def test_proxies_run_where_the_spec_says(installation: Installation, namespace: str, reserved_node: str) -> None:
    cluster = installation.cluster
    overrides = {"proxyDeployment": PLACEMENT}
    apply(cluster, namespace, server("one", resourceOverrides=overrides), proxy("two", resourceOverrides=overrides))
    for name in ("one", "two"):
        eventually(
            lambda name=name: where(cluster, namespace, name) == [(reserved_node, 1000, "True")],
            message=f"{name} isn't on its node",
        )

    kinds = ["apps/v1/Deployment", f"{TOOLHIVE}/MCPServer", f"{TOOLHIVE}/MCPRemoteProxy"]
    with WatchLog(cluster, kinds, namespace) as log:
        log.wait_quiet(2)  # the Deployments are stored as they are made

        apply(cluster, namespace, server("one"), proxy("two"))
        for name in ("one", "two"):
            eventually(
                lambda name=name: where(cluster, namespace, name) == [("fake", 0, "True")],
                message=f"{name} stays on the reserved node",
            )
        log.wait_quiet(2)


def test_a_selector_of_no_node_is_said(installation: Installation, namespace: str) -> None:
    cluster = installation.cluster
    nowhere = {"proxyDeployment": {"nodeSelector": {"pool": "none"}}}
    apply(cluster, namespace, server("one", resourceOverrides=nowhere))

    def says() -> bool:
        status = installation.server(namespace, "one").get("status", {})
        assert "didn't match Pod's node affinity/selector" in status.get("message", ""), status
        return True

    eventually(says)
