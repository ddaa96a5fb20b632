"""Storms around servers that run: edits without end, a CRD that goes, a second controller. They lose nothing by it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.controlplane.assets import ROOT
from tests.e2e.chaos.fleet import WATCHED, Fleet, deleted
from tests.e2e.installation import TOOLHIVE, Installation, conditions

pytestmark = [pytest.mark.e2e, pytest.mark.chaos, pytest.mark.timeout(900)]

GROUP = TOOLHIVE.partition("/")[0]
CONTROLLER = "metacontroller.k8s.io/v1alpha1/CompositeController"
TOOL_CONFIG = {
    "apiVersion": TOOLHIVE,
    "kind": "MCPToolConfig",
    "metadata": {"name": "tools"},
    "spec": {"toolsFilter": ["search"]},
}


def test_twenty_edits_in_ten_seconds(installation: Installation) -> None:
    """Each server ends at the last of them, and not by way of all others."""
    fleet = Fleet.deploy(installation, "edits", users=12, bystanders=2)
    with fleet.watch() as log:
        fleet.roll_often(20, every=0.5)
        fleet.settle()
        log.wait_quiet(3)

        assert deleted(log) == []
        assert all(1 <= log.rollouts(name) < 20 for name in fleet.users)
        assert [log.rollouts(name) for name in fleet.bystanders] == [0, 0]


def test_a_namespace_goes_with_its_servers_and_their_config(installation: Installation) -> None:
    cluster = installation.cluster
    fleet = Fleet.deploy(installation, "going", users=10, bystanders=2)

    cluster.kubectl("delete", "namespace", fleet.namespace, "--wait=false")

    eventually(lambda: cluster.get("v1/Namespace", fleet.namespace) is None, timeout=180)


def test_the_crd_of_one_kind_is_deleted_and_the_others_go_on(installation: Installation) -> None:
    cluster = installation.cluster
    fleet = Fleet.deploy(installation, "crd-gone", users=4, bystanders=1)
    kinds = [kind for kind in WATCHED if not kind.endswith("/MCPToolConfig")]
    with WatchLog(cluster, kinds, fleet.namespace) as log:
        cluster.kubectl("delete", "crd", f"mcptoolconfigs.{GROUP}")
        fleet.roll()
        eventually(lambda: all(log.rollouts(name) == 1 for name in fleet.users), timeout=150)

        cluster.kubectl("apply", "-k", ROOT / "crds")
        cluster.kubectl("wait", "--for=condition=Established", f"crd/mcptoolconfigs.{GROUP}")
        fleet.settle()
        log.wait_quiet(3)
        assert deleted(log) == []
        assert [log.rollouts(name) for name in [*fleet.users, *fleet.bystanders]] == [1] * 4 + [0]

    fleet.apply(TOOL_CONFIG)
    eventually(lambda: conditions(_tool_config(cluster, fleet)).get("Ready") == ("True", "Ready"), timeout=150)


def _tool_config(cluster: ControlPlane, fleet: Fleet) -> dict[str, Any]:
    return cluster.get(f"{TOOLHIVE}/MCPToolConfig", "tools", fleet.namespace) or {}


def test_a_second_controller_of_the_same_kind(installation: Installation) -> None:
    """Both ask the same hooks. When it goes, it leaves its finalizer on each server, as Metacontroller does."""
    cluster = installation.cluster
    fleet = Fleet.deploy(installation, "second", users=3, bystanders=1)
    [bystander] = fleet.bystanders
    first = cluster.get(CONTROLLER, "mcpserver")
    assert first is not None
    second = {**{key: first[key] for key in ("apiVersion", "kind", "spec")}, "metadata": {"name": "mcpserver-second"}}
    finalizer = "metacontroller.io/compositecontroller-mcpserver-second"

    def finalizers(name: str) -> list[str]:
        found: list[str] = installation.server(fleet.namespace, name)["metadata"]["finalizers"]
        return found

    with fleet.watch() as log:
        cluster.kubectl("create", "-f", "-", input=json.dumps(second))
        eventually(lambda: all(finalizer in finalizers(name) for name in [*fleet.users, bystander]), timeout=150)
        fleet.roll()
        fleet.settle()
        log.wait_quiet(3)
        assert deleted(log) == []
        assert [log.rollouts(name) for name in [*fleet.users, bystander]] == [1, 1, 1, 0]

        cluster.kubectl("delete", "compositecontroller", "mcpserver-second")
        fleet.delete("mcpserver", bystander)
        eventually(lambda: finalizers(bystander) == [finalizer], timeout=150)
        patch = json.dumps({"metadata": {"finalizers": None}})
        cluster.kubectl("patch", "mcpserver", bystander, "-n", fleet.namespace, "--type=merge", "-p", patch)
        eventually(lambda: cluster.get(f"{TOOLHIVE}/MCPServer", bystander, fleet.namespace) is None, timeout=150)


def test_accounts_that_claim_a_config_under_names_of_a_megabyte(installation: Installation) -> None:
    """A tenant may give an account any labels and owners; the config's status has room for none of these names."""
    cluster = installation.cluster
    fleet = Fleet.deploy(installation, "flood", users=1, bystanders=0)
    [user] = fleet.users
    owner = {
        "apiVersion": TOOLHIVE,
        "kind": "MCPServer",
        "uid": installation.server(fleet.namespace, user)["metadata"]["uid"],
        "controller": True,
    }
    labels = {f"{GROUP}/external-auth-config": "shared"}
    names = {"flood-0-proxy-runner": "a" * 900_000, "flood-1": "b" * 900_000}
    with WatchLog(cluster, [f"{TOOLHIVE}/MCPExternalAuthConfig", "apps/v1/Deployment"], fleet.namespace) as log:
        for name, of in names.items():  # too large for what `kubectl apply` notes
            metadata = {"name": name, "labels": labels, "ownerReferences": [{**owner, "name": of}]}
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
            cluster.kubectl("create", "-n", fleet.namespace, "-f", "-", input=json.dumps(account))
        fleet.roll()
        eventually(lambda: log.rollouts(user) == 1, timeout=150)
        log.wait_quiet(3)

        listed = log.history("MCPExternalAuthConfig", "shared", lambda item: item["status"].get("referencingServers"))
        assert all(set(found or ()) <= {user, "flood-0"} for found in listed)
    cluster.kubectl("delete", "serviceaccount", *names, "-n", fleet.namespace, "--ignore-not-found")
    fleet.settle()
