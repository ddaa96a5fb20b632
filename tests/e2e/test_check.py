"""`toolhive-hooks check` and `status` on a whole cluster: no cross where it is well, each fault with its remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hooks.kubernetes.objects import Object
from tests.controlplane import ControlPlane, eventually
from tests.controlplane.assets import ROOT
from tests.controlplane.fixtures import namespace_for
from tests.e2e.conftest import whole_cluster
from tests.e2e.installation import Installation, installed
from tests.examples import commands
from tests.old_operator import MERGE, run

pytestmark = pytest.mark.e2e

COMPOSITE = "metacontroller.k8s.io/v1alpha1/CompositeController"
NAMESPACE = "metacontroller"


def check(installation: Installation, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and points."""
    result = run("check", installation.cluster.kubeconfig(), "-o", "json", *arguments)
    assert result.stderr == ""
    return result.returncode, json.loads(result.stdout)


def crosses(found: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(each["topic"], each["text"], each["remedy"]) for each in found if each["well"] is False]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, metacontroller: Path) -> Iterator[Installation]:
    """A cluster of this file's own with our hooks: `check` judges all that is in it."""
    with (
        whole_cluster(tmp_path_factory.mktemp("check"), metacontroller=metacontroller) as cluster,
        installed(cluster) as running,
    ):
        make_metacontroller_pod(cluster)
        yield running


@pytest.fixture
def namespace(installation: Installation, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own in that cluster."""
    with namespace_for(installation.cluster, request.node.name) as name:
        yield name


def make_metacontroller_pod(cluster: ControlPlane) -> None:
    """Make Metacontroller's StatefulSet as a user has it; the one that works here is a process beside the cluster."""
    labels = {"app": "metacontroller"}
    args = ["--client-go-qps=100", "--client-go-burst=200", "--workers=10"]
    container = {"name": "metacontroller", "image": "ghcr.io/metacontroller/metacontroller:v4.17.2", "args": args}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "metacontroller"}}
    template = {
        "metadata": {"labels": labels},
        "spec": {"serviceAccountName": "metacontroller", "containers": [container]},
    }
    spec = {"serviceName": "", "selector": {"matchLabels": labels}, "template": template}
    stateful_set = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "metacontroller"},
        "spec": spec,
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "metacontroller"},
        "subjects": [{"kind": "ServiceAccount", "name": "metacontroller", "namespace": NAMESPACE}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
    }
    cluster.kubectl("create", "namespace", NAMESPACE)
    made = yaml.safe_dump_all([account, stateful_set, binding])
    cluster.kubectl("apply", "-n", NAMESPACE, "-f", "-", input=made)
    cluster.kubectl("rollout", "status", "statefulset/metacontroller", "-n", NAMESPACE, "--timeout=110s")


def test_an_installation_that_is_well_has_no_cross(installation: Installation, namespace: str) -> None:
    installation.deploy(namespace, ROOT / "examples/token-exchange")

    code, found = check(installation, "--wait", "1m")

    assert (code, crosses(found)) == (0, [])
    topics = list(dict.fromkeys(each["topic"] for each in found))
    assert topics == [
        *("cluster", "CRDs", "Metacontroller", "CompositeControllers", "hooks", "calls", "old operator", "rights")
    ]
    text = run("check", installation.cluster.kubeconfig()).stdout.splitlines()
    assert text[0] == "cluster"
    assert text[1].startswith("  ✓ the API server answers (v1.")
    assert text[-1].endswith(" 0 not, 1 unknown")


VARYING = [
    (r"weather-[0-9a-f]{6,10}-[a-z0-9]{5}", "weather-POD"),
    (r"v1\.\d+\.\d+", "v1.X"),
    (r"http://127\.0\.0\.1:\d+ is no Service.*", ""),
    (r"hooks\n.*?(?=calls\n)", ""),  # they are a process beside this cluster
    (r"( +✓ \S+ is of this release( \([^)]*\))?\n)+", " ✓ EACH\n"),
    (r"(?<=team-a/weather) +(Running|Ready)", " WELL"),  # a phase's two names
    (r"\d+ well, 0 not, \d+ unknown", "COUNTS"),
    (r" +", " "),
]
"""What differs from cluster to cluster."""


