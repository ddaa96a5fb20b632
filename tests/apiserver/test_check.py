"""`toolhive-hooks check` on a real API server: each fault of an installation has its cross and its remedy.

What a whole installation that is well reads like is tested in tests/e2e/test_check.py.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from hooks.kubernetes.objects import Object
from tests.apiserver.test_diff import SERVER, obj
from tests.controlplane import ControlPlane, eventually
from tests.controlplane.roles import may
from tests.old_operator import MERGE, create, run

pytestmark = pytest.mark.apiserver

ACCOUNT = {"serviceAccountName": "metacontroller"}
IMAGE = "ghcr.io/metacontroller/metacontroller:v4.17.2"
FLAGS = ["--client-go-qps=100", "--client-go-burst=200", "--workers=10"]


def check(cluster: ControlPlane, *arguments: str, user: str = "admin") -> subprocess.CompletedProcess[str]:
    return run("check", cluster.kubeconfig(user), *arguments)


def points(cluster: ControlPlane, topic: str) -> list[tuple[bool | None, str, str]]:
    """What is said of one topic."""
    result = check(cluster, "-o", "json")
    assert result.stderr == ""
    found = json.loads(result.stdout)
    return [(each["well"], each["text"], each["remedy"]) for each in found if each["topic"] == topic]


def metacontroller(image: str = IMAGE, args: list[str] = FLAGS) -> Object:
    """Metacontroller's StatefulSet; nothing runs it here."""
    labels = {"app": "metacontroller"}
    pod = {**ACCOUNT, "containers": [{"name": "metacontroller", "image": image, "args": args}]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"serviceName": "", "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "metacontroller"}, "spec": spec}


@contextmanager
def present(cluster: ControlPlane, namespace: str, manifest: Object) -> Iterator[None]:
    """An object for as long as the block: `check` looks at the whole cluster, which other tests use as well."""
    kind, name = f"{manifest['apiVersion']}/{manifest['kind']}", manifest["metadata"]["name"]
    create(cluster, namespace, manifest)
    try:
        yield
    finally:
        cluster.resource(kind).delete(name=name, namespace=namespace)


def test_the_crds_of_this_release_are_well(cluster: ControlPlane) -> None:
    found = points(cluster, "CRDs")

    assert {well for well, _, _ in found} == {True}
    assert "mcpservers.toolhive.stacklok.dev is of this release" in found[0][1]


def test_without_metacontroller_it_says_how_to_get_it(cluster: ControlPlane) -> None:
    assert points(cluster, "Metacontroller") == [
        (False, "no pods run Metacontroller in this cluster", "install Metacontroller: README.md, Install")
    ]


@pytest.mark.parametrize(
    ("image", "args", "faults"),
    [
        (IMAGE, FLAGS, []),
        (
            "example.test/mirror/metacontroller:v4.11.0@sha256:" + "0" * 64,
            FLAGS,
            [(False, "release 4.11.0 is older than 4.17.2", "upgrade it to 4.17.2 or newer")],
        ),
        (
            "metacontroller",
            FLAGS,
            [(None, "image metacontroller doesn't tell its release: it must be 4.17.2 or newer", "")],
        ),
        (
            IMAGE,
            [*FLAGS, "--apply-strategy", "server-side-apply"],
            [
                (
                    False,
                    "--apply-strategy=server-side-apply is not supported",
                    "take it away, or set dynamic-apply: kubectl edit -n {namespace} statefulset/metacontroller",
                )
            ],
        ),
        (
            IMAGE,
            [],
            [
                (
                    None,
                    "--client-go-qps=5 makes a few syncs a second in the whole cluster",
                    "set --client-go-qps=100 --client-go-burst=200 --workers=10: kubectl edit -n {namespace} "
                    "statefulset/metacontroller",
                )
            ],
        ),
    ],
    ids=["well", "old", "unknown", "strategy", "slow"],
)
def test_metacontrollers_release_and_settings_are_looked_at(
    cluster: ControlPlane, namespace: str, image: str, args: list[str], faults: list[tuple[bool | None, str, str]]
) -> None:
    with present(cluster, namespace, metacontroller(image, args)):
        found = [point for point in points(cluster, "Metacontroller") if point[0] is not True]

    unready = f"StatefulSet {namespace}/metacontroller has no ready pod"
    describe = f"kubectl describe -n {namespace} statefulset/metacontroller"
    expected = [(well, text, remedy.format(namespace=namespace)) for well, text, remedy in faults]
    assert found == [(False, unready, describe), *expected]


def test_metacontrollers_rights_are_asked_for(cluster: ControlPlane, namespace: str) -> None:
    user = f"system:serviceaccount:{namespace}:metacontroller"
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": namespace},
        "subjects": [{"kind": "ServiceAccount", "name": "metacontroller", "namespace": namespace}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
    }
    with present(cluster, namespace, metacontroller()):
        [(well, text, remedy)] = points(cluster, "rights")
        cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump(binding))
        eventually(lambda: may(cluster, user, "list", "mcpservers.toolhive.stacklok.dev"))
        allowed = points(cluster, "rights")

    assert (well, remedy) == (False, "docs/installing.md, Least privilege")
    assert text.startswith(f"{user} may not get mcpservers, list mcpservers")
    assert allowed == [(True, f"{user} has the rights that these hooks need", "")]


