"""`toolhive-hooks migrate` on a real API server: what it writes, there and back."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import LAST_APPLIED
from tests import old_operator
from tests.apiserver.api_relay import api_relay
from tests.apiserver.migration.spaces import CASE, CHANGES, ROLLS, essence, everything, lay_down, migrate, spaces
from tests.controlplane import ControlPlane
from tests.old_operator import run

pytestmark = pytest.mark.apiserver

KEPT = "label controller-uid, record of the old operator's settings"
PLAN = [
    f"  Deployment/token-exchange                   {KEPT}",
    f"  Service/mcp-token-exchange-proxy            {KEPT}",
    f"  ConfigMap/token-exchange-runconfig          {KEPT}",
    f"  ServiceAccount/token-exchange-proxy-runner  {KEPT}",
    f"  ServiceAccount/token-exchange-sa            {KEPT}",
    f"  Role/token-exchange-proxy-runner            {KEPT}",
    f"  RoleBinding/token-exchange-proxy-runner     {KEPT}",
    "  StatefulSet/token-exchange                  label controller-uid, owner MCPServer/token-exchange",
    "  Service/mcp-token-exchange-headless         owner StatefulSet/token-exchange, as proxy runner 0.44.0 has it",
    "  MCPServer/token-exchange                    finalizer mcpserver.toolhive.stacklok.dev/finalizer -> "
    "metacontroller.io/compositecontroller-mcpserver",
    "  MCPExternalAuthConfig/tx                    finalizer mcpexternalauthconfig.toolhive.stacklok.dev/finalizer -> "
    "metacontroller.io/compositecontroller-mcpexternalauthconfig",
]


def test_without_apply_nothing_is_written(cluster: ControlPlane, laid_down: str, tmp_path: Path) -> None:
    before = everything(cluster, laid_down)
    with api_relay(cluster, tmp_path) as relay:
        result = migrate(cluster, laid_down, kubeconfig=relay.kubeconfig)

    assert (result.returncode, result.stderr, relay.writes) == (0, "", [])
    assert result.stdout.splitlines() == [
        f"namespace {laid_down}",
        *PLAN,
        ROLLS,
        "11 changes to make; --apply makes them",
    ]
    assert everything(cluster, laid_down) == before


def test_the_plan_has_each_namespace_once(cluster: ControlPlane) -> None:
    """The writes are in another order: shared configs come after all servers."""
    with spaces(cluster, 2) as names:
        for name in names:
            lay_down(cluster, name)
        done = run("migrate", cluster.kubeconfig())
        lines = done.stdout.splitlines()

    # Other tests leave namespaces in this cluster that are still being deleted: the exit code is theirs as well.
    assert [line for line in done.stderr.splitlines() if any(name in line for name in names)] == []
    for name in names:
        at = lines.index(f"namespace {name}")
        assert lines.count(f"namespace {name}") == 1
        assert [line.split() for line in lines[at + 1 : at + 12]] == [line.split() for line in PLAN]


def test_what_comes_in_pages_is_the_same(cluster: ControlPlane, laid_down: str, tmp_path: Path) -> None:
    small = "import hooks.cluster as c; c._PAGE = 1; from hooks.cli import main; main()"
    place = ("-n", laid_down, "--operator-namespace", laid_down)
    with api_relay(cluster, tmp_path) as relay:
        result = run("migrate", relay.kubeconfig, *place, program=("-c", small))

    assert result.returncode == 0
    assert result.stdout.splitlines() == [
        f"namespace {laid_down}",
        *PLAN,
        ROLLS,
        "11 changes to make; --apply makes them",
    ]
    further = {path.partition("?")[0].rpartition("/")[2] for path in relay.reads if "continue=" in path}
    assert {"services", "serviceaccounts"} <= further


def test_a_terminal_gets_a_progress_bar(cluster: ControlPlane, laid_down: str) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "hooks", "migrate", "-n", laid_down, "--operator-namespace", laid_down, "--apply"]
    environment = old_operator.environment(cluster.kubeconfig(), {"TERM": "xterm"})
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, env=environment, check=False, timeout=120)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)

    assert done.returncode == 0
    assert done.stdout.endswith(f"\n{CHANGES} changes made\n".encode())
    assert re.search(r"Migrating  \[#+\]  100%\S*\r\n$", shown)


def test_children_get_label_record_and_owner_and_finalizers_are_exchanged(
    cluster: ControlPlane, laid_down: str
) -> None:
    before = essence(cluster, laid_down)
    result = migrate(cluster, laid_down, "--apply")

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.endswith(f"\n{CHANGES} changes made\n")
    after = essence(cluster, laid_down)
    records = {key: json.loads(_take(obj, "annotations", LAST_APPLIED) or "null") for key, obj in after.items()}
    labelled = {
        key for key, obj in after.items() if _take(obj, "labels", "controller-uid") == f"uid of MCPServer/{CASE}"
    }
    for obj in after.values():
        assert _take(obj, "labels", "controller-uid") is None

    assert labelled == {key for key, record in records.items() if record} | {f"StatefulSet/{CASE}"}
    assert len(labelled) == 8
    assert records[f"ServiceAccount/{CASE}-sa"] == {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "labels": {"controller-uid": f"uid of MCPServer/{CASE}"},
            "name": f"{CASE}-sa",
            "namespace": "NAMESPACE",
        },
    }
    owner = {"controller": True, "blockOwnerDeletion": True}
    reference = {"apiVersion": "toolhive.stacklok.dev/v1beta1", "kind": "MCPServer", "name": CASE}
    before[f"StatefulSet/{CASE}"]["metadata"]["ownerReferences"] = [
        {**reference, "uid": f"uid of MCPServer/{CASE}", **owner}
    ]
    reference = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": CASE}
    before[f"Service/mcp-{CASE}-headless"]["metadata"]["ownerReferences"] = [
        {**reference, "uid": f"uid of StatefulSet/{CASE}", **owner}
    ]
    before[f"MCPServer/{CASE}"]["metadata"]["finalizers"] = ["metacontroller.io/compositecontroller-mcpserver"]
    before["MCPExternalAuthConfig/tx"]["metadata"]["finalizers"] = [
        "metacontroller.io/compositecontroller-mcpexternalauthconfig"
    ]
    assert after == before


def _take(obj: Object, group: str, key: str) -> str | None:
    """Take a label or annotation off an object."""
    metadata = obj["metadata"]
    value: str | None = metadata.get(group, {}).pop(key, None)
    if metadata.get(group) == {}:
        del metadata[group]
    return value


def test_a_second_run_writes_nothing(cluster: ControlPlane, laid_down: str, tmp_path: Path) -> None:
    migrate(cluster, laid_down, "--apply")
    with api_relay(cluster, tmp_path) as relay:
        result = migrate(cluster, laid_down, "--apply", kubeconfig=relay.kubeconfig)

    assert (result.returncode, result.stdout, result.stderr, relay.writes) == (0, "nothing to change\n", "", [])


def test_there_and_back_is_where_it_was(cluster: ControlPlane, laid_down: str) -> None:
    """But for the owners of the runner's objects, with which nothing is left behind when a server goes."""
    before = essence(cluster, laid_down)
    migrate(cluster, laid_down, "--apply")
    result = migrate(cluster, laid_down, "--revert", "--apply")

    assert (result.returncode, result.stderr) == (0, "")
    after = essence(cluster, laid_down)
    for key in (f"StatefulSet/{CASE}", f"Service/mcp-{CASE}-headless"):
        assert [owner["controller"] for owner in after[key]["metadata"].pop("ownerReferences")] == [True]
    for obj in after.values():
        for group in ("labels", "annotations"):
            if obj["metadata"].get(group) == {}:
                del obj["metadata"][group]
    assert after == before
