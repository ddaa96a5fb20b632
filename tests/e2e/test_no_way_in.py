"""A tenant who edits Metacontroller's annotation gains nothing: what hooks return is written with its rights."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.controlplane.assets import ROOT
from tests.controlplane.controlplane import Tenant
from tests.e2e.installation import CHILD_KINDS, TOOLHIVE, Installation

pytestmark = pytest.mark.e2e

EXAMPLE = ROOT / "examples/token-exchange"
LAST_APPLIED = "metacontroller.k8s.io/last-applied-configuration"

ADMIN_ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "weather"},
    "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
}


def another_kind(_applied: dict[str, Any]) -> dict[str, Any]:
    return ADMIN_ROLE


def another_namespace(applied: dict[str, Any]) -> dict[str, Any]:
    return {**applied, "metadata": {**applied["metadata"], "namespace": "kube-system"}}


def another_name(applied: dict[str, Any]) -> dict[str, Any]:
    return {**applied, "metadata": {**applied["metadata"], "name": "weather-copy"}}


@pytest.mark.parametrize("forge", [another_kind, another_namespace, another_name], ids=lambda forge: forge.__name__)
def test_an_annotation_that_speaks_of_something_else_makes_nothing(
    installation: Installation, namespace: str, forge: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    cluster = installation.cluster
    installation.deploy(namespace, EXAMPLE)
    tenant = cluster.tenant(namespace)
    before, own = _everything(cluster), installation.children(namespace)
    deployment = _deployment(cluster, namespace)

    with WatchLog(cluster, CHILD_KINDS, namespace) as log:
        applied = json.loads(deployment["metadata"]["annotations"][LAST_APPLIED])
        _forge(cluster, namespace, tenant, forge(applied))
        _hold(installation, namespace)
        log.wait_quiet(1)

        assert _everything(cluster) <= before
        assert installation.children(namespace) == own
        assert log.events(type="DELETED") == []
    assert _deployment(cluster, namespace)["spec"] == deployment["spec"]


def test_a_privileged_template_gains_no_more_than_the_tenant_could_write(
    installation: Installation, namespace: str
) -> None:
    """An edit of the annotation that speaks of the Deployment itself is what its author may do to the Deployment."""
    cluster = installation.cluster
    installation.deploy(namespace, EXAMPLE)
    tenant = cluster.tenant(namespace)
    before = _everything(cluster)

    def privileged(applied: dict[str, Any]) -> dict[str, Any]:
        applied["spec"]["template"]["spec"]["containers"][0]["securityContext"]["privileged"] = True
        return applied

    deployment = _deployment(cluster, namespace)
    _forge(cluster, namespace, tenant, privileged(json.loads(deployment["metadata"]["annotations"][LAST_APPLIED])))
    _hold(installation, namespace)
    assert _everything(cluster) <= before

    # With the cause of the hold gone, it is as the hooks want it.
    change = json.dumps({"spec": {"externalAuthConfigRef": {"name": "weather-api"}}})
    cluster.kubectl("patch", "mcpserver", "weather", "-n", namespace, "--type=merge", "-p", change)

    def put_right() -> bool:
        [container] = _deployment(cluster, namespace)["spec"]["template"]["spec"]["containers"]
        return container["securityContext"]["privileged"] is False

    eventually(put_right)


def _deployment(cluster: ControlPlane, namespace: str) -> dict[str, Any]:
    found = cluster.get("apps/v1/Deployment", "weather", namespace)
    assert found is not None
    return found


def _everything(cluster: ControlPlane) -> set[str]:
    """What exists of our children's kinds, in all namespaces; those of earlier tests are still going."""
    return {
        f"{kind} {obj['metadata']['namespace']}/{obj['metadata']['name']}"
        for kind in CHILD_KINDS
        for obj in cluster.objects(kind)
    }


def _forge(cluster: ControlPlane, namespace: str, tenant: Tenant, applied: dict[str, Any]) -> None:
    """Write the annotation, with the rights of a tenant who may edit in this namespace."""
    change = json.dumps({"metadata": {"annotations": {LAST_APPLIED: json.dumps(applied)}}})
    cluster.kubectl("patch", "deployment", "weather", "-n", namespace, "--type=merge", "-p", change, user=tenant.user)


def _hold(installation: Installation, namespace: str) -> None:
    """Make the server refer to a config that isn't there, and wait until it holds what it has."""
    change = json.dumps({"spec": {"externalAuthConfigRef": {"name": "nope"}}})
    installation.cluster.kubectl("patch", "mcpserver", "weather", "-n", namespace, "--type=merge", "-p", change)

    def failed() -> bool:
        server = installation.cluster.get(f"{TOOLHIVE}/MCPServer", "weather", namespace)
        return bool(server and server["status"]["phase"] == "Failed")

    eventually(failed)
