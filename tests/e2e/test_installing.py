"""docs/installing.md: what it says is done on a cluster, and has the effect that it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.controlplane import ControlPlane, eventually
from tests.controlplane.assets import ROOT
from tests.controlplane.components import metacontroller_crds, wait_established
from tests.e2e.conftest import whole_cluster
from tests.e2e.page import blocks, run

pytestmark = pytest.mark.e2e

STAND_INS = ROOT / "tests/apiserver/stand_ins"
ACCOUNT = "system:serviceaccount:metacontroller:metacontroller"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, metacontroller: Path) -> Iterator[ControlPlane]:
    """A cluster with Metacontroller's own manifests, and stand-ins for cert-manager's CRDs. Its pods are kwok's."""
    shipped = metacontroller_crds(metacontroller).parent
    if not (shipped / "kustomization.yaml").exists():
        pytest.skip("Metacontroller's manifests are not beside its CRDs")
    with whole_cluster(tmp_path_factory.mktemp("installing")) as running:
        for file in sorted(STAND_INS.iterdir()):
            running.kubectl("apply", "-f", file)
        manifests = running.kubectl("kustomize", shipped).stdout  # its kustomization is of an older form: it warns
        running.kubectl("apply", "-f", "-", input=manifests)
        wait_established(running)
        eventually(lambda: running.kubectl("get", "compositecontrollers,certificates,issuers", "-A"))
        yield running


def secret(cluster: ControlPlane, name: str) -> dict[str, str]:
    found = cluster.get("v1/Secret", name, "toolhive-hooks")
    assert found is not None
    return dict(found["data"])


def hooks_pods(cluster: ControlPlane, namespace: str = "toolhive-hooks") -> set[str]:
    pods = cluster.objects("v1/Pod", namespace)
    return {pod["metadata"]["uid"] for pod in pods if "deletionTimestamp" not in pod["metadata"]}


def test_a_secure_installation_by_the_page(cluster: ControlPlane) -> None:
    """Applied, rotated, and Metacontroller's rights taken away, in the page's order."""
    [install] = blocks("Components")
    run(cluster, install)
    assert len(hooks_pods(cluster)) == 2

    rotate_token, rotate_digest_key = blocks("Rotation")
    for rotate, name, restarted in (
        (rotate_token, "toolhive-hooks-auth", "metacontroller"),
        (rotate_digest_key, "toolhive-hooks-digest-key", "toolhive-hooks"),
    ):
        before, pods = secret(cluster, name), hooks_pods(cluster, restarted)
        run(cluster, rotate)
        after = secret(cluster, name)
        assert (after.keys(), after == before) == (before.keys(), False)
        eventually(lambda pods=pods, restarted=restarted: not pods & hooks_pods(cluster, restarted))

    may = ("auth", "can-i", "create", "clusterrolebindings", f"--as={ACCOUNT}")
    assert cluster.kubectl(*may).stdout == "yes\n"
    [bound] = blocks("Least privilege")
    listed = run(cluster, bound)
    eventually(lambda: cluster.kubectl(*may, check=False).stdout == "no\n")
    assert "mcpservers.toolhive.stacklok.dev/status" in listed
    assert "*.*" not in listed


@pytest.fixture
def production(tmp_path: Path) -> Path:
    """A clone's overlays/production, to be written; the clone is `tmp_path`."""
    folder = tmp_path / "overlays/production"
    folder.mkdir(parents=True)
    for part in ("metacontroller", "crds"):
        (tmp_path / part).symlink_to(ROOT / part)
    return folder / "kustomization.yaml"


def test_an_overlay_by_the_page(cluster: ControlPlane, tmp_path: Path, production: Path) -> None:
    """The page's example of an overlay is admitted, with the image and setting that it names."""
    [overlay] = blocks("Components", "yaml")
    production.write_text(overlay)

    run(cluster, "kubectl apply --validate=strict --dry-run=server -k overlays/production", tmp_path)
    objects = yaml.safe_load_all(run(cluster, "kubectl kustomize overlays/production", tmp_path))

    [deployment] = [obj for obj in objects if obj["kind"] == "Deployment"]
    [hooks] = deployment["spec"]["template"]["spec"]["containers"]
    assert hooks["image"] == "registry.example.com/toolhive-hooks:1.0"
    assert {"name": "TOOLHIVE_RUNNER_IMAGE", "value": "registry.example.com/proxyrunner:v0.44.0"} in hooks["env"]


def test_metacontroller_without_cluster_admin_by_the_page(
    cluster: ControlPlane, tmp_path: Path, production: Path, metacontroller: Path
) -> None:
    """The page's overlay with Metacontroller's manifests, which lie here rather than on GitHub."""
    [overlay] = blocks("Least privilege", "yaml")
    (tmp_path / "shipped").symlink_to(metacontroller_crds(metacontroller).parent)
    production.write_text(re.sub(r"https://github\.com/\S+", "../../shipped", overlay))

    built = list(yaml.safe_load_all(run(cluster, "kubectl kustomize overlays/production", tmp_path)))

    kinds = [obj["kind"] for obj in built]
    assert "ClusterRoleBinding" not in kinds
    [arguments] = [
        obj["spec"]["template"]["spec"]["containers"][0]["args"] for obj in built if obj["kind"] == "StatefulSet"
    ]
    assert arguments[-3:] == ["--client-go-qps=100", "--client-go-burst=200", "--workers=10"]
