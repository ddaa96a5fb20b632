"""`kubectl delete -k metacontroller`: no server goes with it, and each can be deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hooks.api.crd import KEPT, crds
from hooks.api.kinds import RESOURCES
from tests.apiserver.objects import custom
from tests.controlplane import ControlPlane, control_plane, eventually
from tests.controlplane.assets import APISERVER, ROOT
from tests.controlplane.components import wait_established
from tests.controlplane.fixtures import binaries_or_skip
from tests.e2e.page import blocks, run

pytestmark = pytest.mark.apiserver

CRD = "apiextensions.k8s.io/v1/CustomResourceDefinition"
FINALIZER = "metacontroller.io/compositecontroller-mcpserver"
SERVERS = "toolhive.stacklok.dev/v1alpha1/MCPServer"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster of this file's own, with the controllers that end namespaces and collect garbage."""
    folder = binaries_or_skip("apiserver", (*APISERVER, "kube-controller-manager"))
    with control_plane(tmp_path_factory.mktemp("take-down"), folder) as running:
        running.kubectl("apply", "-f", Path(__file__).with_name("compositecontrollers.yaml"))
        wait_established(running)
        running.controller_manager()
        yield running


@pytest.fixture
def installed(cluster: ControlPlane) -> ControlPlane:
    """The two steps of docs/installing.md, and a server that Metacontroller holds."""
    [two_steps] = blocks("What is installed")
    run(cluster, two_steps)
    wait_established(cluster)
    body = custom("MCPServer", {"image": "mcp:1"}, name="weather")
    body["metadata"] |= {"namespace": "default", "finalizers": [FINALIZER]}
    eventually(lambda: cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump(body)))
    return cluster


def test_the_controllers_go_and_servers_stay(installed: ControlPlane) -> None:
    """Applied again, all is as it was; let go of, a server can be deleted."""
    run(installed, "kubectl delete -k metacontroller")

    server = installed.get(SERVERS, "weather", "default")
    assert server is not None
    assert "deletionTimestamp" not in server["metadata"]
    assert {crd["metadata"]["name"] for crd in installed.objects(CRD)} >= {crd["metadata"]["name"] for crd in crds()}
    assert installed.get("v1/Namespace", "toolhive-hooks") is None

    run(installed, "kubectl apply -k metacontroller")
    assert installed.get(SERVERS, "weather", "default") == server

    # What Metacontroller does once a CompositeController has no finalize hook: it takes its finalizer away.
    patch = {"metadata": {"finalizers": None}}
    installed.resource(SERVERS).patch(
        name="weather", namespace="default", body=patch, content_type="application/merge-patch+json"
    )
    _, let_go = blocks("Uninstall")
    run(installed, let_go)
    run(installed, "kubectl delete mcpserver weather")
    assert installed.get(SERVERS, "weather", "default") is None


def test_without_metacontroller_the_page_takes_finalizers_by_hand(installed: ControlPlane) -> None:
    run(installed, "kubectl delete -k metacontroller")
    run(installed, "kubectl delete mcpserver weather --wait=false")
    held = installed.get(SERVERS, "weather", "default")
    _, by_hand = blocks("Recovery")

    run(installed, by_hand)

    assert held is not None
    assert "deletionTimestamp" in held["metadata"]
    assert installed.get(SERVERS, "weather", "default") is None


def test_servers_end_first_and_then_the_crds(installed: ControlPlane) -> None:
    """With nothing that holds the servers, the page's first way leaves nothing of ours."""
    patch = {"metadata": {"finalizers": None}}
    installed.resource(SERVERS).patch(
        name="weather", namespace="default", body=patch, content_type="application/merge-patch+json"
    )
    everything, _ = blocks("Uninstall")

    run(installed, everything)

    left = {crd["metadata"]["name"] for crd in installed.objects(CRD)}
    assert left == {"compositecontrollers.metacontroller.k8s.io"}
    assert installed.objects("metacontroller.k8s.io/v1alpha1/CompositeController") == []
    assert installed.get("v1/Namespace", "toolhive-hooks") is None


def test_no_tool_prunes_a_crd(installed: ControlPlane) -> None:
    """Argo CD, Flux and Helm go by these annotations; they are on the CRDs in the cluster."""
    for resource in RESOURCES:
        stored = installed.get(CRD, f"{resource.resource}.{resource.group}")
        assert stored is not None
        assert stored["metadata"]["annotations"].items() >= KEPT.items()
    assert not (ROOT / "charts/toolhive-hooks/crds").exists()
