"""From ToolHive's own operator to Metacontroller and back: nothing is deleted, and everything stays in force."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hooks.migrate.finalizers import METACONTROLLERS
from hooks.migrate.operators import OPERATOR_LEASE
from tests import old_operator
from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.controlplane.assets import ROOT
from tests.controlplane.fixtures import namespace_for
from tests.controlplane.processes import free_port
from tests.e2e.conftest import whole_cluster
from tests.e2e.installation import (
    CHILD_KINDS,
    PARENT_KINDS,
    Installation,
    conditions,
    installed,
    is_ready,
    manifests,
    uids,
)

pytestmark = pytest.mark.e2e

HTTP, OVERRIDES, EXCHANGE, DANGLING, AUTHZ = (
    "sse-args-env",
    "resource-overrides",
    "token-exchange",
    "token-exchange-minimal",
    "authz-inline",
)
SERVERS = (HTTP, OVERRIDES, EXCHANGE, DANGLING, AUTHZ)
COMPOSITES = sorted(finalizer.rpartition("compositecontroller-")[2] for finalizer in METACONTROLLERS.values())
OURS = ("controller-uid", "metacontroller.k8s.io/last-applied-configuration", "toolhive.stacklok.dev/managed-by")


@pytest.fixture
def namespace(cluster: ControlPlane, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace that admits the old operator's pods: they don't pass Pod Security `restricted`."""
    with namespace_for(cluster, request.node.name, "privileged") as name:
        yield name


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, metacontroller: Path) -> Iterator[ControlPlane]:
    """A cluster of this file's own: Metacontroller runs, and no CompositeController is there before a test."""
    with whole_cluster(tmp_path_factory.mktemp("migration"), metacontroller=metacontroller) as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_of_ours(cluster: ControlPlane) -> None:
    """Neither CompositeControllers, nor what earlier tests left and no hook finalizes any more."""
    cluster.kubectl("delete", "compositecontroller", "--all")

    def gone() -> bool:
        left = [parent for kind in PARENT_KINDS for parent in cluster.objects(kind)]
        for parent in left:
            where = (parent["kind"], parent["metadata"]["name"], "-n", parent["metadata"]["namespace"])
            cluster.kubectl("patch", *where, "--type=merge", "-p", '{"metadata":{"finalizers":null}}', check=False)
            cluster.kubectl("delete", *where, "--ignore-not-found")
        return not left

    eventually(gone)


def test_where_metacontroller_was_too_early_its_children_are_given_back(cluster: ControlPlane, namespace: str) -> None:
    cluster.kubectl("apply", "-f", "-", input=manifests(cluster, free_port()))  # no hook answers there
    old_operator.lay_down(cluster, namespace, EXCHANGE)
    before = _uids(cluster, namespace)

    def let_go() -> bool:
        children = [child for kind in CHILD_KINDS for child in cluster.objects(kind, namespace)]
        return not any("ownerReferences" in child["metadata"] for child in children)

    eventually(let_go, message="Metacontroller keeps children without its label")
    with WatchLog(cluster, CHILD_KINDS, namespace) as log, installed(cluster) as installation:
        eventually(lambda: installation.server(namespace, EXCHANGE).get("status", {}).get("observedGeneration"))
        _migrate(cluster, "--apply")

        eventually(lambda: installation.server(namespace, EXCHANGE)["status"]["phase"] == "Ready")
        for kind in CHILD_KINDS:
            for child in cluster.objects(kind, namespace):
                assert [owner["kind"] for owner in child["metadata"]["ownerReferences"]] == ["MCPServer"]
        assert _uids(cluster, namespace) == before
        assert log.events(type="DELETED") == []


