"""Release 0.1.0 of these hooks, from this repository's own history: its manifests as data, its code by git."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.controlplane import ControlPlane
from tests.controlplane.assets import ROOT
from tests.controlplane.processes import free_port
from tests.e2e.installation import SETTINGS, point_at
from tests.served import Served, command

COMMIT = "905f7d3"
MANIFESTS = Path(__file__).with_name("release_0_1")
CRDS = sorted(MANIFESTS.glob("toolhive.stacklok.dev_*.yaml"))
CONTROLLERS = sorted(MANIFESTS.glob("mcp*.yaml"))
DEPENDENCY = "msgspec>=0.20,<1"  # the one library that the hooks of today don't have


@dataclass(frozen=True)
class OldRelease:
    """The code of release 0.1.0 in a folder, with what it imports."""

    folder: Path

    def serve(self, cluster: ControlPlane, name: str) -> Served:
        """Start its server, for as long as the cluster lives."""
        port, probes = free_port(), free_port()
        env = {**SETTINGS, "PYTHONPATH": f"{self.folder}:{self.folder / 'libraries'}"}
        return Served(cluster.run(name, command(port, probes), env=env), port, probes).wait_ready()


def old_release(folder: Path) -> OldRelease:
    """Unpack the release; the test is skipped in a clone without history, and where pip can't install anything."""
    archive = subprocess.run(["git", "archive", COMMIT, "hooks"], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        pytest.skip(f"e2e: SKIPPED (commit {COMMIT} is not in this clone)")
    subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder / "libraries", DEPENDENCY]
    if subprocess.run(pip, capture_output=True, check=False).returncode:
        pytest.skip(f"e2e: SKIPPED ({DEPENDENCY} can't be installed)")
    return OldRelease(folder)


def controllers(port: int) -> str:
    """The release's CompositeControllers, with their webhooks on loopback."""
    documents: list[dict[str, Any]] = [yaml.safe_load(path.read_text()) for path in CONTROLLERS]
    for document in documents:
        point_at(document, port)
    return yaml.safe_dump_all(documents)
