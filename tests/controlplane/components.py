"""What makes a cluster of an API server: controllers, a scheduler, a node, Metacontroller."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.controlplane.poll import eventually
from tests.controlplane.processes import Process, answers, free_port

if TYPE_CHECKING:
    from tests.controlplane.controlplane import ControlPlane

# What our objects need and no more: the others would write objects of their own into the tests' namespaces (root CA,
# default ServiceAccount) or need things that are not here.
CONTROLLERS = (
    "clusterrole-aggregation-controller",
    "deployment-controller",
    "disruption-controller",
    "endpointslice-controller",
    "garbage-collector-controller",
    "horizontal-pod-autoscaler-controller",
    "job-controller",
    "namespace-controller",
    "pod-garbage-collector-controller",
    "replicaset-controller",
    "resourcequota-controller",
    "statefulset-controller",
)
NODE = "fake"
FAST = ("--kube-api-qps=1000", "--kube-api-burst=2000")  # the default, 20 a second, is for clusters with other users


def controller_manager(cluster: ControlPlane) -> Process:
    """Start kube-controller-manager with CONTROLLERS."""
    return _kube_component(cluster, "controller-manager", f"--controllers={','.join(CONTROLLERS)}")


def scheduler(cluster: ControlPlane) -> Process:
    """Start kube-scheduler."""
    return _kube_component(cluster, "scheduler")


def _kube_component(cluster: ControlPlane, name: str, *flags: str) -> Process:
    port = free_port()
    command: list[str | Path] = [
        cluster.bin / f"kube-{name}",
        f"--kubeconfig={cluster.kubeconfig(name)}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        "--leader-elect=false",  # it would wait for a lease that nobody else wants
        *FAST,
        *flags,
    ]
    tls = ssl._create_unverified_context()  # noqa: S323 - it made its certificate a moment ago, nobody knows it
    return cluster.run(f"kube-{name}", command).wait_ready(lambda: answers(port, "/healthz", tls))


def kwok(cluster: ControlPlane) -> Process:
    """Start kwok with one Node; its built-in stages make Pods Ready and delete them without delay."""
    port = free_port()
    command: list[str | Path] = [
        cluster.bin / "kwok",
        f"--kubeconfig={cluster.kubeconfig('kwok')}",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        "--cidr=10.128.0.0/16",  # the default has 254 addresses
        f"--server-address=127.0.0.1:{port}",
    ]
    process = cluster.run("kwok", command)
    nodes = cluster.resource("v1/Node")
    # examples/pod-template selects by node-pool
    nodes.create(body=node(NODE, {"kubernetes.io/os": "linux", "node-pool": "mcp"}))
    process.wait_ready(lambda: answers(port, "/readyz") and node_is_ready(cluster, NODE))
    # Admission gives a new Node the taint node.kubernetes.io/not-ready; the controller that takes it away isn't here.
    nodes.patch(name=NODE, body={"spec": {"taints": None}}, content_type="application/merge-patch+json")
    return process


def node(name: str, labels: dict[str, str]) -> dict[str, Any]:
    """A Node that kwok looks after, with these labels beside its host name."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"kubernetes.io/hostname": name, **labels},
        },
    }


def node_is_ready(cluster: ControlPlane, name: str) -> bool:
    """Tell whether kwok has filled in a Node: 1000 cores, 1 Ti of memory, room for a million Pods."""
    found = cluster.get("v1/Node", name) or {}
    conditions = found.get("status", {}).get("conditions") or []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def metacontroller(cluster: ControlPlane, binary: Path, *flags: str, user: str = "metacontroller") -> Process:
    """Apply Metacontroller's CRDs, which it does not bring itself, and start it."""
    cluster.kubectl("apply", "-f", metacontroller_crds(binary))
    wait_established(cluster)
    metrics, health = free_port(), free_port()
    command: list[str | Path] = [
        binary,
        f"--kubeconfig={cluster.kubeconfig(user)}",
        # The install docs' values: its defaults come to about five syncs a second.
        "--client-go-qps=1000",
        "--client-go-burst=2000",
        "--workers=10",
        "--discovery-interval=1s",  # tests install CRDs and expect them to be noticed
        f"--metrics-address=127.0.0.1:{metrics}",
        f"--health-probe-bind-address=127.0.0.1:{health}",
        *flags,
    ]
    return cluster.run("metacontroller", command).wait_ready(lambda: answers(health, "/readyz"))


def metacontroller_crds(binary: Path) -> Path:
    """Find Metacontroller's CRDs: METACONTROLLER_CRDS, or beside the binary, alone or with its source."""
    given = os.environ.get("METACONTROLLER_CRDS")
    name = "metacontroller-crds-v1.yaml"
    beside = binary.resolve().parent
    places = [Path(given)] if given else [beside / "src" / "manifests" / "production" / name, beside / name]
    for place in places:
        if place.is_file():
            return place
    looked = ", ".join(map(str, places))
    raise FileNotFoundError(f"Metacontroller's CRDs are not in {looked}: set METACONTROLLER_CRDS to their file")


def wait_established(cluster: ControlPlane) -> None:
    """Wait until the API server serves every CustomResourceDefinition that there is and stays."""

    def check() -> bool:
        for crd in cluster.objects("apiextensions.k8s.io/v1/CustomResourceDefinition"):
            if "deletionTimestamp" in crd["metadata"]:  # another test's, which goes
                continue
            conditions = crd.get("status", {}).get("conditions") or []
            met = {condition["type"] for condition in conditions if condition["status"] == "True"}
            assert "Established" in met, f"{crd['metadata']['name']}: {conditions}"
        return True

    eventually(check, message="the CRDs are not established")
