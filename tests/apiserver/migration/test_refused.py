"""`toolhive-hooks migrate` on a real API server: where it does nothing."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hooks.kubernetes.objects import Object
from tests import old_operator
from tests.apiserver.migration.spaces import CASE, everything, migrate
from tests.controlplane import ControlPlane, control_plane
from tests.controlplane.assets import APISERVER
from tests.controlplane.fixtures import apply_our_crds, binaries_or_skip
from tests.controlplane.poll import eventually
from tests.old_operator import run

pytestmark = pytest.mark.apiserver


@pytest.mark.parametrize(
    ("spec", "status", "said"),
    [
        ({"replicas": 1}, {}, "0 of 1 pods"),
        ({"replicas": 0}, {"replicas": 1}, "1 of 0 pods"),
    ],
)
def test_while_the_old_operators_pods_are_there_nothing_is_done(
    cluster: ControlPlane, laid_down: str, spec: Object, status: Object, said: str
) -> None:
    labels = {"app.kubernetes.io/name": "toolhive-operator"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "manager", "image": "operator"}]}}
    metadata = {"name": "toolhive-operator", "labels": labels}
    body = {"metadata": metadata, "spec": {**spec, "selector": {"matchLabels": labels}, "template": template}}
    deployments = cluster.resource("apps/v1/Deployment")
    deployments.delete(name="toolhive-operator", namespace=laid_down)
    deployments.create(body=body, namespace=laid_down)
    deployments.status.patch(
        body={"status": status}, name="toolhive-operator", namespace=laid_down, content_type=old_operator.MERGE
    )
    before = everything(cluster, laid_down)

    result = migrate(cluster, laid_down, "--apply")

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"refused: the old operator still runs: Deployment {laid_down}/toolhive-operator has {said}. Stop it: kubectl "
        f"scale deployment toolhive-operator -n {laid_down} --replicas=0\n"
    )
    assert everything(cluster, laid_down) == before
    looked = migrate(cluster, laid_down)
    assert (looked.returncode, f"has {said}" in looked.stderr) == (0, True)


def test_while_its_lease_is_renewed_nothing_is_done(cluster: ControlPlane, laid_down: str) -> None:
    leases = cluster.resource("coordination.k8s.io/v1/Lease")
    name = "toolhive-operator-leader-election"
    renewed = datetime.now(UTC) - timedelta(seconds=5)
    spec = {"holderIdentity": "pod_1", "leaseDurationSeconds": 15, "renewTime": _micro_time(renewed)}
    leases.patch(name=name, namespace=laid_down, body={"spec": spec}, content_type=old_operator.MERGE)

    result = migrate(cluster, laid_down, "--apply")

    assert result.returncode == 2
    assert re.fullmatch(
        rf"refused: the old operator still runs, or did a moment ago: Lease {laid_down}/{name} was renewed \d+ s ago "
        r"by pod_1\. Stop it, wait a minute, and run this again\n",
        result.stderr,
    )
    old = {"spec": {"renewTime": _micro_time(renewed - timedelta(minutes=2))}}
    leases.patch(name=name, namespace=laid_down, body=old, content_type=old_operator.MERGE)
    assert migrate(cluster, laid_down, "--apply").returncode == 0


def _micro_time(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.mark.parametrize("served", [True, False])
def test_a_cluster_that_serves_or_has_stored_another_version_is_refused(
    cluster: ControlPlane, laid_down: str, served: bool
) -> None:
    """Stored once is enough: such objects may be there still."""
    crds = cluster.resource("apiextensions.k8s.io/v1/CustomResourceDefinition")
    name = "mcptoolconfigs.toolhive.stacklok.dev"
    versions = crds.get(name=name).to_dict()["spec"]["versions"]
    newer = {**versions[-1], "name": "v1", "storage": False, "served": served}

    def stored(*versions: str) -> None:
        status = {"status": {"storedVersions": list(versions)}}
        crds.status.patch(name=name, body=status, content_type=old_operator.MERGE)

    crds.patch(name=name, body={"spec": {"versions": [*versions, newer]}}, content_type=old_operator.MERGE)
    try:
        if not served:
            stored("v1", "v1beta1")
        result = migrate(cluster, laid_down)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr == (
            f"refused: CustomResourceDefinition {name} stores or serves v1: these hooks serve v1beta1 and "
            "v1alpha1 alone, and their CRD can't take its place\n"
        )
    finally:
        stored("v1beta1")
        crds.patch(name=name, body={"spec": {"versions": versions}}, content_type=old_operator.MERGE)
        apply_our_crds(cluster)


def patched(resource: Any, name: str, namespace: str, change: Object) -> Object:
    patch = resource.patch(name=name, namespace=namespace, body=change, content_type=old_operator.MERGE)
    result: Object = patch.to_dict()
    return result


def test_a_field_that_would_be_dropped_is_refused_with_who_sets_it(cluster: ControlPlane, laid_down: str) -> None:
    """It may ask for authentication: our CRD in place of such a one would leave the server open to all."""
    crds = cluster.resource("apiextensions.k8s.io/v1/CustomResourceDefinition")
    name = "mcpservers.toolhive.stacklok.dev"
    versions = crds.get(name=name).to_dict()["spec"]["versions"]
    newer = copy.deepcopy(versions)
    reference = {"type": "object", "properties": {"name": {"type": "string"}}}
    for version in newer:
        version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["loginConfigRef"] = reference
    servers = cluster.resource("toolhive.stacklok.dev/v1alpha1/MCPServer")
    spec = {"spec": {"loginConfigRef": {"name": "corp"}}}

    crds.patch(name=name, body={"spec": {"versions": newer}}, content_type=old_operator.MERGE)
    try:
        eventually(lambda: "loginConfigRef" in patched(servers, CASE, laid_down, spec)["spec"])
        before = everything(cluster, laid_down)
        refused = migrate(cluster, laid_down, "--apply")
        assert everything(cluster, laid_down) == before
        compared = run("diff", cluster.kubeconfig(), "-n", laid_down, CASE)
    finally:
        crds.patch(name=name, body={"spec": {"versions": versions}}, content_type=old_operator.MERGE)
        apply_our_crds(cluster)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        f"refused: CustomResourceDefinition {name} keeps fields that these hooks don't know: spec.loginConfigRef. "
        f"Objects that set one would be Failed: MCPServer {laid_down}/{CASE} (spec.loginConfigRef). Use other "
        "fields in them, or convert a copy (docs/migrating.md, step 3). Then put these hooks' CRD in place: kubectl "
        "apply -k crds/\n"
    )
    assert f"note: MCPServer {laid_down}/{CASE} is Failed: spec.loginConfigRef: is not a field" in compared.stderr

    try:
        eventually(lambda: "loginConfigRef" not in servers.get(name=CASE, namespace=laid_down).to_dict()["spec"])
        too_late = migrate(cluster, laid_down, "--apply")
    finally:  # it would keep all the cluster's objects from migrating
        patched(servers, CASE, laid_down, {"metadata": {"finalizers": []}})
        servers.delete(name=CASE, namespace=laid_down)
    assert (too_late.returncode, too_late.stdout) == (2, "")
    assert too_late.stderr.startswith(
        f"refused: the CRD in place hides fields of objects, 1 in all: MCPServer {laid_down}/{CASE} "
        "(spec.loginConfigRef). The next write would erase them, and a server that authenticates its callers by one "
    )


def test_where_nothing_is_installed_that_is_said(tmp_path: Path) -> None:
    with control_plane(tmp_path, binaries_or_skip("apiserver", APISERVER)) as empty:
        migrated, compared = run("migrate", empty.kubeconfig()), run("diff", empty.kubeconfig())

    missing = "CustomResourceDefinition mcpservers.toolhive.stacklok.dev isn't installed: there are no MCPServers\n"
    assert (migrated.returncode, migrated.stdout, migrated.stderr) == (2, "", f"refused: {missing}")
    assert (compared.returncode, compared.stdout, compared.stderr) == (2, "", f"toolhive-hooks: {missing}")


def test_a_cluster_that_cannot_be_asked_is_said_in_one_line(cluster: ControlPlane, tmp_path: Path) -> None:
    nobody = cluster.kubeconfig("metacontroller-restricted")
    forbidden = run("migrate", nobody)
    assert (forbidden.returncode, forbidden.stdout, len(forbidden.stderr.splitlines())) == (2, "", 1)
    assert forbidden.stderr.startswith("toolhive-hooks: the API server refuses (403): mcpservers.toolhive.stacklok.dev")

    config = json.loads(cluster.kubeconfig().read_text())
    config["clusters"][0]["cluster"] = {"server": "http://127.0.0.1:1"}
    (tmp_path / "config").write_text(json.dumps(config))
    away = run("migrate", tmp_path / "config")
    assert (away.returncode, len(away.stderr.splitlines())) == (2, 1)
    assert away.stderr.startswith("toolhive-hooks: http://127.0.0.1:1 can't be reached: ")

    unknown = run("migrate", cluster.kubeconfig(), "--context", "x")
    assert unknown.returncode == 2
    assert unknown.stderr.startswith("toolhive-hooks: no usable kubeconfig: ")
