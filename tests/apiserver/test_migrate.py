"""`toolhive-hooks migrate` on a real API server: what it writes, what it refuses, and what an interruption leaves."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from hooks.protocol import Object
from tests import old_operator
from tests.apiserver.api_relay import api_relay
from tests.controlplane import ControlPlane, eventually
from tests.controlplane.assets import ROOT
from tests.controlplane.fixtures import apply_our_crds
from tests.old_operator import by_name, run

pytestmark = pytest.mark.apiserver

CASE = "token-exchange"
LAST_APPLIED = "metacontroller.k8s.io/last-applied-configuration"
KINDS = (
    *("apps/v1/Deployment", "apps/v1/StatefulSet", "v1/Service", "v1/ConfigMap", "v1/ServiceAccount"),
    *("rbac.authorization.k8s.io/v1/Role", "rbac.authorization.k8s.io/v1/RoleBinding"),
    *(f"toolhive.stacklok.dev/v1alpha1/{kind}" for kind in old_operator.FINALIZERS),
)
CHANGES = 11


@pytest.fixture
def laid_down(cluster: ControlPlane, namespace: str) -> str:
    """A namespace with a server, its children, its runner's objects and its config, as the old operator left them."""
    return lay_down(cluster, namespace)


def lay_down(cluster: ControlPlane, namespace: str) -> str:
    old_operator.lay_down(cluster, namespace, CASE)
    old_operator.runners_objects(cluster, namespace, CASE)
    return namespace


