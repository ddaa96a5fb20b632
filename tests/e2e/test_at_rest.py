"""With nothing changing, nothing happens; what was changed by hand comes back; what isn't ours is left alone."""

from __future__ import annotations

import json
import shlex
import time
from collections import Counter
from typing import Any

import pytest

from tests.controlplane import WatchLog, eventually
from tests.controlplane.assets import ROOT
from tests.e2e.installation import CHILD_KINDS, PARENT_KINDS, Installation
from tests.e2e.page import blocks

pytestmark = pytest.mark.e2e

EXAMPLE = ROOT / "examples/token-exchange"
REST_SECONDS = 60


def test_at_rest_nothing_is_written_and_no_hook_is_called_but_on_resync(
    installation: Installation, namespace: str
) -> None:
    installation.deploy(namespace, EXAMPLE)
    with WatchLog(installation.cluster, [*CHILD_KINDS, *PARENT_KINDS, "v1/Pod", "v1/Secret"], namespace) as log:
        log.wait_quiet(5)
        calls, events = installation.relay.position(), log.position()

        time.sleep(REST_SECONDS)  # not a wait for something: the absence of anything is what is tested

        ours = [call for call in installation.relay.calls(since=calls) if call.parent.startswith(f"{namespace}/")]
        # While there was something to wait for, each asked to be called again after a minute: that one may still come.
        assert all(count == 1 for count in Counter(call.parent for call in ours).values())
        assert log.events(since=events) == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("v1/ConfigMap", "weather-runconfig"),
        ("v1/Service", "mcp-weather-proxy"),
        ("apps/v1/Deployment", "weather"),
        ("v1/ServiceAccount", "weather-proxy-runner"),
        ("v1/ServiceAccount", "weather-sa"),
        ("rbac.authorization.k8s.io/v1/Role", "weather-proxy-runner"),
        ("rbac.authorization.k8s.io/v1/RoleBinding", "weather-proxy-runner"),
    ],
    ids=lambda value: value.rpartition("/")[2],
)
def test_a_child_that_is_deleted_by_hand_comes_back(
    installation: Installation, namespace: str, kind: str, name: str
) -> None:
    cluster = installation.cluster
    installation.deploy(namespace, EXAMPLE)
    old = cluster.get(kind, name, namespace)
    assert old is not None

    cluster.resource(kind).delete(name=name, namespace=namespace)

    def is_back() -> bool:
        new = cluster.get(kind, name, namespace)
        assert new is not None, f"{kind} {name} is not back"
        assert new["metadata"]["uid"] != old["metadata"]["uid"]
        assert _essence(new) == _essence(old)
        return True

    eventually(is_back)


def test_a_child_that_is_edited_by_hand_is_put_right(installation: Installation, namespace: str) -> None:
    cluster = installation.cluster
    installation.deploy(namespace, EXAMPLE)
    edits: dict[tuple[str, str], dict[str, Any]] = {
        ("v1/ConfigMap", "weather-runconfig"): {"data": {"runconfig.json": "{}"}},
        ("v1/Service", "mcp-weather-proxy"): {"spec": {"ports": [{"name": "http", "port": 81}]}},
        ("apps/v1/Deployment", "weather"): {"spec": {"template": {"spec": {"serviceAccountName": "default"}}}},
        ("rbac.authorization.k8s.io/v1/Role", "weather-proxy-runner"): {"rules": []},
    }
    before = {key: _essence(cluster.get(key[0], key[1], namespace)) for key in edits}

    for (kind, name), patch in edits.items():
        cluster.kubectl(
            "patch", kind.rpartition("/")[2], name, "-n", namespace, "--type=merge", "-p", json.dumps(patch)
        )

    def put_right() -> bool:
        now = {key: _essence(cluster.get(key[0], key[1], namespace)) for key in edits}
        assert now == before
        return True

    eventually(put_right)


def test_rollout_restart_and_scale_are_left_alone(installation: Installation, namespace: str) -> None:
    cluster = installation.cluster
    installation.deploy(namespace, EXAMPLE)
    with WatchLog(cluster, ["apps/v1/Deployment", "v1/Pod", *PARENT_KINDS], namespace) as log:
        cluster.kubectl("rollout", "restart", "deployment/weather", "-n", namespace)
        cluster.kubectl("scale", "deployment/weather", "--replicas=3", "-n", namespace)

        def scaled() -> bool:
            deployment = cluster.get("apps/v1/Deployment", "weather", namespace)
            assert deployment is not None
            status = deployment["status"]
            assert status["observedGeneration"] == deployment["metadata"]["generation"]
            assert [status.get(count) for count in ("replicas", "updatedReplicas", "readyReplicas")] == [3, 3, 3]
            return len(installation.ready_pods(namespace, "weather")) == 3

        eventually(scaled)
        # An edit of ours must not take either back.
        patch = json.dumps({"spec": {"args": ["--verbose"]}})
        cluster.kubectl("patch", "mcpserver", "weather", "-n", namespace, "--type=merge", "-p", patch)
        eventually(lambda: log.rollouts("weather") == 2, message="the edit rolls no pods")
        eventually(scaled)
        log.wait_quiet(1)

        deployment = cluster.get("apps/v1/Deployment", "weather", namespace)
        assert deployment is not None
        assert deployment["spec"]["replicas"] == 3
        assert "kubectl.kubernetes.io/restartedAt" in deployment["spec"]["template"]["metadata"]["annotations"]
        assert log.rollouts("weather") == 2
        assert len(installation.ready_pods(namespace, "weather")) == 3


def _essence(obj: dict[str, Any] | None) -> dict[str, Any] | None:
    """An object less its identity and what controllers note on it."""
    if obj is None:
        return None
    obj = {key: value for key, value in obj.items() if key != "status"}
    kept = {key: value for key, value in obj["metadata"].items() if key in ("name", "labels", "annotations")}
    kept["annotations"] = {k: v for k, v in kept.get("annotations", {}).items() if not k.startswith("deployment.")}
    obj["metadata"] = kept
    if obj["kind"] == "Service":
        obj["spec"] = {key: value for key, value in obj["spec"].items() if key not in ("clusterIP", "clusterIPs")}
    return obj


def test_sessions_stay_pinned_as_the_faq_says(installation: Installation, namespace: str) -> None:
    """Neither the next sync nor an edit of the port takes away what others set on the Service."""
    installation.deploy(namespace, EXAMPLE)
    cluster = installation.cluster
    [command] = blocks("Can I scale a server?", page=ROOT / "docs/faq.md")

    program, *arguments = shlex.split(command.replace("NAME", "weather"))
    assert program == "kubectl"
    cluster.kubectl(*arguments, "-n", namespace)
    cluster.kubectl(
        *("patch", "mcpserver", "weather", "-n", namespace, "--type=merge", "-p", '{"spec": {"proxyPort": 8090}}')
    )

    def ports() -> bool:
        service = cluster.get("v1/Service", "mcp-weather-proxy", namespace)
        assert service is not None
        assert [port["port"] for port in service["spec"]["ports"]] == [8090]
        assert service["spec"]["sessionAffinity"] == "ClientIP"
        return True

    eventually(ports)
