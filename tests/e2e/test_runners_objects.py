"""What the proxy runner makes: adopted by its labels, left alone, and gone with the server, the proxy first."""

from __future__ import annotations

import pytest

from tests.controlplane import WatchLog, eventually
from tests.controlplane.assets import ROOT
from tests.e2e.backend import CANT_PULL, as_the_runner, labels, services, set_pod, start_backend, stateful_set
from tests.e2e.installation import CHILD_KINDS, TOOLHIVE, Installation

pytestmark = pytest.mark.e2e

EXAMPLE = ROOT / "examples/token-exchange"


def _fail_the_servers_own_pod(installation: Installation, namespace: str) -> None:
    """The MCP server's own pod counts: while it fails the server is not Ready, whatever the proxy says."""
    eventually(lambda: installation.server(namespace, "weather")["status"]["phase"] == "Ready")
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off"}}
    set_pod(installation.cluster, namespace, "weather-0", {"state": waiting})

    def told() -> bool:
        status = installation.server(namespace, "weather")["status"]
        assert (status["phase"], status["message"]) == ("Failed", CANT_PULL)
        return True

    eventually(told)


def test_the_runners_objects_are_adopted_left_alone_and_gone_with_the_server(
    installation: Installation, namespace: str
) -> None:
    cluster = installation.cluster
    installation.deploy(namespace, EXAMPLE)
    given = labels(cluster, namespace)
    as_the_runner(cluster, namespace, *services(given, start_backend(cluster, namespace)))
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

        eventually(gone)
        log.wait_deleted("StatefulSet", "weather")
        log.wait_deleted("Deployment", "weather")
        eventually(lambda: len(log.events("Pod", type="DELETED")) == 2)

    ends = {(event.kind, event.name): event.resource_version for event in log.events(type="DELETED")}
    proxies = [version for (kind, name), version in ends.items() if kind == "Pod" and name != "weather-0"]
    assert len(proxies) == 1
    assert ends["Deployment", "weather"] < ends["StatefulSet", "weather"]
    assert max(proxies) < ends["StatefulSet", "weather"]
