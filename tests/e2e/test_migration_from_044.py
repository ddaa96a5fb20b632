"""From ToolHive's operator 0.44.0 to Metacontroller and back: nothing is deleted, and everything stays in force.

The objects are those in tests/takeover_044; with OPERATOR (its binary) and OPERATOR_CRDS (the folder of its chart's
CRDs), the real operator makes them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hooks.api.kinds import RESOURCES
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.migrate.finalizers import METACONTROLLERS, OPERATORS
from hooks.proxy.names import MANAGED_BY
from tests import old_operator, takeover_044
from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.controlplane.fixtures import apply_our_crds, wait_established
from tests.e2e.conftest import whole_cluster
from tests.e2e.installation import CHILD_KINDS, Installation, conditions, installed, is_ready, uids
from tests.takeover_044.cluster import RELEASE, SERVER, lay_down

pytestmark = pytest.mark.e2e

OPERATOR, OPERATOR_CRDS = os.environ.get("OPERATOR", ""), os.environ.get("OPERATOR_CRDS", "")
OVERRIDES, EXCHANGE = "resource-overrides", "token-exchange"
SERVERS = ("minimal", OVERRIDES, EXCHANGE, "telemetry-ref")
PARENT_KINDS = tuple(f"{kind.api_version}/{kind.kind}" for kind in RESOURCES)
COMPOSITES = tuple(finalizer.rpartition("compositecontroller-")[2] for finalizer in METACONTROLLERS.values())


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, metacontroller: Path) -> Iterator[ControlPlane]:
    """A cluster of this file's own: Metacontroller runs, and no CompositeController is there before a test."""
    with whole_cluster(tmp_path_factory.mktemp("from-044"), metacontroller=metacontroller) as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_of_ours(cluster: ControlPlane) -> None:
    """Neither CompositeControllers, nor finalizers on what an earlier test left."""
    cluster.kubectl("delete", "compositecontroller", "--all")
    for kind in RESOURCES:
        for obj in cluster.objects(f"{kind.api_version}/{kind.kind}"):
            where = (kind.resource, obj["metadata"]["name"], "-n", obj["metadata"]["namespace"])
            cluster.kubectl("patch", *where, "--type=merge", "-p", '{"metadata":{"finalizers":null}}', check=False)


@pytest.mark.parametrize(
    "by",
    [
        "objects",
        pytest.param(
            "operator",
            marks=pytest.mark.skipif(not (OPERATOR and OPERATOR_CRDS), reason="OPERATOR and OPERATOR_CRDS unset"),
        ),
    ],
)
def test_there_and_back(cluster: ControlPlane, namespace: str, tmp_path: Path, by: str) -> None:
    if by == "operator":
        _the_operator_makes_them(cluster, namespace, tmp_path)
    else:
        for case in SERVERS:
            lay_down(cluster, namespace, case)
    eventually(partial(_all_run, cluster, namespace))
    before = _uids(cluster, namespace)
    with WatchLog(cluster, [*CHILD_KINDS, *PARENT_KINDS], namespace) as log:
        told = _migrate(cluster, namespace, "--apply")
        pods = "4 proxies (Deployments) and 0 MCP servers" if by == "operator" else "4 proxies (Deployments) and 4 MCP"
        assert f"each of these rolls once at most: {pods}" in told
        assert _rollouts(log) == dict.fromkeys(SERVERS, 0), "migrate itself restarts nothing"
        assert _migrate(cluster, namespace, "--apply") == "nothing to change\n"
        _remove_overrides(cluster, namespace)

        with installed(cluster) as installation:
            eventually(partial(_taken_over, installation, namespace, by))
            log.wait_quiet(2)
            assert _rollouts(log) == dict.fromkeys(SERVERS, 1)
            _overrides_are_gone(cluster, namespace)
            _rules_are_in_force(cluster, namespace)

            refused = old_operator.run("migrate", cluster.kubeconfig(), "--revert", "--apply")
            assert (refused.returncode, "Metacontroller still works for these kinds" in refused.stderr) == (2, True)
            cluster.kubectl("delete", "compositecontroller", *COMPOSITES)
            _migrate(cluster, namespace, "--revert", "--apply", left=2)
            _as_the_operator_needs_it(cluster, namespace)
        assert _uids(cluster, namespace) == before
        assert log.events(type="DELETED") == []
    if by == "operator":
        _it_works_again(cluster, namespace, tmp_path)


def _the_operator_makes_them(cluster: ControlPlane, namespace: str, directory: Path) -> None:
    """Operator 0.44.0 on its own CRDs, under the name of the published image; then it stops, and ours replace them."""
    _their_crds(cluster)
    operator = _start(cluster, namespace, directory)
    for case in SERVERS:
        for obj in takeover_044.objects(case):
            if "ownerReferences" not in obj["metadata"]:
                metadata = {"name": obj["metadata"]["name"]}
                body = {key: value for key, value in obj.items() if key != "status"} | {"metadata": metadata}
                old_operator.create(cluster, namespace, body, manager="kubectl")
    eventually(partial(_all_run, cluster, namespace), timeout=180)

    def settled() -> bool:
        servers = cluster.objects(SERVER, namespace)
        return all(server.get("status", {}).get("phase") == "Ready" for server in servers)

    eventually(settled)
    operator.stop()
    old_operator.create(cluster, namespace, old_operator.stopped_operator(RELEASE))
    apply_our_crds(cluster)


def _their_crds(cluster: ControlPlane) -> None:
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", OPERATOR_CRDS)
    wait_established(cluster)


