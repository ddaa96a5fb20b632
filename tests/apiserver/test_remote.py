"""docs/installing.md, "From a release": kustomize takes the manifests from a git repository at a tag.

The repository is one on this machine, with the manifests of today at the page's tag.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hooks.api.crd import crds
from hooks.kubernetes.objects import Object
from tests.apiserver.manifests import built, named, overlay
from tests.apiserver.objects import custom
from tests.apiserver.test_chart import NAMESPACES, settings
from tests.controlplane import ControlPlane, control_plane, eventually
from tests.controlplane.assets import APISERVER, ROOT
from tests.controlplane.components import wait_established
from tests.controlplane.fixtures import binaries_or_skip
from tests.e2e.page import blocks, run

pytestmark = pytest.mark.apiserver

RELEASE = "From a release"
PUBLISHED = "https://github.com/OWNER/toolhive-hooks"
TAG = "v1.2.3"  # the page's
GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.test")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster of this file's own, with the controllers that end namespaces, and without our CRDs."""
    folder = binaries_or_skip("apiserver", (*APISERVER, "kube-controller-manager"))
    with control_plane(tmp_path_factory.mktemp("remote"), folder) as running:
        stand_ins = sorted(Path(__file__).with_name("stand_ins").iterdir())
        for file in [Path(__file__).with_name("compositecontrollers.yaml"), *stand_ins]:
            running.kubectl("apply", "-f", file)
        wait_established(running)
        running.controller_manager()
        yield running


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a repository whose newest commit has none of the manifests: only the tag has them."""
    folder = tmp_path_factory.mktemp("repository")
    for part in ("metacontroller", "crds"):
        shutil.copytree(ROOT / part, folder / part)
    for command in ("init -q", "add .", "commit -qm one", f"tag {TAG}", "rm -rq .", "commit -q --allow-empty -m two"):
        subprocess.run([*GIT, "-C", folder, *command.split()], check=True, timeout=20)
    return f"file://{folder}"


def elsewhere(folder: Path, repository: str) -> Path:
    """The page's overlay, in other namespaces: component `namespaces` is taken from git too."""
    [page] = blocks(RELEASE, "yaml")
    kustomization = yaml.safe_load(page.replace(PUBLISHED, repository))
    [tls] = kustomization["components"]
    kustomization["components"].append(tls.replace("/tls?", "/namespaces?"))
    kustomization["resources"].append("namespaces.yaml")
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    (folder / "namespaces.yaml").write_text(yaml.safe_dump(settings()))
    return folder


def test_an_overlay_takes_its_manifests_from_git_at_a_tag(
    cluster: ControlPlane, repository: str, tmp_path: Path
) -> None:
    """It comes to the same as in a clone, and the API server takes it."""
    [page] = blocks(RELEASE, "yaml")
    folder = tmp_path / "remote"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(page.replace(PUBLISHED, repository))
    clone = named(built(cluster, overlay(tmp_path / "clone", ["tls"])))
    [container] = clone["Deployment", "toolhive-hooks"]["spec"]["template"]["spec"]["containers"]
    container["image"] = "ghcr.io/OWNER/toolhive-hooks:1.2.3"
    [apply] = blocks(RELEASE)

    run(cluster, apply.replace(PUBLISHED, repository), folder)

    assert named(list(yaml.safe_load_all(run(cluster, "kubectl kustomize .", folder)))) == clone
    assert {crd["metadata"]["name"] for crd in crds()} <= names(cluster, "crds")
    assert {name for kind, name in clone if kind == "CompositeController"} == names(cluster, "compositecontrollers")


def test_in_another_namespace_it_is_applied_and_deleted_and_servers_stay(
    cluster: ControlPlane, repository: str, tmp_path: Path
) -> None:
    folder = elsewhere(tmp_path / "elsewhere", repository)
    run(cluster, f'kubectl apply -k "{repository}//crds?ref={TAG}"')
    wait_established(cluster)
    server = custom("MCPServer", {"image": "mcp:1"}, name="weather")
    server["metadata"]["namespace"] = "default"
    eventually(lambda: cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump(server)))

    run(cluster, "kubectl apply -k .", folder)

    deployment = cluster.get("apps/v1/Deployment", "toolhive-hooks", NAMESPACES["hooks"])
    assert deployment is not None
    namespace = cluster.get("v1/Namespace", NAMESPACES["hooks"])
    assert namespace is not None
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"

    run(cluster, "kubectl delete -k .", folder)

    assert names(cluster, "compositecontrollers") == set()
    assert cluster.get("v1/Namespace", NAMESPACES["hooks"]) is None
    run(cluster, "kubectl delete mcpserver weather -n default", timeout=20)


def names(cluster: ControlPlane, resource: str) -> set[str]:
    found: list[Object] = yaml.safe_load(cluster.kubectl("get", resource, "-o", "yaml").stdout)["items"]
    return {obj["metadata"]["name"] for obj in found}
