"""The MCP server behind a proxy that is ready: its own pods and StatefulSet fail, and the status tells; then they mend.

No runner runs here: the test makes the StatefulSet as runner 0.44.0 leaves it. Its controller is the real one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.controlplane import ControlPlane, eventually
from tests.controlplane.assets import ROOT
from tests.e2e.backend import CANT_PULL, as_the_runner, labels, set_pod, start_backend, stateful_set
from tests.e2e.installation import Installation, conditions
from tests.e2e.page import run
from tests.pods import pod_spec

pytestmark = pytest.mark.e2e

EXAMPLE = ROOT / "examples/token-exchange"
POD = "weather-0"
READY = {"ready": True, "state": {"running": {"startedAt": "2026-11-23T12:00:00Z"}}}


@pytest.fixture
def behind(installation: Installation, namespace: str) -> Iterator[Installation]:
    """The example, its proxy and the MCP server behind it ready."""
    installation.deploy(namespace, EXAMPLE)
    assert told(installation, namespace) is None
    start_backend(installation.cluster, namespace)
    eventually(lambda: told(installation, namespace) == ("True", "Ready"))
    expect(installation, namespace, "Ready", "Ready", "MCP server is running")
    yield installation
    [proxy] = installation.cluster.objects("v1/Pod", namespace, "app=mcpserver")
    assert proxy["status"]["phase"] == "Running"


def told(installation: Installation, namespace: str) -> tuple[str, str] | None:
    """Status and reason of BackendReady."""
    return conditions(installation.server(namespace, "weather")).get("BackendReady")


def expect(installation: Installation, namespace: str, phase: str, reason: str, message: str) -> None:
    """Wait until the server has this phase, reason and message; Ready is True exactly while it is Ready."""

    def check() -> bool:
        server = installation.server(namespace, "weather")
        status, ready = server["status"], ("True" if phase == "Ready" else "False", reason)
        assert (status["phase"], conditions(server)["Ready"], status["message"]) == (phase, ready, message), status
        return True

    eventually(check)


def command_of(installation: Installation, namespace: str) -> str:
    """The command at the end of the server's message."""
    message: str = installation.server(namespace, "weather")["status"]["message"]
    return f"kubectl {message.rpartition('kubectl ')[2]}"


def causes(namespace: str) -> list[tuple[dict[str, Any], dict[str, Any], tuple[str, str, str]]]:
    """The container's state, the rest of the pod's status, and what the server says of it."""
    logs = f"kubectl logs statefulset/weather -n {namespace} -c"
    unready = [{"type": "Ready", "status": "False"}]
    scheduled = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available.",
    }
    last = {"lastState": {"terminated": {"exitCode": 3, "reason": "Error"}}, "restartCount": 2}
    vault = {"name": "vault-agent-init", "image": "vault:1", "imageID": "", "ready": False, "restartCount": 0}
    return [
        (waiting("ImagePullBackOff"), {}, ("Failed", "ImagePullBackOff", CANT_PULL)),
        (
            {**waiting("CrashLoopBackOff"), **last},
            {},
            (
                "Failed",
                "CrashLoopBackOff",
                f"MCP server container 'mcp' keeps ending with exit code 3: {logs} mcp --previous",
            ),
        ),
        (
            waiting("ContainerCreating"),
            {"conditions": [*unready, scheduled]},
            ("Pending", "Unschedulable", "MCP server fits on no node: Insufficient cpu"),
        ),
        (
            waiting("PodInitializing"),
            {
                "conditions": [*unready, {**scheduled, "status": "True", "reason": "", "message": ""}],
                "initContainerStatuses": [{**vault, "state": {"running": {"startedAt": "2026-11-23T12:00:00Z"}}}],
            },
            (
                "Pending",
                "PodInitializing",
                f"MCP server waits for its init container 'vault-agent-init' to finish: {logs} vault-agent-init",
            ),
        ),
    ]


def waiting(reason: str) -> dict[str, Any]:
    return {"state": {"waiting": {"reason": reason, "message": "Back-off"}}}


def test_each_cause_of_its_pod_is_told_until_the_pod_is_replaced(behind: Installation, namespace: str) -> None:
    for container, rest, expected in causes(namespace):
        set_pod(behind.cluster, namespace, POD, container, **rest)
        expect(behind, namespace, *expected)
        assert told(behind, namespace) == ("False", expected[1])
    set_pod(behind.cluster, namespace, POD, READY, initContainerStatuses=[])
    behind.cluster.kubectl("delete", "pod", POD, "-n", namespace)

    expect(behind, namespace, "Ready", "Ready", "MCP server is running")


def test_a_foreign_pod_with_its_labels_means_nothing(behind: Installation, namespace: str) -> None:
    foreign = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "foreign", "labels": labels(behind.cluster, namespace)},
        "spec": pod_spec("mcp", "example.test/mcp:1"),
    }
    behind.cluster.kubectl("apply", "-n", namespace, "-f", "-", input=json.dumps(foreign))
    set_pod(behind.cluster, namespace, "foreign", READY)
    set_pod(behind.cluster, namespace, POD, waiting("ImagePullBackOff"))

    expect(behind, namespace, "Failed", "ImagePullBackOff", CANT_PULL)
    behind.cluster.kubectl("delete", "pod", "foreign", "-n", namespace)


