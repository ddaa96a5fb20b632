"""`toolhive-hooks migrate` on a real API server: what a user must be allowed to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from hooks.kubernetes.objects import Object
from tests import old_operator
from tests.apiserver.migration.spaces import CASE, migrate
from tests.controlplane import ControlPlane, eventually
from tests.controlplane.assets import ROOT
from tests.old_operator import run

pytestmark = pytest.mark.apiserver


def test_the_rights_that_the_docs_list_are_enough(cluster: ControlPlane, laid_down: str) -> None:
    with _granted(cluster, laid_down, _documented_role()) as kubeconfig:
        results = [
            run("diff", kubeconfig, "-n", laid_down),
            migrate(cluster, laid_down, "--apply", kubeconfig=kubeconfig),
            run("diff", kubeconfig, "-n", laid_down, CASE),
            migrate(cluster, laid_down, "--revert", "--apply", kubeconfig=kubeconfig),
        ]

    errors = [[line for line in result.stderr.splitlines() if not line.startswith("note: ")] for result in results]
    assert ([result.returncode for result in results], errors) == ([1, 0, 1, 0], [[], [], [], []])


def test_a_server_stays_where_its_children_cannot_be_changed(cluster: ControlPlane, laid_down: str) -> None:
    """It is being deleted: without its finalizer it would go, and leave the StatefulSet behind."""
    cluster.resource(old_operator.SERVER).delete(name=CASE, namespace=laid_down)
    role = _documented_role()
    role["rules"][1]["resources"].remove("statefulsets")
    role["rules"].append({"apiGroups": ["apps"], "resources": ["statefulsets"], "verbs": ["get", "list"]})
    with _granted(cluster, laid_down, role) as kubeconfig:
        result = migrate(cluster, laid_down, "--apply", kubeconfig=kubeconfig)

    assert result.returncode == 1
    first, second = result.stderr.splitlines()
    assert first.startswith(f"failed: StatefulSet {laid_down}/{CASE}: the API server refuses (403): ")
    assert second == (
        f"failed: MCPServer {laid_down}/{CASE}: not tried, since something before it failed in its namespace"
    )
    assert cluster.get(old_operator.SERVER, CASE, laid_down) is not None
    assert migrate(cluster, laid_down, "--apply").returncode == 0
    assert cluster.get(old_operator.SERVER, CASE, laid_down) is None


@contextmanager
def _granted(cluster: ControlPlane, namespace: str, role: Object) -> Iterator[Path]:
    """The kubeconfig of a user who may do what this ClusterRole says, and nothing else."""
    user = cluster.tenant(namespace).user
    cluster.kubectl("delete", "rolebinding", user, "-n", namespace)
    group, name = {"apiGroup": "rbac.authorization.k8s.io"}, role["metadata"]["name"]
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {**group, "kind": "ClusterRole", "name": name},
        "subjects": [{**group, "kind": "User", "name": user}],
    }
    cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all([role, binding]))
    kubeconfig = cluster.kubeconfig(user)
    allowed = ("auth", "can-i", "list", "leases", f"--kubeconfig={kubeconfig}")
    try:
        eventually(lambda: cluster.kubectl(*allowed, check=False).returncode == 0)
        yield kubeconfig
    finally:
        cluster.kubectl("delete", "clusterrolebinding,clusterrole", name)


def _documented_role() -> dict[str, Any]:
    text = (ROOT / "docs/migrating.md").read_text()
    [block] = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    role: dict[str, Any] = yaml.safe_load(block)
    return role
