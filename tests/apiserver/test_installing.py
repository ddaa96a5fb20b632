"""docs/installing.md: its sections on namespaces, Helm, images and people, on a real API server.

What needs Metacontroller or pods is in tests/e2e/test_installing.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hooks.api.kinds import MCP_SERVER, RESOURCES
from hooks.kubernetes.kinds import DEPLOYMENT
from tests.apiserver.live import LiveWorld
from tests.apiserver.manifests import built, named
from tests.apiserver.objects import custom
from tests.apiserver.test_chart import TEMPLATE, in_any_order, templated
from tests.apiserver.test_components import served
from tests.controlplane import ControlPlane, control_plane, eventually
from tests.controlplane.assets import APISERVER, ROOT
from tests.controlplane.fixtures import apply_our_crds, binaries_or_skip
from tests.controlplane.roles import aggregate, may
from tests.e2e.page import PAGE, blocks, run
from tests.go_tools import binary
from tools.images import images

__all__ = ["served"]

pytestmark = pytest.mark.apiserver


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What the page's commands are run in."""
    for part in ("metacontroller", "crds", "charts"):
        (tmp_path / part).symlink_to(ROOT / part)
    return tmp_path


@pytest.fixture
def helm_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `helm` on PATH. A Helm that Go built renders for Kubernetes v1.20, so `template` is told the version."""
    script = tmp_path / "bin/helm"
    script.parent.mkdir()
    script.write_text(
        f'#!/bin/sh\n[ "$1" = template ] && set -- "$@" {TEMPLATE[3]} {TEMPLATE[4]}\nexec "{binary("helm")}" "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")


def test_other_namespaces_by_the_page(cluster: ControlPlane, clone: Path) -> None:
    """The overlay that the page shows, and the chart, come to the same."""
    for block in blocks("Other namespaces", "yaml"):
        file = clone / block.partition("\n")[0].removeprefix("# ")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block)

    overlay = built(cluster, clone / "overlays/production")

    assert in_any_order(overlay) == in_any_order(templated(["tls"], elsewhere=True))


@pytest.mark.usefixtures("helm_on_path")
def test_helm_template_by_the_page(served: ControlPlane, clone: Path) -> None:
    [command] = blocks("Helm")
    applied, _, _ = command.partition(" | kubectl apply")

    objects = [document for document in yaml.safe_load_all(run(served, applied, clone)) if document]

    assert ("Namespace", "platform-mcp") in named(objects)
    assert {obj["metadata"]["namespace"] for obj in objects if obj["kind"] == "Deployment"} == {"platform-mcp"}


def test_images_are_those_that_are_listed(cluster: ControlPlane) -> None:
    """The page's command names the hooks' image; the page's table, the other two, as tools/images.py has them."""
    [listing] = blocks("Images and air gaps")[:1]
    told = PAGE.read_text()

    assert run(cluster, listing) == "image: toolhive-hooks:dev\n"
    assert [image for image in images("toolhive-hooks:dev")[1:] if f"| `{image}` |" not in told] == []


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[ControlPlane]:
    """A cluster of one test's own: the page's command pauses the proxies of all namespaces."""
    with control_plane(tmp_path, binaries_or_skip("apiserver", APISERVER)) as running:
        apply_our_crds(running)
        yield running


def test_proxies_are_paused_and_stay_so(empty: ControlPlane) -> None:
    """A paused Deployment rolls no pods; the edit arrives in its template, and `paused` stays."""
    world = LiveWorld(empty, "default")
    world.make(custom("MCPServer", {"image": "mcp:1"}, name="weather"))
    pause = blocks("Images and air gaps")[1]

    def deployed() -> tuple[bool, str]:
        """Whether the Deployment is paused, and the image that its proxy is told to run."""
        found = empty.get(f"{DEPLOYMENT.api_version}/{DEPLOYMENT.kind}", "weather", "default")
        assert found is not None
        [proxy] = found["spec"]["template"]["spec"]["containers"]
        return found["spec"].get("paused", False), proxy["args"][-1]

    run(empty, pause)
    world.edit(MCP_SERVER, "weather", {"image": "mcp:2"})
    assert deployed() == (True, "mcp:2")

    run(empty, "kubectl rollout resume deployment -n default -l toolhive=true")
    world.settle()
    assert deployed() == (False, "mcp:2")


VERBS = {
    "view": {"get", "list", "watch"},
    "edit": {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"},
}


def test_roles_are_added_to_those_of_people(cluster: ControlPlane) -> None:
    """`view` reads every kind, `edit` and `admin` write them too, and none of them a status."""
    cluster.kubectl("apply", "-f", ROOT / "metacontroller/components/roles/clusterroles.yaml")
    aggregate(cluster)
    names = [f"{resource.resource}.{resource.group}" for resource in RESOURCES]

    for role, verbs in {**VERBS, "admin": VERBS["edit"]}.items():
        user = f"someone-with-{role}"
        cluster.kubectl("create", "clusterrolebinding", user, f"--clusterrole={role}", f"--user={user}")

        def as_said(user: str = user, verbs: set[str] = verbs) -> bool:
            allowed = {name: {verb for verb in VERBS["edit"] if may(cluster, user, verb, name)} for name in names}
            assert allowed == dict.fromkeys(names, verbs)
            return True

        eventually(as_said, message=f"rights of {role}")
        assert [name for name in names if may(cluster, user, "update", f"{name}/status")] == []
