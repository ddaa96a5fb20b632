"""docs/troubleshooting.md: kubectl prints what the page says, for each symptom on it, in the page's order."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.controlplane import ControlPlane, eventually
from tests.controlplane.assets import ROOT
from tests.controlplane.processes import free_port
from tests.e2e.backend import as_the_runner, labels, set_pod, start_backend, stateful_set
from tests.e2e.conftest import whole_cluster
from tests.e2e.installation import point_at, serve
from tests.examples import Command, commands

pytestmark = pytest.mark.e2e

PAGE = (ROOT / "docs/troubleshooting.md").read_text()
NAMESPACE = "team-a"
EXAMPLE = ROOT / "examples/token-exchange"

MESSAGE = "kubectl get mcpserver weather -o jsonpath='{.status.message}'"

VARYING = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
    (r"\b[0-9a-f]{64}\b", "DIGEST"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UID"),
    (r"\b(\d+[smh])+( \(x\d+ over (\d+[smh])+\))?", "AGE"),
    (r"//(toolhive-hooks\.toolhive-hooks|127\.0\.0\.1):\d+|\d+(\.\d+){3}:\d+", "ADDRESS"),
    (r" +", " "),
]
"""What differs from cluster to cluster and from second to second."""


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster with the example, and no controller for it."""
    with whole_cluster(tmp_path_factory.mktemp("troubleshooting")) as cluster:
        cluster.kubectl("create", "namespace", NAMESPACE)
        cluster.kubectl("apply", "-n", NAMESPACE, "--recursive", "-f", EXAMPLE)
        yield cluster


@pytest.fixture(scope="module")
def unanswered(bare: ControlPlane, metacontroller: Path) -> ControlPlane:
    """The same with Metacontroller, which calls a port on which no hooks listen."""
    bare.metacontroller(metacontroller)
    call(bare, free_port())
    return bare


@pytest.fixture(scope="module")
def looked_after(unanswered: ControlPlane) -> ControlPlane:
    """The same with the hooks, and the example running."""
    call(unanswered, serve(unanswered, "hooks").port)
    running(unanswered)
    return unanswered


def call(cluster: ControlPlane, port: int) -> None:
    """Make Metacontroller call the webhooks there."""
    documents = list(yaml.safe_load_all(cluster.kubectl("kustomize", ROOT / "metacontroller").stdout))
    for document in documents:
        point_at(document, port)
    cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(documents))


def patch(cluster: ControlPlane, what: str, change: object) -> None:
    cluster.kubectl("patch", *what.split("/"), "-n", NAMESPACE, "--type=merge", "-p", json.dumps(change))


def running(cluster: ControlPlane) -> None:
    def check() -> bool:
        server = cluster.get("toolhive.stacklok.dev/v1alpha1/MCPServer", "weather", NAMESPACE) or {}
        assert server.get("status", {}).get("phase") == "Ready", server.get("status")
        return True

    eventually(check)


def shows(cluster: ControlPlane, heading: str) -> None:
    """Wait until each command under a heading of the page prints what the page says."""
    [section] = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    found = commands(section)
    assert found
    for command in found:

        def check(command: Command = command) -> bool:
            assert settled(pasted(cluster, command.line)) == settled(command.output), command.line
            return True

        eventually(check)