def test_the_page_shows_what_is_shown(installation: Installation, namespace: str) -> None:
    shown = {command.line: command.output for command in commands((ROOT / "docs/cli.md").read_text())}
    installation.deploy(namespace, ROOT / "examples/token-exchange")
    kubeconfig = installation.cluster.kubeconfig()

    status = run("status", kubeconfig, "-n", namespace).stdout.replace(namespace, "team-a")
    checked = run("check", kubeconfig, "--wait", "1m").stdout

    assert plain(shown["toolhive-hooks status -n team-a"]) == plain(status)
    assert plain(shown["toolhive-hooks check"]) == plain(checked)


def plain(text: str) -> str:
    """A text less what varies."""
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text, flags=re.DOTALL if "calls" in pattern else 0)
    return text.strip()


def test_a_controller_of_another_release_has_a_cross(installation: Installation) -> None:
    composites = installation.cluster.resource(COMPOSITE)
    before = installation.cluster.get(COMPOSITE, "mcptoolconfig")
    assert before is not None
    changed: Object = json.loads(json.dumps(before["spec"]))
    changed["hooks"]["sync"]["webhook"]["url"] += "9"
    changed["generateSelector"] = False
    try:
        composites.patch(name="mcptoolconfig", body={"spec": changed}, content_type=MERGE)
        code, found = check(installation)
    finally:
        composites.patch(name="mcptoolconfig", body={"spec": before["spec"]}, content_type=MERGE)

    remedy = "kubectl apply -k metacontroller/"
    said = [each for each in crosses(found) if each[0] == "CompositeControllers"]
    path = "/mcptoolconfig/sync?rules="
    assert code == 1
    assert [(topic, text.partition(path)[0], remedy) for topic, text, remedy in said] == [
        (
            "CompositeControllers",
            "mcptoolconfig: spec.generateSelector isn't true: children aren't found",
            remedy,
        ),
        ("CompositeControllers", "mcptoolconfig: spec.hooks.sync calls another path than ", remedy),
    ]


def test_without_a_controller_a_kind_has_a_cross(installation: Installation) -> None:
    cluster = installation.cluster
    before = cluster.get(COMPOSITE, "mcptoolconfig")
    assert before is not None
    cluster.resource(COMPOSITE).delete(name="mcptoolconfig")
    try:
        eventually(lambda: cluster.get(COMPOSITE, "mcptoolconfig") is None)
        code, found = check(installation)
    finally:
        metadata = {"name": "mcptoolconfig", "labels": before["metadata"]["labels"]}
        cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump({**before, "metadata": metadata, "status": None}))

    assert code == 1
    assert ("CompositeControllers", "there is none for MCPToolConfig", "kubectl apply -k metacontroller/") in crosses(
        found
    )


def test_calls_that_fail_have_a_cross(installation: Installation, namespace: str) -> None:
    composites = installation.cluster.resource(COMPOSITE)
    before = installation.cluster.get(COMPOSITE, "mcptoolconfig")
    assert before is not None
    changed: Object = json.loads(json.dumps(before["spec"]))
    for hook in changed["hooks"].values():
        hook["webhook"]["url"] = re.sub(r":\d+/", ":1/", hook["webhook"]["url"])  # where nothing listens
    config = {
        "apiVersion": "toolhive.stacklok.dev/v1alpha1",
        "kind": "MCPToolConfig",
        "metadata": {"name": "tools"},
        "spec": {"toolsFilter": ["a"]},
    }
    try:
        composites.patch(name="mcptoolconfig", body={"spec": changed}, content_type=MERGE)
        installation.cluster.kubectl("apply", "-n", namespace, "-f", "-", input=yaml.safe_dump(config))

        def failed() -> list[tuple[str, str, str]]:
            return [each for each in crosses(check(installation)[1]) if each[0] == "calls"]

        eventually(lambda: bool(failed()))
        [(_, text, remedy), *_] = failed()
    finally:
        composites.patch(name="mcptoolconfig", body={"spec": before["spec"]}, content_type=MERGE)

    assert text.startswith(f"for MCPToolConfig {namespace}/tools: ")
    assert "connection refused" in text
    assert remedy == "kubectl get pods -n toolhive-hooks"
