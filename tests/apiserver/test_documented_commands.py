"""Commands of docs/ that an API server alone can answer, on the pages that PAGES lists.

tests/documented.py says which commands these are. They run in the page's order, as they are written.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.apiserver.test_installing import helm_on_path
from tests.controlplane import ControlPlane, control_plane
from tests.controlplane.assets import APISERVER, ROOT
from tests.controlplane.components import wait_established
from tests.controlplane.fixtures import apply_our_crds, binaries_or_skip
from tests.documented import AN_API_SERVER, run_by
from tests.e2e.page import run

__all__ = ["helm_on_path"]

pytestmark = pytest.mark.apiserver

EXAMPLE = ROOT / "examples/token-exchange"
BY_HELM = "installing.md"
PAGES = (BY_HELM, "gitops.md", "scaling.md", "shared-configs.md", "status.md", "troubleshooting.md", "upgrading.md")
"""The page that installs by Helm comes first: Helm takes over no objects that are there."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster of this file's own with our CRDs, a server, and what its proxy would make; nothing runs."""
    folder = binaries_or_skip("apiserver", APISERVER)
    with control_plane(tmp_path_factory.mktemp("documented"), folder) as cluster:
        apply_our_crds(cluster)
        cluster.kubectl("apply", "-f", Path(__file__).with_name("compositecontrollers.yaml"))
        for stand_in in sorted(Path(__file__).with_name("stand_ins").iterdir()):
            cluster.kubectl("apply", "-f", stand_in)
        wait_established(cluster)
        cluster.kubectl("apply", "--recursive", "-f", EXAMPLE)
        cluster.kubectl("create", "namespace", "staging")
        cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump(stateful_set("weather")))
        yield cluster


def stateful_set(name: str) -> dict[str, object]:
    """What the proxy makes for the MCP server, as short as the API server takes it."""
    labels = {"app": name}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "mcp", "image": "example.test/mcp"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": labels}, "serviceName": name, "template": pod},
    }


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """This repository, and in it what the page on GitOps has in the reader's: an overlay, and a chart of servers."""
    for part in ("metacontroller", "crds", "charts"):
        (tmp_path / part).symlink_to(ROOT / part)
    overlay, chart = tmp_path / "production", tmp_path / "servers"
    server = (ROOT / "examples/minimal/mcpserver.yaml").read_text()
    (chart / "templates").mkdir(parents=True)
    (chart / "templates/server.yaml").write_text(server)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: servers\nversion: 0.1.0\n")
    overlay.mkdir()
    (overlay / "server.yaml").write_text(server)
    (overlay / "kustomization.yaml").write_text("namespace: production\nresources: [server.yaml]\n")
    return tmp_path


@pytest.mark.usefixtures("helm_on_path")
@pytest.mark.parametrize("page", PAGES)
def test_a_command_that_needs_an_api_server(
    installed: ControlPlane, clone: Path, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    of_the_page = [command for command in run_by(AN_API_SERVER) if command.page == f"docs/{page}"]

    assert of_the_page
    if page != BY_HELM:
        run(installed, "kubectl apply -k metacontroller", clone)
    for command in of_the_page:
        run(installed, command.text, clone)


def test_these_are_all_the_pages() -> None:
    assert {command.page.removeprefix("docs/") for command in run_by(AN_API_SERVER)} == set(PAGES)