def migrate(
    cluster: ControlPlane, namespace: str, *arguments: str, kubeconfig: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Migrate one namespace; the old operator is looked for there too, so that tests don't see each other's."""
    places = ("-n", namespace, "--operator-namespace", namespace)
    return run("migrate", kubeconfig or cluster.kubeconfig(), *places, *arguments)


def everything(cluster: ControlPlane, namespace: str) -> dict[str, Object]:
    return by_name(obj for kind in KINDS for obj in cluster.objects(kind, namespace))


def essence(cluster: ControlPlane, namespace: str) -> dict[str, Object]:
    """All objects, less what differs between two namespaces with the same in them."""
    found = everything(cluster, namespace)
    names = {obj["metadata"]["uid"]: key for key, obj in found.items()}
    for obj in found.values():
        for key in ("resourceVersion", "creationTimestamp", "managedFields", "generation"):
            obj["metadata"].pop(key, None)
        for key in ("clusterIP", "clusterIPs"):
            obj.get("spec", {}).pop(key, None)
    text = json.dumps(found).replace(namespace, "NAMESPACE")
    for uid, name in names.items():
        text = text.replace(uid, f"uid of {name}")
    essential: dict[str, Object] = json.loads(text)
    return essential


def test_without_apply_nothing_is_written(cluster: ControlPlane, laid_down: str, tmp_path: Path) -> None:
    before = everything(cluster, laid_down)
    with api_relay(cluster, tmp_path) as relay:
        result = migrate(cluster, laid_down, kubeconfig=relay.kubeconfig)

    assert (result.returncode, result.stderr, relay.writes) == (0, "", [])
    assert result.stdout.startswith(f"namespace {laid_down}\n  Deployment/token-exchange ")
    assert result.stdout.endswith(f"\n{CHANGES} changes to make; --apply makes them\n")
    assert everything(cluster, laid_down) == before


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
    reference = {"apiVersion": "toolhive.stacklok.dev/v1alpha1", "kind": "MCPServer", "name": CASE}
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


# -- interruptions


def test_a_run_that_is_killed_at_any_write_is_finished_by_the_next(cluster: ControlPlane, tmp_path: Path) -> None:
    with _spaces(cluster, CHANGES + 1) as [whole, *spaces]:
        for space in (whole, *spaces):
            lay_down(cluster, space)
        over, back = ("--apply",), ("--revert", "--apply")
        # Back, it is the same code that writes: three moments are enough.
        for arguments, count, moments in ((over, CHANGES, range(1, CHANGES + 1)), (back, CHANGES - 1, (1, 5, 10))):
            migrate(cluster, whole, *arguments)
            uninterrupted = essence(cluster, whole)
            for moment in moments:
                space, left = spaces[moment - 1], count - moment
                _killed(cluster, tmp_path, space, moment, arguments)
                result = migrate(cluster, space, *arguments)

                assert result.returncode == 0
                made = f"{left} change{'s' * (left != 1)} made\n" if left else "nothing to change\n"
                assert result.stdout.endswith(made)
                assert essence(cluster, space) == uninterrupted


def _killed(cluster: ControlPlane, directory: Path, namespace: str, number: int, arguments: tuple[str, ...]) -> None:
    """Run until the API server has done this many writes; then kill -9, before the answer gets there."""
    running: list[subprocess.Popen[bytes]] = []

    def kill(writes: int) -> None:
        if writes == number:
            running[0].kill()
            running[0].wait()

    with api_relay(cluster, directory, kill) as relay:
        command = [
            sys.executable,
            "-m",
            "hooks",
            "migrate",
            "-n",
            namespace,
            "--operator-namespace",
            namespace,
            *arguments,
        ]
        running.append(
            subprocess.Popen(command, env=old_operator.environment(relay.kubeconfig), stdout=subprocess.DEVNULL)
        )
        assert running[0].wait(60) == -9
        assert len(relay.writes) == number


@contextmanager
def _spaces(cluster: ControlPlane, count: int) -> Iterator[list[str]]:
    """Namespaces with names of one length, so that sizes are the same."""
    names = [f"killed-{secrets.token_hex(5)}" for _ in range(count)]
    namespaces = cluster.resource("v1/Namespace")
    for name in names:
        namespaces.create(body={"metadata": {"name": name}})
    yield names
    for name in names:
        namespaces.delete(name=name)


def test_an_object_that_changes_meanwhile_keeps_that_change(
    cluster: ControlPlane, laid_down: str, tmp_path: Path
) -> None:
    """The first patch of the Deployment finds another version than was read; the next is made from that."""
    theirs = {"metadata": {"annotations": {"note": "theirs"}, "finalizers": ["example.test/theirs"]}}

    def edit(writes: int) -> None:
        if writes == 1:
            for kind, name in ((KINDS[2], f"mcp-{CASE}-proxy"), (old_operator.SERVER, CASE)):
                both = [
                    *theirs["metadata"]["finalizers"],
                    *(["mcpserver.toolhive.stacklok.dev/finalizer"] * ("MCP" in kind)),
                ]
                metadata = {**theirs["metadata"], "finalizers": both}
                old_operator.patch(cluster, laid_down, kind, name, {"metadata": metadata})

    with api_relay(cluster, tmp_path, edit) as relay:
        result = migrate(cluster, laid_down, "--apply", kubeconfig=relay.kubeconfig)

    assert (result.returncode, len(relay.writes)) == (0, CHANGES + 2)
    after = everything(cluster, laid_down)
    service, server = after[f"Service/mcp-{CASE}-proxy"]["metadata"], after[f"MCPServer/{CASE}"]["metadata"]
    assert service["annotations"].keys() == {"note", LAST_APPLIED}
    assert "note" not in service["annotations"][LAST_APPLIED]
    assert server["finalizers"] == ["example.test/theirs", "metacontroller.io/compositecontroller-mcpserver"]
    for kind, name in ((KINDS[2], f"mcp-{CASE}-proxy"), (old_operator.SERVER, CASE)):
        old_operator.patch(cluster, laid_down, kind, name, {"metadata": {"finalizers": None}})


# -- what isn't the server's, and what is going


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
        f"left: StatefulSet {laid_down}/{CASE} {name}, and nobody controls it. If it belongs to that server: "
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
        f"left: MCPExternalAuthConfig {laid_down}/tx is being deleted while MCPServers use it ({CASE}): it keeps its "
        "finalizer mcpexternalauthconfig.toolhive.stacklok.dev/finalizer. Remove their references, or the servers, and "
        "run this again\n"
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
    assert result.stderr.startswith(f"note: Deployment {laid_down}/{CASE} has no room for the record of what the old ")
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
    with _spaces(cluster, 1) as [other]:
        lay_down(cluster, other)
        before = everything(cluster, other)
        migrate(cluster, laid_down, "--apply")
        assert everything(cluster, other) == before

        result = run("migrate", cluster.kubeconfig())
        assert f"namespace {other}\n" in result.stdout
        assert f"namespace {laid_down}\n" not in result.stdout


# -- refusals


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


def test_a_cluster_that_serves_another_version_is_refused(cluster: ControlPlane, laid_down: str) -> None:
    crds = cluster.resource("apiextensions.k8s.io/v1/CustomResourceDefinition")
    name = "mcptoolconfigs.toolhive.stacklok.dev"
    [version] = crds.get(name=name).to_dict()["spec"]["versions"]
    newer = {**version, "name": "v1beta1", "storage": False}
    crds.patch(name=name, body={"spec": {"versions": [version, newer]}}, content_type=old_operator.MERGE)
    try:
        result = migrate(cluster, laid_down)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr == (
            f"refused: CustomResourceDefinition {name} stores or serves v1beta1: these hooks serve v1alpha1 alone, and "
            "such a cluster (ToolHive 0.44's own operator, for one) can't be migrated\n"
        )
    finally:
        crds.patch(name=name, body={"spec": {"versions": [version]}}, content_type=old_operator.MERGE)
        apply_our_crds(cluster)


def test_a_cluster_that_cannot_be_asked_is_said_in_one_line(cluster: ControlPlane, tmp_path: Path) -> None:
    nobody = cluster.kubeconfig("metacontroller-restricted")
    forbidden = run("migrate", nobody)
    assert (forbidden.returncode, forbidden.stdout, len(forbidden.stderr.splitlines())) == (2, "", 1)
    assert forbidden.stderr.startswith("toolhive-hooks: the API server refuses (403): customresourcedefinitions")

    config = json.loads(cluster.kubeconfig().read_text())
    config["clusters"][0]["cluster"] = {"server": "http://127.0.0.1:1"}
    (tmp_path / "config").write_text(json.dumps(config))
    away = run("migrate", tmp_path / "config")
    assert (away.returncode, len(away.stderr.splitlines())) == (2, 1)
    assert away.stderr.startswith("toolhive-hooks: http://127.0.0.1:1 can't be reached: ")

    unknown = run("migrate", cluster.kubeconfig(), "--context", "x")
    assert unknown.returncode == 2
    assert unknown.stderr.startswith("toolhive-hooks: no usable kubeconfig: ")


# -- rights


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
