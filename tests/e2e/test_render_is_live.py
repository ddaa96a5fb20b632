"""What render prints is what the cluster holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hooks.protocol import LAST_APPLIED
from tests.controlplane.assets import ROOT
from tests.e2e.installation import PARENT_KINDS, SETTINGS, Installation

pytestmark = pytest.mark.e2e

EXAMPLES = sorted(path.parent for path in ROOT.glob("examples/*/mcpserver.yaml"))
CHECKSUMS = ("toolhive.stacklok.dev/content-checksum", "toolhive.stacklok.dev/runconfig-checksum")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_render_prints_what_the_cluster_holds(installation: Installation, namespace: str, example: Path) -> None:
    installation.deploy(namespace, example)
    manifests = installation.cluster.kubectl(
        *("create", "-n", namespace, "-f", example, "--dry-run=client", "-o", "json")
    ).stdout

    for printed in rendered(manifests):
        kind = f"{printed['apiVersion']}/{printed['kind']}"
        name = printed["metadata"]["name"]
        held = installation.cluster.get(kind, name, namespace)
        assert held is not None, f"{kind} {name} is not in the cluster"
        if kind in PARENT_KINDS:
            assert _verdict(held) == _verdict(printed)
        else:
            applied = json.loads(held["metadata"]["annotations"][LAST_APPLIED])
            del applied["metadata"]["labels"]["controller-uid"]
            assert _plain(applied) == _plain(printed)
            assert _holds(held, applied), f"{kind} {name} differs from what was applied"


def rendered(manifests: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "hooks", "render", "-", "-o", "json"]
    result = subprocess.run(command, input=manifests, capture_output=True, text=True, check=True, env=SETTINGS)
    items: list[dict[str, Any]] = json.loads(result.stdout)["items"]
    return items


def _plain(child: dict[str, Any]) -> dict[str, Any]:
    """A child less its parent's uid, which a cluster draws by lot, and the checksums that it goes into."""
    child = json.loads(json.dumps(child))
    if not child["metadata"].get("labels"):
        child["metadata"].pop("labels", None)
    annotations = child["metadata"].get("annotations", {})
    template = child.get("spec", {}).get("template", {}).get("metadata", {}).get("annotations", {})
    for key in CHECKSUMS:
        annotations.pop(key, None)
        template.pop(key, None)
    if "runconfig.json" in child.get("data", {}):
        run = json.loads(child["data"]["runconfig.json"])
        del run["container_labels"]["controller-uid"]
        child["data"]["runconfig.json"] = json.dumps(run)  # the order of the keys counts
    return child


def _verdict(parent: dict[str, Any]) -> dict[str, Any]:
    """A parent's status less what needs pods: offline there are none."""
    status = {key: value for key, value in parent["status"].items() if key not in ("phase", "message")}
    status["conditions"] = [
        {key: value for key, value in condition.items() if key != "lastTransitionTime"}
        for condition in status["conditions"]
        if condition["type"] != "Ready"
    ]
    return status


def _holds(live: Any, wanted: Any) -> bool:
    """Whether a live object has all that was applied; the API server may have added to it."""
    if isinstance(wanted, dict):
        return isinstance(live, dict) and all(key in live and _holds(live[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return len(live) == len(wanted) and all(_holds(*pair) for pair in zip(live, wanted, strict=True))
    return bool(live == wanted)