def test_an_event_of_a_failed_call_has_its_remedy(cluster: ControlPlane, namespace: str) -> None:
    server = create(cluster, namespace, obj(SERVER, "demo", spec={"image": "example.test/mcp:1"}))
    message = 'Sync error: http error: Post "http://x": dial tcp 10.0.0.1:8080: connect: connection refused'
    involved = {"apiVersion": server["apiVersion"], "kind": "MCPServer", "name": "demo", "namespace": namespace}
    event: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "demo.1"},
        "involvedObject": involved,
        "reason": "SyncError",
        "message": message,
        "type": "Warning",
        "lastTimestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    create(cluster, namespace, event)
    create(cluster, namespace, {**event, "metadata": {"name": "old"}, "lastTimestamp": "2026-01-01T00:00:00Z"})
    refused = f"Sync error: unsupported status code: 401 in {namespace}"
    waiting = {**event, "message": refused, "lastTimestamp": "2026-01-01T00:00:00Z"}
    involved["uid"] = server["metadata"]["uid"]
    create(cluster, namespace, {**waiting, "metadata": {"name": "demo.2"}, "involvedObject": involved})

    found = points(cluster, "calls")
    restart = "kubectl rollout restart statefulset/metacontroller -n metacontroller"
    assert (
        False,
        f"for MCPServer {namespace}/demo: unsupported status code: 401 in {namespace}",
        f"{restart}: it reads the token only when it starts. Running servers are not touched",
    ) in found

    assert (
        False,
        f"for MCPServer {namespace}/demo: {message.removeprefix('Sync error: ')}",
        "kubectl get pods -n toolhive-hooks",
    ) in found


def test_the_old_operator_is_seen(cluster: ControlPlane, namespace: str) -> None:
    labels = {"app.kubernetes.io/name": "toolhive-operator"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "m", "image": "example.test/m:1"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    operator = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "op", "labels": labels},
        "spec": spec,
    }
    with present(cluster, namespace, operator):
        found = points(cluster, "old operator")

    ours = f"the old operator still runs: Deployment {namespace}/op has"
    assert [(well, remedy) for well, said, remedy in found if said.startswith(ours)] == [(False, "docs/migrating.md")]


def test_who_may_read_little_is_told_what_is_unknown(cluster: ControlPlane) -> None:
    result = check(cluster, "-o", "json", user="tenant-0")

    [reached, *others] = json.loads(result.stdout)
    assert (result.returncode, result.stderr) == (0, "")
    assert (reached["topic"], reached["well"]) == ("cluster", True)
    assert [each["topic"] for each in others] == [
        *("CRDs", "Metacontroller", "CompositeControllers", "hooks", "calls", "old operator", "rights")
    ]
    for each in others:
        assert (each["well"], each["remedy"]) == (None, "Ask someone with more rights to run this")
        assert each["text"].startswith("the API server refuses (403): ")


def test_a_crd_of_another_release_is_told_from_this_ones(cluster: ControlPlane) -> None:
    name = "mcptoolconfigs.toolhive.stacklok.dev"
    crd = cluster.get("apiextensions.k8s.io/v1/CustomResourceDefinition", name)
    assert crd is not None
    changed = json.loads(json.dumps(crd["spec"]))
    changed["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["later"] = {
        "type": "string"
    }
    resource = cluster.resource("apiextensions.k8s.io/v1/CustomResourceDefinition")
    try:
        resource.patch(name=name, body={"spec": changed}, content_type=MERGE)
        found = [point for point in points(cluster, "CRDs") if point[0] is False]
    finally:
        resource.patch(name=name, body={"spec": crd["spec"]}, content_type=MERGE)

    version = changed["versions"][0]["name"]
    assert found == [
        (
            False,
            f"{name} has another schema than this release's in {version}",
            "toolhive-hooks crds | kubectl apply --server-side --force-conflicts -f -",
        )
    ]