def test_there_and_back(cluster: ControlPlane, namespace: str) -> None:
    old_operator.create(cluster, "default", old_operator.stopped_operator())
    for case in SERVERS:
        # One came from a backup: nothing says any more which of its fields the operator wrote.
        manager = "velero-server" if case == HTTP else old_operator.MANAGER
        old_operator.lay_down(cluster, namespace, case, manager=manager)
    old_operator.runners_objects(cluster, namespace, EXCHANGE)
    _while_the_old_operator_ran(cluster, namespace)
    _all_ready(cluster, namespace)
    before = _uids(cluster, namespace)
    pods = _pods(cluster, namespace)
    with WatchLog(cluster, [*CHILD_KINDS, *PARENT_KINDS], namespace) as log:
        _migrate(cluster, "--apply")
        _while_nobody_watched(cluster, namespace)
        assert _pods(cluster, namespace) == pods, "migrate itself restarts nothing"
        assert _rollouts(log) == dict.fromkeys(SERVERS, 0)

        with installed(cluster) as installation:
            _taken_over(installation, namespace)
            log.wait_quiet(2)
            _diff_shows_nothing(cluster, namespace)
            assert _uids(cluster, namespace) == before
            _pods_rolled_once(cluster, namespace, log, pods)
            _only_the_old_operators_things_are_gone(cluster, namespace)
            _rules_are_in_force(installation, namespace)
            _a_field_that_is_removed_leaves_the_child(cluster, namespace)
            log.wait_quiet(2)

            running = _pods(cluster, namespace)
            refused = _migrate(cluster, "--revert", "--apply", code=2)
            assert f"kubectl delete compositecontroller {' '.join(COMPOSITES)}" in refused
            cluster.kubectl("delete", "compositecontroller", *COMPOSITES)
            _migrate(cluster, "--revert", "--apply")
            _as_the_old_operator_needs_it(cluster, namespace)
            assert _uids(cluster, namespace) == before
            assert _pods(cluster, namespace) == running

            _migrate(cluster, "--apply")
            cluster.kubectl("apply", "-f", "-", input=manifests(cluster, installation.relay.port))
            _taken_over(installation, namespace)
            log.wait_quiet(2)
            assert _uids(cluster, namespace) == before
            assert _pods(cluster, namespace) == running, "nothing rolls when it comes back as it was"

        assert log.events(type="DELETED") == []


def test_the_commands_of_the_docs_run_in_their_order(cluster: ControlPlane, namespace: str, tmp_path: Path) -> None:
    """Each at once, but for the one before which one is told to wait; the hooks aren't there (other tests' part)."""
    cluster.kubectl("create", "namespace", "toolhive-system")
    labels = {"app.kubernetes.io/name": "toolhive-operator"}
    pod = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "manager", "image": "example.test/operator"}]},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod}
    operator = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "toolhive-operator", "labels": labels},
    }
    old_operator.create(cluster, "toolhive-system", {**operator, "spec": spec})
    old_operator.lay_down(cluster, namespace, EXCHANGE)
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "docs/migrating.md").read_text(), re.DOTALL)
    commands = [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines()]
    assert len(commands) == 15
    waited_for = ".venv/bin/toolhive-hooks migrate --apply"
    assert commands.count(waited_for) == 1

    for command in commands:
        expected = 1 if "hooks diff" in command else 0
        if command == waited_for:
            _leave_a_lease(cluster)
            with pytest.raises(AssertionError, match="refused: the old operator still runs, or did a moment ago"):
                _runs(cluster, command, expected, tmp_path)
            eventually(partial(_runs, cluster, command, expected, tmp_path), message=command)
            continue
        told = _runs(cluster, command, expected, tmp_path)
        if "storedVersions" in command:
            assert told == '["v1beta1"]'
    assert f"  name: {EXCHANGE}\n" in (tmp_path / "before.yaml").read_text()


def _leave_a_lease(cluster: ControlPlane) -> None:
    """What the old operator leaves when it stops, half a minute later."""
    renewed = datetime.now(UTC) - timedelta(seconds=30)
    spec = {"holderIdentity": "pod_1", "renewTime": renewed.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": OPERATOR_LEASE}}
    old_operator.create(cluster, "toolhive-system", {**lease, "spec": spec})


def _runs(cluster: ControlPlane, command: str, code: int, directory: Path) -> str:
    """Run a command as it is written, by a shell; what it writes to files goes to a directory."""
    env = {**old_operator.environment(cluster.kubeconfig()), "PATH": f"{cluster.bin}:{os.environ['PATH']}"}
    command = command.replace(".venv/bin/toolhive-hooks", f"{shlex.quote(sys.executable)} -m hooks")
    command = command.replace(" > ", f" > {shlex.quote(str(directory))}/")
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, cwd=ROOT, env=env)
    assert done.returncode == code, done.stderr
    return done.stdout or "done"


