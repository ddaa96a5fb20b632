"""What a namespace holds, against what `toolhive-hooks render` makes of the manifests in it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from hooks.metacontroller.last_applied import LAST_APPLIED
from tests.controlplane import ControlPlane
from tests.e2e.installation import CHILD_KINDS, PARENT_KINDS, SETTINGS

GROUP = "toolhive.stacklok.dev/"
VARYING = tuple(
    f"toolhive.stacklok.dev/{key}"
    for key in ("content-checksum", "runconfig-checksum", "workload-hash", "mcpserver-generation")
)


def as_rendered(cluster: ControlPlane, namespace: str, code: int = 0) -> None:
    """Every child and verdict in a namespace is what render makes of what users wrote; there is no other child."""
    children = {_key(obj): obj for kind in CHILD_KINDS for obj in cluster.objects(kind, namespace) if _is_owned(obj)}
    parents = {_key(obj): obj for kind in PARENT_KINDS for obj in cluster.objects(kind, namespace)}
    printed = {_key(obj): obj for obj in rendered(_manifests(cluster, namespace), code)}
    assert set(printed) == {*children, *parents}
    for key, obj in {**children, **parents}.items():
        compare(obj, printed[key])


def _key(obj: dict[str, Any]) -> tuple[str, str]:
    return obj["kind"], obj["metadata"]["name"]


def _is_owned(obj: dict[str, Any]) -> bool:
    owners = obj["metadata"].get("ownerReferences") or []
    return any(owner["apiVersion"].startswith(GROUP) and owner.get("controller") for owner in owners)


def _manifests(cluster: ControlPlane, namespace: str) -> str:
    """What users made in a namespace, as they would write it."""
    found = [obj for kind in (*PARENT_KINDS, "v1/Secret", "v1/ConfigMap") for obj in cluster.objects(kind, namespace)]
    written = [
        {key: value for key, value in obj.items() if key not in ("metadata", "status")}
        | {"metadata": {"name": obj["metadata"]["name"], "namespace": namespace}}
        for obj in found
        if not _is_owned(obj)
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": written})


def compare(held: dict[str, Any], printed: dict[str, Any]) -> None:
    """An object of the cluster against the same one as render prints it."""
    if printed["apiVersion"].startswith(GROUP):
        assert (printed["metadata"]["name"], _verdict(held)) == (printed["metadata"]["name"], _verdict(printed))
        return
    applied = json.loads(held["metadata"]["annotations"][LAST_APPLIED])
    del applied["metadata"]["labels"]["controller-uid"]
    assert _plain(applied) == _plain(printed)
    assert _holds(held, applied), f"{printed['kind']} {printed['metadata']['name']} differs from what was applied"


def rendered(manifests: str, code: int = 0) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "hooks", "render", "-", "-o", "json"]
    result = subprocess.run(command, input=manifests, capture_output=True, text=True, check=False, env=SETTINGS)
    assert result.returncode == code, result.stderr
    items: list[dict[str, Any]] = json.loads(result.stdout)["items"]
    return items


def _plain(child: dict[str, Any]) -> dict[str, Any]:
    """A child less its parent's uid, which a cluster draws by lot, the stamp that counts edits, and their checksums."""
    child = json.loads(json.dumps(child))
    if not child["metadata"].get("labels"):
        child["metadata"].pop("labels", None)
    annotations = child["metadata"].get("annotations", {})
    template = child.get("spec", {}).get("template", {}).get("metadata", {}).get("annotations", {})
    for key in VARYING:
        annotations.pop(key, None)
        template.pop(key, None)
    if "runconfig.json" in child.get("data", {}):
        run = json.loads(child["data"]["runconfig.json"])
        run.pop("mcpserver_generation", None)  # a remote proxy has neither
        run.get("container_labels", {}).pop("controller-uid", None)
        child["data"]["runconfig.json"] = json.dumps(run)  # the order of the keys counts
    return child


def _verdict(parent: dict[str, Any]) -> dict[str, Any]:
    """A parent's status less what needs pods, of which there are none offline, and less times and generations."""
    unlike = ("observedGeneration", "lastTransitionTime")
    of_pods = ("phase", "message", "readyReplicas")
    status = {key: value for key, value in parent["status"].items() if key not in (*of_pods, *unlike)}
    status["conditions"] = [
        {key: value for key, value in condition.items() if key not in unlike}
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
