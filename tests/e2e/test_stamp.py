"""The generation stamp with a real Metacontroller: one rollout for an edit, and what is said of a stale StatefulSet."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.controlplane.assets import ROOT
from tests.e2e.backend import IMAGE, as_the_runner, labels, stateful_set
from tests.e2e.installation import CHILD_KINDS, PARENT_KINDS, Installation, conditions
from tests.e2e.page import run
from tests.stamps import stamps

pytestmark = pytest.mark.e2e

EXAMPLE = ROOT / "examples/token-exchange"
OLD_IMAGE = "ghcr.io/example/weather-mcp:1.0.0"


def patch(cluster: ControlPlane, namespace: str, spec: dict[str, Any]) -> None:
    change = json.dumps({"spec": spec})
    cluster.kubectl("patch", "mcpserver", "weather", "-n", namespace, "--type=merge", "-p", change)


def stamped(cluster: ControlPlane, namespace: str) -> tuple[int, int]:
    """The stamps of RunConfig and pod template."""
    found = {
        f"{obj['kind']}/{obj['metadata']['name']}": obj
        for kind in ("v1/ConfigMap", "apps/v1/Deployment")
        for obj in cluster.objects(kind, namespace)
    }
    return stamps(found)


def expect(installation: Installation, namespace: str, stamp: int, reason: str) -> str:
    """Wait until RunConfig and pod template have this stamp, and Ready this reason; gives the status's message."""

    def check() -> str:
        server = installation.server(namespace, "weather")
        assert conditions(server).get("Ready", ("", ""))[1] == reason, server.get("status")
        assert stamped(installation.cluster, namespace) == (stamp, stamp)
        return str(server["status"]["message"])

    return eventually(check)


def follow(cluster: ControlPlane, message: str) -> None:
    """Run the command that a message gives, as its reader would."""
    [command] = re.findall("`(.*?)`", message)
    run(cluster, command)


def test_an_edit_rolls_the_pods_once_and_one_that_changes_nothing_not_at_all(
    installation: Installation, namespace: str
) -> None:
    cluster = installation.cluster
    with WatchLog(cluster, [*CHILD_KINDS, *PARENT_KINDS, "v1/Pod"], namespace) as log:
        installation.deploy(namespace, EXAMPLE)
        expect(installation, namespace, 1, "Ready")
        log.wait_quiet(2)
        assert log.rollouts("weather") == 0

        patch(cluster, namespace, {"resourceOverrides": {"proxyService": {"labels": {"a": "b"}}}})
        eventually(lambda: installation.server(namespace, "weather")["status"]["observedGeneration"] == 2)
        log.wait_quiet(2)
        assert stamped(cluster, namespace) == (1, 1)
        assert log.rollouts("weather") == 0

        patch(cluster, namespace, {"args": ["--verbose"]})
        expect(installation, namespace, 3, "Ready")
        log.wait_quiet(2)
        assert log.rollouts("weather") == 1
        assert len(log.history("ConfigMap", "weather-runconfig", lambda obj: obj["data"])) == 2


def test_a_stale_statefulset_is_named_and_its_remedy_clears_it(installation: Installation, namespace: str) -> None:
    """As after a restore: the server is new, its StatefulSet is not."""
    cluster = installation.cluster
    earlier = {"app": "weather", "toolhive": "true", "toolhive-name": "weather"}
    as_the_runner(cluster, namespace, stateful_set(earlier, image=OLD_IMAGE, stamp="9"))
    cluster.kubectl("apply", "-n", namespace, "-R", "-f", EXAMPLE)

    message = expect(installation, namespace, 9, "BackendOutdated")

    restart = f"kubectl rollout restart deployment/weather -n {namespace}"
    assert (
        message == f"StatefulSet 'weather' has another image than spec.image: `{restart}` lets the proxy apply it again"
    )
    server = installation.server(namespace, "weather")
    assert server["status"]["phase"] == "Failed"
    follow(cluster, message)
    # kwok's pods run nothing: this is what the new proxy does.
    as_the_runner(cluster, namespace, stateful_set(labels(cluster, namespace), image=IMAGE, stamp="9"))
    expect(installation, namespace, 9, "Ready")


def test_a_stamp_above_the_proxys_is_said_taken_over_and_goes_with_the_statefulset(
    installation: Installation, namespace: str
) -> None:
    cluster = installation.cluster
    installation.deploy(namespace, EXAMPLE)
    with WatchLog(cluster, [*CHILD_KINDS, *PARENT_KINDS, "v1/Pod"], namespace) as log:
        as_the_runner(cluster, namespace, stateful_set(labels(cluster, namespace), stamp="7"))

        expect(installation, namespace, 7, "Ready")
        log.wait_quiet(1)
        assert log.rollouts("weather") == 1
        told = log.history("MCPServer", "weather", lambda server: server["status"]["message"])
        [message] = [text for text in told if "generation stamp" in text]
        said = "StatefulSet 'weather' has generation stamp 7, and a proxy with 1 leaves it as it is; one with 7 is on"
        assert message.startswith(said)

        follow(cluster, message)

        expect(installation, namespace, 1, "StatefulSetMissing")
        assert cluster.get("apps/v1/StatefulSet", "weather", namespace) is None
        # kwok's pods run nothing: this is what the new proxy does.
        as_the_runner(cluster, namespace, stateful_set(labels(cluster, namespace), stamp="1"))
        expect(installation, namespace, 1, "Ready")
        log.wait_quiet(1)


def test_a_tenant_that_edits_the_runconfig_rolls_no_pods(installation: Installation, namespace: str) -> None:
    cluster = installation.cluster
    installation.deploy(namespace, EXAMPLE)
    before = cluster.get("v1/ConfigMap", "weather-runconfig", namespace)
    assert before is not None
    annotation = "toolhive.stacklok.dev/workload-hash"
    with WatchLog(cluster, [*CHILD_KINDS, *PARENT_KINDS], namespace) as log:
        for number, digest in ((99, "x"), (2**63 - 1, None), (0, "x"), (99, None)):
            run_config = json.loads(before["data"]["runconfig.json"]) | {"mcpserver_generation": number}
            change = {
                "metadata": {"annotations": {annotation: digest}},
                "data": {"runconfig.json": json.dumps(run_config)},
            }
            cluster.kubectl(
                *("patch", "configmap", "weather-runconfig", "-n", namespace, "--type=merge", "-p", json.dumps(change))
            )

            def put_right() -> bool:
                now = cluster.get("v1/ConfigMap", "weather-runconfig", namespace)
                assert now is not None
                assert now["data"] == before["data"]
                return bool(now["metadata"]["annotations"][annotation] == before["metadata"]["annotations"][annotation])

            eventually(put_right)
        log.wait_quiet(1)
        assert log.rollouts("weather") == 0


def test_a_namespace_under_pod_security_restricted_has_room_for_a_server(
    installation: Installation, namespace: str
) -> None:
    found = installation.cluster.get("v1/Namespace", namespace) or {}
    assert found["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"

    installation.deploy(namespace, EXAMPLE)

    assert len(installation.ready_pods(namespace, "weather")) == 1