def _start(cluster: ControlPlane, namespace: str, directory: Path) -> Any:
    return old_operator.start(cluster, Path(OPERATOR), namespace, directory)


def _it_works_again(cluster: ControlPlane, namespace: str, directory: Path) -> None:
    """It rolls proxies again, how often is its own affair, and nothing is lost."""
    _their_crds(cluster)
    with WatchLog(cluster, CHILD_KINDS, namespace) as log:
        operator = _start(cluster, namespace, directory)
        eventually(lambda: any(_rollouts(log).values()), message=str(_rollouts(log)))
        log.wait_quiet(3)
        assert log.events(type="DELETED") == []
        operator.stop()
    apply_our_crds(cluster)


def _all_run(cluster: ControlPlane, namespace: str) -> bool:
    names = {
        pod["metadata"]["labels"].get("toolhive-name")
        for pod in cluster.objects("v1/Pod", namespace)
        if is_ready(pod) and pod["metadata"]["labels"]["app"] == "mcpserver"
    }
    assert names == set(SERVERS)
    return True


def _taken_over(installation: Installation, namespace: str, by: str) -> bool:
    """The proxies run; where no runner made its StatefulSet, what is behind them doesn't."""
    for name in SERVERS:
        status = installation.server(namespace, name).get("status", {})
        assert by == "operator" or status.get("phase") == "Ready", status
    for kind in CHILD_KINDS:
        for child in installation.cluster.objects(kind, namespace):
            metadata = child["metadata"]
            if metadata["name"] == "toolhive-operator" or metadata["name"].endswith("-headless"):
                continue
            assert "controller-uid" in metadata["labels"], metadata["name"]
            assert [(o["kind"], o["controller"]) for o in metadata["ownerReferences"]] == [("MCPServer", True)]
    return all(
        _deployment(installation.cluster, name, namespace)["metadata"]["annotations"].get(MANAGED_BY)
        for name in SERVERS
    )


def _remove_overrides(cluster: ControlPlane, namespace: str) -> None:
    """While neither operator looks: what the old one put there must go, though no hook ever returned it."""
    patch = {"spec": {"resourceOverrides": None}}
    cluster.kubectl("patch", "mcpserver", OVERRIDES, "-n", namespace, "--type=merge", "-p", json.dumps(patch))


def _overrides_are_gone(cluster: ControlPlane, namespace: str) -> None:
    given = takeover_044.workload(takeover_044.objects(OVERRIDES))["spec"]["resourceOverrides"]["proxyDeployment"]
    deployment = _deployment(cluster, OVERRIDES, namespace)
    metadata, template = deployment["metadata"], deployment["spec"]["template"]
    base = deployment["spec"]["selector"]["matchLabels"].keys()
    [container] = template["spec"]["containers"]
    names = {variable["name"] for variable in container["env"]}
    assert names & {variable["name"] for variable in given["env"]} == set()
    assert metadata["labels"].keys() & given["labels"].keys() - base == set()
    assert metadata["annotations"].keys() & given["annotations"].keys() == set()
    for group in ("labels", "annotations"):
        gone = given["podTemplateMetadataOverrides"][group].keys()
        assert template["metadata"][group].keys() & gone - base == set()
    assert "imagePullSecrets" not in template["spec"]


def _rules_are_in_force(cluster: ControlPlane, namespace: str) -> None:
    for kind, name in (("MCPExternalAuthConfig", "tx"), ("MCPOIDCConfig", "idp")):
        cluster.kubectl("delete", kind.lower(), name, "-n", namespace, "--wait=false")
        api = f"toolhive.stacklok.dev/v1beta1/{kind}"

        def blocked(api: str = api, name: str = name) -> bool:
            found = cluster.get(api, name, namespace) or {}
            return conditions(found).get("DeletionBlocked") == ("True", "ReferencedByWorkloads")

        eventually(blocked)


def _as_the_operator_needs_it(cluster: ControlPlane, namespace: str) -> None:
    for kind in CHILD_KINDS:
        for child in cluster.objects(kind, namespace):
            metadata = child["metadata"]
            keys = {*metadata.get("labels", {}), *metadata.get("annotations", {})}
            assert keys & {"controller-uid", LAST_APPLIED, MANAGED_BY} == set()
    for kind in RESOURCES:
        for parent in cluster.objects(f"{kind.api_version}/{kind.kind}", namespace):
            # What is being deleted takes no new finalizer; in use, it keeps the one that it has.
            going = "deletionTimestamp" in parent["metadata"]
            assert parent["metadata"]["finalizers"] == [METACONTROLLERS[kind] if going else OPERATORS[kind]]


def _migrate(cluster: ControlPlane, namespace: str, *arguments: str, left: int = 0) -> str:
    places = ("--operator-namespace", namespace)
    result = old_operator.run("migrate", cluster.kubeconfig(), *places, *arguments)
    texts = [line for line in result.stderr.splitlines() if line.startswith("left: ")]
    assert (result.returncode, len(texts)) == (1 if left else 0, left), result.stderr
    return result.stdout


def _uids(cluster: ControlPlane, namespace: str) -> dict[str, str]:
    return uids(cluster, namespace, (*CHILD_KINDS, *PARENT_KINDS))


def _deployment(cluster: ControlPlane, name: str, namespace: str) -> dict[str, Any]:
    found = cluster.get("apps/v1/Deployment", name, namespace)
    assert found is not None, f"Deployment {name} is gone"
    return found


def _rollouts(log: WatchLog) -> dict[str, int]:
    """How often each server's pod template changed."""
    return {name: log.rollouts(name) for name in SERVERS}
