"""README.md's installation, from where kind, Helm and docker have done their part."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.controlplane.assets import ROOT
from tests.e2e.conftest import whole_cluster
from tests.e2e.installation import serve
from tests.e2e.page import blocks, checkout, run

pytestmark = pytest.mark.e2e

OURS = "kubectl apply -k crds\nkubectl apply -k metacontroller\n"


def test_a_server_runs_by_copy_and_paste(tmp_path: Path, metacontroller: Path) -> None:
    """The pods of the hooks are kwok's here; what answers is a server on loopback."""
    [commands] = blocks("Install", page=ROOT / "README.md")
    assert OURS in commands
    with whole_cluster(tmp_path, metacontroller=metacontroller) as cluster:
        tree = checkout(tmp_path / "clone", serve(cluster, "hooks").port)

        said = run(cluster, OURS + commands.partition(OURS)[2], tree, timeout=300)

    assert said.endswith("mcpserver.toolhive.stacklok.dev/fetch condition met\n")