def test_a_pod_that_its_mended_statefulset_does_not_replace_is_named_with_the_command(
    behind: Installation, namespace: str
) -> None:
    cluster = behind.cluster
    set_pod(cluster, namespace, POD, waiting("ImagePullBackOff"))
    expect(behind, namespace, "Failed", "ImagePullBackOff", CANT_PULL)

    mended = stateful_set(labels(cluster, namespace))
    mended["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] = "Always"
    as_the_runner(cluster, namespace, mended)

    remedy = f"kubectl delete pods -l app=weather,toolhive-name=weather -n {namespace}"
    message = f"{CANT_PULL}; the StatefulSet has changed since, and replaces no pod that fails: {remedy}"
    expect(behind, namespace, "Failed", "ImagePullBackOff", message)
    run(cluster, command_of(behind, namespace))
    expect(behind, namespace, "Ready", "Ready", "MCP server is running")


def test_a_lost_node_is_told_and_the_pods_replacement_ends_that(behind: Installation, namespace: str) -> None:
    """A node of which no kubelet is: nothing ends its pods."""
    cluster = behind.cluster
    mended = stateful_set(labels(cluster, namespace))
    lost = json.loads(json.dumps(mended))
    lost["spec"]["template"]["spec"]["nodeName"] = "lost"
    as_the_runner(cluster, namespace, lost)
    eventually(lambda: node_of_its_pod(cluster, namespace) == "lost")
    eventually(lambda: told(behind, namespace) != ("True", "Ready"))
    set_pod(cluster, namespace, POD, READY, phase="Running")
    expect(behind, namespace, "Ready", "Ready", "MCP server is running")

    disrupted = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager"}
    cluster.kubectl("delete", "pod", POD, "-n", namespace, "--wait=false")
    # The disruption controller takes this away from a pod that is not on its way out.
    set_pod(cluster, namespace, POD, READY, conditions=[{"type": "Ready", "status": "False"}, disrupted])

    where = f"kubectl get pods -l app=weather,toolhive-name=weather -n {namespace} -o wide"
    message = f"MCP server pod is on a node that does not answer: `{where}` shows it; repair it, or delete the Node"
    expect(behind, namespace, "Failed", "NodeLost", message)
    as_the_runner(cluster, namespace, mended)
    cluster.kubectl("delete", "pod", POD, "-n", namespace, "--force")  # what deleting the Node does within minutes
    expect(behind, namespace, "Ready", "Ready", "MCP server is running")


def node_of_its_pod(cluster: ControlPlane, namespace: str) -> str | None:
    pod = cluster.get("v1/Pod", POD, namespace)
    return pod["spec"].get("nodeName") if pod else None


def test_scaled_to_zero_it_is_stopped_and_the_command_brings_it_back(behind: Installation, namespace: str) -> None:
    behind.cluster.kubectl("scale", "statefulset/weather", "--replicas=0", "-n", namespace)

    remedy = f"kubectl scale statefulset/weather --replicas=1 -n {namespace}"
    expect(behind, namespace, "Stopped", "ScaledToZero", f"MCP server is scaled to zero: {remedy}")
    run(behind.cluster, command_of(behind, namespace))
    expect(behind, namespace, "Ready", "Ready", "MCP server is running")


def test_a_deleted_statefulset_is_told_with_the_command_that_makes_it_anew(
    behind: Installation, namespace: str
) -> None:
    behind.cluster.kubectl("delete", "statefulset", "weather", "-n", namespace)

    message = (
        "StatefulSet 'weather' of the MCP server is gone, and its proxy makes it only when it starts: "
        f"kubectl rollout restart deployment/weather -n {namespace}"
    )
    expect(behind, namespace, "Failed", "StatefulSetMissing", message)
    run(behind.cluster, command_of(behind, namespace))
    run(behind.cluster, f"kubectl rollout status deployment/weather -n {namespace} --timeout=110s")
    start_backend(behind.cluster, namespace)
    expect(behind, namespace, "Ready", "Ready", "MCP server is running")


def test_an_evicted_proxy_that_was_replaced_is_not_told(installation: Installation, namespace: str) -> None:
    installation.deploy(namespace, EXAMPLE)
    [evicted] = installation.ready_pods(namespace, "weather")
    set_pod(installation.cluster, namespace, evicted["metadata"]["name"], {}, phase="Failed", reason="Evicted")

    def replaced() -> bool:
        names = [pod["metadata"]["name"] for pod in installation.ready_pods(namespace, "weather")]
        return len(names) == 1 and names != [evicted["metadata"]["name"]]

    eventually(replaced)
    expect(installation, namespace, "Ready", "Ready", "MCP server is running")
    assert len(installation.cluster.objects("v1/Pod", namespace)) == 2
