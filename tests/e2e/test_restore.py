"""A namespace that was taken over is lost, and restored by Velero: docs/migrating.md says what to do then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hooks.kubernetes.objects import labels_of
from hooks.metacontroller.requests import CONTROLLER_UID
from tests import old_operator, velero
from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.controlplane.assets import ROOT
from tests.e2e.conftest import whole_cluster
from tests.e2e.installation import CHILD_KINDS, Installation, conditions, installed, is_ready, uids
from tests.takeover_044.cluster import SERVER, lay_down

pytestmark = pytest.mark.e2e

WHOLE, WITHOUT_CHILDREN = "restored-whole", "restored-without-children"
SERVERS = ("minimal", "token-exchange", "telemetry-ref")


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory, metacontroller: Path) -> Iterator[Installation]:
    """A cluster with the hooks, and for each test a namespace that was taken over."""
    with whole_cluster(tmp_path_factory.mktemp("restore"), metacontroller=metacontroller) as cluster:
        for namespace in (WHOLE, WITHOUT_CHILDREN):
            cluster.kubectl("create", "namespace", namespace)
            for case in SERVERS:
                lay_down(cluster, namespace, case)
            _migrate(cluster, namespace)
        with installed(cluster) as installation:
            yield installation


def lost(hooks: Installation, namespace: str) -> velero.Backup:
    """Back a namespace up once its servers run, and delete it."""
    eventually(lambda: _phases(hooks, namespace) == ["Ready"] * len(SERVERS))
    found = velero.backup(hooks.cluster, namespace)
    hooks.cluster.kubectl("delete", "namespace", namespace)
    eventually(lambda: hooks.cluster.get("v1/Namespace", namespace) is None)
    return found


def test_what_is_restored_whole_runs_and_migrate_gives_it_back(hooks: Installation) -> None:
    cluster, namespace = hooks.cluster, WHOLE
    velero.restore(cluster, namespace, lost(hooks, namespace))

    def released() -> bool:
        servers = cluster.objects(SERVER, namespace)
        assert [conditions(server).get("Ready") for server in servers] == [("False", "ChildReleased")] * len(SERVERS)
        return True

    eventually(released, message="the hooks take restored objects for their own")
    eventually(lambda: _running(cluster, namespace) == set(SERVERS), message="proxies don't run")
    before = uids(cluster, namespace)
    with WatchLog(cluster, CHILD_KINDS, namespace) as log:
        _migrate(cluster, namespace)
        eventually(lambda: _phases(hooks, namespace) == ["Ready"] * len(SERVERS))
        log.wait_quiet(2)
        assert log.events(type="DELETED") == []
        rollouts = {name: log.rollouts(name) for name in SERVERS}
    assert rollouts == dict.fromkeys(SERVERS, 1), "the runner is told the new uid"
    assert {name: uid for name, uid in uids(cluster, namespace).items() if name in before} == before
    assert _not_owned(cluster, namespace) == []
    _goes_whole(cluster, namespace)


def test_what_is_restored_without_children_is_made_anew(hooks: Installation) -> None:
    cluster, namespace = hooks.cluster, WITHOUT_CHILDREN
    [selector] = re.findall(r"velero restore create .*--selector '([^']*)'", (ROOT / "docs/migrating.md").read_text())

    velero.restore(cluster, namespace, lost(hooks, namespace), selector)

    eventually(lambda: _running(cluster, namespace) == set(SERVERS))
    left = [
        obj
        for kind in CHILD_KINDS
        for obj in cluster.objects(kind, namespace)
        if "velero.io/restore-name" in labels_of(obj)
    ]
    assert {obj["metadata"]["name"] for obj in left} <= {"toolhive-operator"}
    assert _not_owned(cluster, namespace) == []
    config = hooks.external_auth(namespace, "tx")
    assert config["status"]["referencingServers"] == ["token-exchange"]
    _goes_whole(cluster, namespace)


def _migrate(cluster: ControlPlane, namespace: str) -> None:
    result = old_operator.run("migrate", cluster.kubeconfig(), "-n", namespace, "--apply")
    assert (result.returncode, "left:" in result.stderr) == (0, False), result.stderr


def _phases(hooks: Installation, namespace: str) -> list[Any]:
    return [hooks.server(namespace, name).get("status", {}).get("phase") for name in SERVERS]


def _running(cluster: ControlPlane, namespace: str) -> set[str]:
    """The servers of which a proxy is Ready."""
    pods = [pod for pod in cluster.objects("v1/Pod", namespace, "app=mcpserver") if is_ready(pod)]
    return {pod["metadata"]["labels"]["toolhive-name"] for pod in pods}


def _not_owned(cluster: ControlPlane, namespace: str) -> list[str]:
    """What has our label and no owner, or the label of a server that is gone."""
    uids = {server["metadata"]["uid"] for server in cluster.objects(SERVER, namespace)}
    found = [obj for kind in CHILD_KINDS for obj in cluster.objects(kind, namespace)]
    labelled = [obj for obj in found if CONTROLLER_UID in labels_of(obj)]
    return [
        obj["metadata"]["name"]
        for obj in labelled
        if "ownerReferences" not in obj["metadata"] or labels_of(obj)[CONTROLLER_UID] not in uids
    ]


def _goes_whole(cluster: ControlPlane, namespace: str) -> None:
    """Deleting the servers leaves nothing of them."""
    cluster.kubectl("delete", "mcpserver", "--all", "-n", namespace, "--wait=false")

    def gone() -> bool:
        left = [name for name in uids(cluster, namespace) if name != "Deployment/toolhive-operator"]
        assert left == []
        return True

    eventually(gone)