def _diff_shows_nothing(cluster: ControlPlane, namespace: str) -> None:
    """Without the installation's digest key too."""
    result = old_operator.run("diff", cluster.kubeconfig(), "-n", namespace)
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr.startswith(f"note: MCPServer {namespace}/{DANGLING} is Failed: MCPExternalAuthConfig ")


def _while_the_old_operator_ran(cluster: ControlPlane, namespace: str) -> None:
    """What other people did, and must be left alone; and a config that somebody deleted by force."""
    cluster.kubectl("scale", "deployment", HTTP, "-n", namespace, "--replicas=2")
    service = f"mcp-{OVERRIDES}-proxy"
    cluster.kubectl("label", "service", service, "-n", namespace, "team=theirs")
    cluster.kubectl("annotate", "deployment", OVERRIDES, "-n", namespace, "note=theirs")
    name = cluster.get(old_operator.SERVER, DANGLING, namespace)["spec"]["externalAuthConfigRef"]["name"]  # type: ignore[index]
    config = ("mcpexternalauthconfig", name, "-n", namespace)
    cluster.kubectl("patch", *config, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    cluster.kubectl("delete", *config)


def _while_nobody_watched(cluster: ControlPlane, namespace: str) -> None:
    """Edits between the two: what the old operator put there must go, though no hook ever returned it."""
    gone = {"spec": {"resourceOverrides": {"proxyDeployment": {"env": None}, "proxyService": {"annotations": None}}}}
    _edit(cluster, namespace, OVERRIDES, gone)
    _edit(cluster, namespace, HTTP, {"spec": {"port": 9999}})


def _only_the_old_operators_things_are_gone(cluster: ControlPlane, namespace: str) -> None:
    deployment = _get(cluster, "apps/v1/Deployment", OVERRIDES, namespace)
    labels, annotations = deployment["metadata"]["labels"], deployment["metadata"]["annotations"]
    assert "pl" not in labels, "the old operator put the pods' label there"
    assert (labels["team"], annotations["a"], annotations["note"]) == ("x", "1", "theirs")
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    assert [variable["name"] for variable in container["env"]] == [
        *("XDG_CONFIG_HOME", "HOME", "TOOLHIVE_RUNTIME", "UNSTRUCTURED_LOGS", "THV_MCPSERVER_GENERATION")
    ]
    assert container["imagePullPolicy"] == "IfNotPresent"
    service = _get(cluster, "v1/Service", f"mcp-{OVERRIDES}-proxy", namespace)
    assert service["metadata"]["labels"]["team"] == "theirs"
    assert "sa" not in service["metadata"]["annotations"]

    moved = _get(cluster, "v1/Service", f"mcp-{HTTP}-proxy", namespace)
    assert [port["port"] for port in moved["spec"]["ports"]] == [9999]
    scaled = _get(cluster, "apps/v1/Deployment", HTTP, namespace)
    [container] = scaled["spec"]["template"]["spec"]["containers"]
    assert [port["containerPort"] for port in container["ports"]] == [9999]
    assert scaled["spec"]["replicas"] == 2


def _taken_over(installation: Installation, namespace: str) -> None:
    def check() -> bool:
        phases = {name: installation.server(namespace, name).get("status", {}).get("phase") for name in SERVERS}
        assert phases == {**dict.fromkeys(SERVERS, "Ready"), DANGLING: "Failed"}
        for kind in CHILD_KINDS:
            for child in installation.cluster.objects(kind, namespace):
                if child["metadata"]["name"].endswith("-headless"):
                    continue
                assert "controller-uid" in child["metadata"]["labels"], child["metadata"]["name"]
                owners = [(owner["kind"], owner["controller"]) for owner in child["metadata"]["ownerReferences"]]
                assert owners == [("MCPServer", True)]
        return True

    eventually(check)


def _pods_rolled_once(cluster: ControlPlane, namespace: str, log: WatchLog, before: dict[str, list[str]]) -> None:
    """Each proxy that has a new template, once; a server that is held, and the MCP server's own pod: never."""
    assert _rollouts(log) == {**dict.fromkeys(SERVERS, 1), DANGLING: 0}
    now = _pods(cluster, namespace)
    assert now[f"{EXCHANGE}-0"] == before[f"{EXCHANGE}-0"]
    assert now[DANGLING] == before[DANGLING]


def _rules_are_in_force(installation: Installation, namespace: str) -> None:
    cluster = installation.cluster
    assert installation.external_auth(namespace, "tx")["status"]["referencingServers"] == [EXCHANGE]
    cluster.kubectl("delete", "mcpexternalauthconfig", "tx", "-n", namespace, "--wait=false")

    def blocked() -> bool:
        return conditions(installation.external_auth(namespace, "tx")).get("DeletionBlocked") == (
            "True",
            "ReferencedByWorkloads",
        )

    eventually(blocked)


def _a_field_that_is_removed_leaves_the_child(cluster: ControlPlane, namespace: str) -> None:
    removed = {"spec": {"resourceOverrides": {"proxyDeployment": {"podTemplateMetadataOverrides": {"labels": None}}}}}
    _edit(cluster, namespace, OVERRIDES, removed)

    def gone() -> bool:
        deployment = _get(cluster, "apps/v1/Deployment", OVERRIDES, namespace)
        return "pl" not in deployment["spec"]["template"]["metadata"]["labels"]

    eventually(gone)


def _as_the_old_operator_needs_it(cluster: ControlPlane, namespace: str) -> None:
    for kind in CHILD_KINDS:
        for child in cluster.objects(kind, namespace):
            metadata = child["metadata"]
            assert [
                key for key in OURS if key in {**metadata.get("labels", {}), **metadata.get("annotations", {})}
            ] == []
            assert [owner["controller"] for owner in metadata["ownerReferences"]] == [True]
    for kind in PARENT_KINDS:
        for parent in cluster.objects(kind, namespace):
            # The config that is being deleted takes no new finalizer; in use, it keeps the one that it has.
            expected = old_operator.FINALIZERS[parent["kind"]]
            if "deletionTimestamp" in parent["metadata"]:
                expected = "metacontroller.io/compositecontroller-mcpexternalauthconfig"
            assert parent["metadata"]["finalizers"] == [expected]


def _migrate(cluster: ControlPlane, *arguments: str, code: int = 0) -> str:
    result = old_operator.run("migrate", cluster.kubeconfig(), *arguments)
    expected = {code} | ({1} if "is being deleted while workloads use it" in result.stderr else set())
    assert result.returncode in expected, result.stderr
    return result.stderr


def _uids(cluster: ControlPlane, namespace: str) -> dict[str, str]:
    return uids(cluster, namespace, (*CHILD_KINDS, *PARENT_KINDS))


def _pods(cluster: ControlPlane, namespace: str) -> dict[str, list[str]]:
    """The uids of the pods that stay: a proxy's by their server's name, others by their own."""
    found: dict[str, list[str]] = {}
    for pod in cluster.objects("v1/Pod", namespace):
        metadata = pod["metadata"]
        if "deletionTimestamp" not in metadata:
            name = metadata["labels"]["toolhive-name"] if metadata["labels"]["app"] == "mcpserver" else metadata["name"]
            found.setdefault(name, []).append(metadata["uid"])
    return {name: sorted(uids) for name, uids in found.items()}


def _all_ready(cluster: ControlPlane, namespace: str) -> None:
    def check() -> bool:
        pods = cluster.objects("v1/Pod", namespace)
        return len([pod for pod in pods if is_ready(pod)]) == len(SERVERS) + 2  # one proxy twice, and a StatefulSet's

    eventually(check, message="the pods aren't ready")


def _edit(cluster: ControlPlane, namespace: str, server: str, patch: dict[str, Any]) -> None:
    cluster.kubectl("patch", "mcpserver", server, "-n", namespace, "--type=merge", "-p", json.dumps(patch))


def _get(cluster: ControlPlane, kind: str, name: str, namespace: str) -> dict[str, Any]:
    found = cluster.get(kind, name, namespace)
    assert found is not None, f"{kind} {name} is gone"
    return found


def _rollouts(log: WatchLog) -> dict[str, int]:
    """How often each server's pod template changed."""
    return {name: log.rollouts(name) for name in SERVERS}