def pasted(cluster: ControlPlane, command: str) -> str:
    """What a command prints in a shell, on both streams."""
    environment = {
        "PATH": f"{cluster.bin}:{os.environ['PATH']}",
        "HOME": str(cluster.directory / "home"),
        "KUBECONFIG": str(cluster.kubeconfig(namespace=NAMESPACE)),
    }
    done = subprocess.run(
        ["bash", "-c", f"exec 2>&1; {command}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )
    return done.stdout


def settled(output: str) -> str:
    for pattern, name in VARYING:
        output = re.sub(pattern, name, output)
    return "\n".join(line.strip() for line in output.strip().splitlines())


def test_an_object_without_a_controller(bare: ControlPlane) -> None:
    shows(bare, "The status stays empty")


def test_hooks_that_do_not_answer(unanswered: ControlPlane) -> None:
    shows(unanswered, "SyncError events")


def test_a_server_that_is_stopped(looked_after: ControlPlane) -> None:
    looked_after.kubectl("scale", "deployment/weather", "--replicas=0", "-n", NAMESPACE)
    shows(looked_after, "The server is Stopped")
    looked_after.kubectl("scale", "deployment/weather", "--replicas=1", "-n", NAMESPACE)
    running(looked_after)


def test_a_server_whose_own_pod_waits_and_fails(looked_after: ControlPlane) -> None:
    start_backend(looked_after, NAMESPACE)
    initial = {"name": "vault-agent-init", "image": "vault:1", "imageID": "", "ready": False, "restartCount": 0}
    initial["state"] = {"running": {"startedAt": "2026-11-23T12:00:00Z"}}
    set_pod(
        looked_after,
        NAMESPACE,
        "weather-0",
        {"state": {"waiting": {"reason": "PodInitializing"}}},
        initContainerStatuses=[initial],
    )
    shows(looked_after, "The server stays Pending")

    set_pod(looked_after, NAMESPACE, "weather-0", {"state": {"waiting": {"reason": "ImagePullBackOff"}}})
    shows(looked_after, "Pods are Pending, Evicted, or crash")
    looked_after.kubectl("delete", "pods", "-l", "app=weather,toolhive-name=weather", "-n", NAMESPACE)
    running(looked_after)


def test_pods_that_were_restarted(looked_after: ControlPlane) -> None:
    shows(looked_after, "Pods were restarted")


def test_a_server_that_failed(looked_after: ControlPlane) -> None:
    patch(looked_after, "mcpserver/weather", {"spec": {"externalAuthConfigRef": {"name": "nope"}}})
    shows(looked_after, "The server is Failed")
    shows(looked_after, "An edit has no effect")
    patch(looked_after, "mcpserver/weather", {"spec": {"externalAuthConfigRef": {"name": "weather-api"}}})
    running(looked_after)


def test_a_secret_that_cannot_be_used(looked_after: ControlPlane) -> None:
    patch(looked_after, "secret/weather-oauth", {"stringData": {"client-secret": "s3cr3t\n"}})
    shows(looked_after, "A client secret can't be used")
    running(looked_after)


def test_a_field_that_was_dropped(looked_after: ControlPlane) -> None:
    manifest = yaml.safe_load((EXAMPLE / "mcpserver.yaml").read_text())
    manifest["spec"]["oidcConfRef"] = {"name": "corp"}
    looked_after.kubectl("apply", "--validate=ignore", "-n", NAMESPACE, "-f", "-", input=json.dumps(manifest))
    shows(looked_after, "A field was dropped")
    looked_after.kubectl("apply", "-n", NAMESPACE, "-f", EXAMPLE / "mcpserver.yaml")
    running(looked_after)


def test_objects_that_were_released(looked_after: ControlPlane) -> None:
    shows(looked_after, "ChildReleased")
    remedy = re.findall(r"`(kubectl label .*?)`", pasted(looked_after, MESSAGE))
    assert len(remedy) == 1
    pasted(looked_after, remedy[0])
    running(looked_after)


def test_a_statefulset_with_an_old_image(looked_after: ControlPlane) -> None:
    old = stateful_set(labels(looked_after, NAMESPACE), image="ghcr.io/example/weather-mcp:1.0.0")
    as_the_runner(looked_after, NAMESPACE, old)
    shows(looked_after, "BackendOutdated")
    as_the_runner(looked_after, NAMESPACE, stateful_set(labels(looked_after, NAMESPACE)))
    running(looked_after)


def test_a_config_in_use(looked_after: ControlPlane) -> None:
    shows(looked_after, "A config won't be deleted")
    shows(looked_after, "A server won't be deleted")


def test_a_name_that_is_taken(looked_after: ControlPlane) -> None:
    looked_after.kubectl("delete", "mcpserver", "weather", "-n", NAMESPACE, "--timeout=110s")
    looked_after.kubectl("create", "service", "clusterip", "mcp-weather-proxy", "--tcp=80", "-n", NAMESPACE)
    looked_after.kubectl("apply", "-n", NAMESPACE, "--recursive", "-f", EXAMPLE)
    shows(looked_after, "NameConflict")
