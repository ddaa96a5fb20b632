"""`toolhive-hooks migrate` on a real API server: what isn't the server's, and what is going."""

from __future__ import annotations

import pytest

from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.migrate.operators import OPERATOR_LEASE
from tests import old_operator
from tests.apiserver.migration.spaces import CASE, REVERTED, TAKEN_OVER, everything, lay_down, migrate, spaces
from tests.controlplane import ControlPlane
from tests.old_operator import run

pytestmark = pytest.mark.apiserver


def test_what_somebody_else_has_under_a_childs_name_is_left_alone(cluster: ControlPlane, laid_down: str) -> None:
    """Also a StatefulSet of the server's name that no proxy runner made."""
    cluster.resource("apps/v1/StatefulSet").delete(name=CASE, namespace=laid_down)
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    foreign = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": CASE}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "serviceName": "x", "template": template}
    old_operator.create(cluster, laid_down, {**foreign, "spec": spec}, manager="kubectl-create")
    account = everything(cluster, laid_down)[f"ServiceAccount/{CASE}-sa"]["metadata"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "uid": account["uid"], "controller": True}
    patch = {"metadata": {"ownerReferences": [owner]}}
    old_operator.patch(cluster, laid_down, "v1/ServiceAccount", f"{CASE}-sa", patch)
    before = everything(cluster, laid_down)

    result = migrate(cluster, laid_down, "--apply")

    assert result.returncode == 1
    uid = before[f"MCPServer/{CASE}"]["metadata"]["uid"]
    name = f"has the name of a child of MCPServer {CASE}"
    assert sorted(result.stderr.splitlines()) == [
        f"left: ServiceAccount {laid_down}/{CASE}-sa {name}, and is ConfigMap/other's",
        f"left: StatefulSet {laid_down}/{CASE} {name}, and it has no controller. If it belongs to that server: "
        f"kubectl label statefulsets {CASE} -n {laid_down} controller-uid={uid}",
    ]
    after = everything(cluster, laid_down)
    for key in (f"ServiceAccount/{CASE}-sa", f"StatefulSet/{CASE}"):
        assert after[key] == before[key]


def test_children_that_metacontroller_let_go_of_are_taken_back(cluster: ControlPlane, laid_down: str) -> None:
    """It lets go of children without its label, where it runs too early."""
    for key, child in everything(cluster, laid_down).items():
        if child["metadata"].get("ownerReferences"):
            kind, name = f"{child['apiVersion']}/{child['kind']}", key.partition("/")[2]
            old_operator.patch(cluster, laid_down, kind, name, {"metadata": {"ownerReferences": None}})

    result = migrate(cluster, laid_down, "--apply")

    assert (result.returncode, result.stderr) == (0, "")
    children = [obj for key, obj in everything(cluster, laid_down).items() if not key.startswith("MCP")]
    assert [obj["metadata"]["name"] for obj in children if "ownerReferences" not in obj["metadata"]] == []


def test_a_config_that_is_in_use_keeps_its_finalizer_while_it_is_deleted(cluster: ControlPlane, laid_down: str) -> None:
    config, server = "toolhive.stacklok.dev/v1alpha1/MCPExternalAuthConfig", old_operator.SERVER
    cluster.resource(config).delete(name="tx", namespace=laid_down)

    result = migrate(cluster, laid_down, "--apply")

    assert result.returncode == 1
    assert result.stderr == (
        f"left: MCPExternalAuthConfig {laid_down}/tx is being deleted while workloads use it ({CASE}): it keeps its "
        "finalizer mcpexternalauthconfig.toolhive.stacklok.dev/finalizer. Remove their references, or the workloads, "
        "and run this again\n"
    )
    assert cluster.get(config, "tx", laid_down) is not None
    old_operator.patch(cluster, laid_down, server, CASE, {"spec": {"externalAuthConfigRef": None}})
    assert migrate(cluster, laid_down, "--apply").returncode == 0
    assert cluster.get(config, "tx", laid_down) is None


def test_a_server_that_is_being_deleted_goes_when_its_children_would_go_with_it(
    cluster: ControlPlane, laid_down: str
) -> None:
    cluster.resource(old_operator.SERVER).delete(name=CASE, namespace=laid_down)
    assert cluster.get(old_operator.SERVER, CASE, laid_down) is not None

    result = migrate(cluster, laid_down, "--apply")

    assert (result.returncode, result.stderr) == (0, "")
    assert cluster.get(old_operator.SERVER, CASE, laid_down) is None
    children = [obj for key, obj in everything(cluster, laid_down).items() if not key.startswith("MCP")]
    assert all(obj["metadata"]["ownerReferences"] for obj in children)


def test_a_child_without_room_for_the_record_gets_the_label_alone(cluster: ControlPlane, laid_down: str) -> None:
    notes = {"example.test/note": "x" * (256 * 1024 - 1000)}
    old_operator.patch(cluster, laid_down, "apps/v1/Deployment", CASE, {"metadata": {"annotations": notes}})

    result = migrate(cluster, laid_down, "--apply")

    assert result.returncode == 0
    assert result.stderr.startswith(f"note: Deployment {laid_down}/{CASE} has no room in its annotations (256 KiB)")
    metadata = everything(cluster, laid_down)[f"Deployment/{CASE}"]["metadata"]
    assert "controller-uid" in metadata["labels"]
    assert LAST_APPLIED not in metadata["annotations"]


def test_policies_that_the_spec_has_no_more_are_announced(cluster: ControlPlane, namespace: str) -> None:
    old_operator.lay_down(cluster, namespace, "authz-inline")
    old_operator.patch(cluster, namespace, old_operator.SERVER, "authz-inline", {"spec": {"authzConfig": None}})

    assert migrate(cluster, namespace).stderr == (
        f"note: ConfigMap {namespace}/authz-inline-authz-inline will be deleted once Metacontroller runs: its server "
        "has no spec.authzConfig.inline any more, and the old operator never deleted it\n"
    )


def test_two_namespaces_with_the_same_names_are_two(cluster: ControlPlane, laid_down: str) -> None:
    with spaces(cluster, 1) as [other]:
        lay_down(cluster, other)
        before = everything(cluster, other)
        migrate(cluster, laid_down, "--apply")
        assert everything(cluster, other) == before

        result = run("migrate", cluster.kubeconfig())
        assert f"namespace {other}\n" in result.stdout
        assert f"namespace {laid_down}\n" not in result.stdout


@pytest.mark.parametrize(("revert", "said"), [((), TAKEN_OVER), (("--revert",), REVERTED)])
def test_what_becomes_of_other_namespaces_is_said(
    cluster: ControlPlane, namespace: str, revert: tuple[str, ...], said: str
) -> None:
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": OPERATOR_LEASE}}
    old_operator.create(cluster, namespace, lease)
    result = run("migrate", cluster.kubeconfig(), "-n", namespace, "--operator-namespace", namespace, *revert)

    none = f"note: no MCPServer in namespace {namespace}\n"
    assert (result.returncode, result.stdout, result.stderr) == (0, "nothing to change\n", said + none)
