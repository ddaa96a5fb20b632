"""`migrate` and `diff` on a real API server where a tenant, or bad luck, works against them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apiserver.api_relay import api_relay
from tests.apiserver.migration.spaces import CASE, migrate
from tests.apiserver.test_diff import CONFIG_KIND, EXCHANGE, obj, server
from tests.controlplane import ControlPlane
from tests.old_operator import SERVER, create, run

pytestmark = pytest.mark.apiserver


@pytest.mark.parametrize("name", ["../../kube-system/secrets/x", "../configmaps", "a?watch=true", "..", "."])
def test_a_tenant_chooses_no_path_that_is_read(
    cluster: ControlPlane, namespace: str, tmp_path: Path, name: str
) -> None:
    exchange = {**EXCHANGE, "clientSecretRef": {"name": name, "key": "k"}}
    create(cluster, namespace, obj(CONFIG_KIND, "tx", spec={"type": "tokenExchange", "tokenExchange": exchange}))
    server(cluster, namespace, externalAuthConfigRef={"name": "tx"})

    with api_relay(cluster, tmp_path) as relay:
        result = run("diff", relay.kubeconfig, "-n", namespace)

    assert result.returncode == 1
    assert "clientSecretRef.name must be the name of a Secret\n" in result.stderr
    assert [path for path in relay.reads if "secrets" in path or "kube-system" in path] == []


@pytest.mark.parametrize("back", [False, True])
def test_what_is_deleted_during_the_run_keeps_its_finalizer(
    cluster: ControlPlane, laid_down: str, tmp_path: Path, back: bool
) -> None:
    """A config that is in use would go at once, and so would a server before its children are known."""
    arguments = ("--revert", "--apply") if back else ("--apply",)
    if back:
        migrate(cluster, laid_down, "--apply")

    def delete(writes: int) -> None:
        if writes == 1:
            cluster.resource(CONFIG_KIND).delete(name="tx", namespace=laid_down)
            cluster.resource(SERVER).delete(name=CASE, namespace=laid_down)

    with api_relay(cluster, tmp_path, delete) as relay:
        result = migrate(cluster, laid_down, *arguments, kubeconfig=relay.kubeconfig)

    assert result.returncode == 1
    assert [line for line in result.stderr.splitlines() if not line.startswith("note: ")] == [
        f"failed: MCPServer {laid_down}/{CASE}: it was deleted or replaced meanwhile: run this again",
        f"failed: MCPExternalAuthConfig {laid_down}/tx: it was deleted or replaced meanwhile: run this again",
    ]
    assert cluster.get(CONFIG_KIND, "tx", laid_down) is not None
    assert cluster.get(SERVER, CASE, laid_down) is not None


def test_what_is_replaced_during_the_run_is_not_the_servers(
    cluster: ControlPlane, laid_down: str, tmp_path: Path
) -> None:
    statefulsets = cluster.resource("apps/v1/StatefulSet")
    old = cluster.get("apps/v1/StatefulSet", CASE, laid_down)
    assert old is not None

    def replace(writes: int) -> None:
        if writes == 1:
            statefulsets.delete(name=CASE, namespace=laid_down)
            users = obj("apps/v1/StatefulSet", CASE, spec=old["spec"])
            create(cluster, laid_down, users, manager="kubectl-create")

    with api_relay(cluster, tmp_path, replace) as relay:
        result = migrate(cluster, laid_down, "--apply", kubeconfig=relay.kubeconfig)

    assert result.returncode == 1
    failed = f"failed: StatefulSet {laid_down}/{CASE}: it was deleted or replaced meanwhile: run this again"
    assert failed in result.stderr.splitlines()
    users = cluster.get("apps/v1/StatefulSet", CASE, laid_down)
    assert users is not None
    assert users["metadata"].keys() & {"labels", "ownerReferences"} == set()


def test_where_no_operator_ever_was_none_is_known_to_have_stopped(cluster: ControlPlane, laid_down: str) -> None:
    typo = f"no old operator in namespace {laid_down}x: correct --operator-namespace, or leave it out"
    arguments = ("-n", laid_down, "--operator-namespace", f"{laid_down}x")

    refused = run("migrate", cluster.kubeconfig(), *arguments, "--apply")
    shown = run("migrate", cluster.kubeconfig(), *arguments)

    assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", f"refused: {typo}\n")
    assert (shown.returncode, shown.stderr.splitlines()[-1]) == (0, f"note: {typo}")
