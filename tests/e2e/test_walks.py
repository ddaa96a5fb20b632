"""Each field of an MCPServer set and taken back with a real Metacontroller, all at once: what was before is again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hooks.metacontroller.last_applied import LAST_APPLIED
from tests.controlplane import WatchLog, eventually
from tests.e2e.installation import CHILD_KINDS, TOOLHIVE, Installation
from tests.neighbours import MANIFESTS
from tests.stamps import unstamped
from tests.strategies import GOOD_VALUES
from tests.unordered import unordered

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

COMPANIONS: dict[str, dict[str, Any]] = {
    "rateLimiting": {"sessionStorage": {"provider": "redis", "address": "redis:6379"}},
    "authServerRef": {"oidcConfigRef": GOOD_VALUES["oidcConfigRef"][0]},
}
"""What a field doesn't go without."""
SCALES = ("replicas", "backendReplicas")
"""Without these the replicas are left as they are: there is no way back to what was before."""
WALKS = {
    f"{field.lower()}-{number}": {field: value, **COMPANIONS.get(field, {})}
    for field, values in GOOD_VALUES.items()
    for number, value in enumerate(values)
    if field not in SCALES
}
BASE = {"image": "example.test/mcp:1", "transport": "stdio"}
NO_ROLLOUT = {
    *("transport-0", "proxymode-0", "port-0", "proxyport-0", "trustproxyheaders-1", "sessionstorage-0"),
    *("resourceoverrides-3", "sessionaffinity-0", "sessionaffinity-1", "groupref-0"),
}
"""The default, said or unsaid; and what concerns the Service or a group alone."""


def apply(installation: Installation, namespace: str, specs: dict[str, dict[str, Any]]) -> None:
    """Apply a server for each walk with the fields of that walk, and wait until each runs with it."""
    cluster = installation.cluster
    servers = [
        {"apiVersion": TOOLHIVE, "kind": "MCPServer", "metadata": {"name": name}, "spec": {**BASE, **fields}}
        for name, fields in specs.items()
    ]
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input="\n---\n".join(map(json.dumps, servers)))

    def running() -> bool:
        for server in cluster.objects(f"{TOOLHIVE}/MCPServer", namespace):
            status, name = server.get("status", {}), server["metadata"]["name"]
            assert status.get("observedGeneration") == server["metadata"]["generation"], name
            assert status["phase"] == "Ready", (name, status)
            assert status["message"].startswith("MCP server is running"), (name, status)
        return True

    eventually(running, timeout=180)


def children(installation: Installation, namespace: str) -> dict[str, Any]:
    """Every child as users see it; where Metacontroller merges a list by name, new items come last.

    The generation stamp counts edits, so it is left out.
    """
    objects = [obj for kind in CHILD_KINDS for obj in installation.cluster.objects(kind, namespace)]
    found = {f"{obj['kind']}/{obj['metadata']['name']}": _visible(obj) for obj in objects}
    return {name: unordered(obj) for name, obj in unstamped(found).items()}


def _visible(obj: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: obj["metadata"].get(key) for key in ("labels", "annotations", "ownerReferences", "uid")}
    annotations = {k: v for k, v in (metadata["annotations"] or {}).items() if not k.startswith("deployment.")}
    annotations.pop(LAST_APPLIED, None)
    return {**{k: v for k, v in obj.items() if k != "status"}, "metadata": {**metadata, "annotations": annotations}}


def test_every_field_there_and_back_leaves_everything_as_it_was(installation: Installation, namespace: str) -> None:
    cluster = installation.cluster
    plain = [{k: v for k, v in obj.items() if k in ("apiVersion", "kind", "spec", "data", "type")} for obj in MANIFESTS]
    neighbours = [{**obj, "metadata": {"name": m["metadata"]["name"]}} for obj, m in zip(plain, MANIFESTS, strict=True)]
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input="\n---\n".join(map(json.dumps, neighbours)))
    apply(installation, namespace, {name: {} for name in WALKS})
    before = children(installation, namespace)
    with WatchLog(cluster, CHILD_KINDS, namespace) as log:
        apply(installation, namespace, WALKS)
        log.wait_quiet(2)
        between = _rollouts(log)
        apply(installation, namespace, {name: {} for name in WALKS})
        log.wait_quiet(2)

        eventually(lambda: _same(children(installation, namespace), before))
        assert between == {name: 0 if name in NO_ROLLOUT else 1 for name in WALKS}
        assert _rollouts(log) == {name: 2 * count for name, count in between.items()}
        assert [str(event) for event in log.events(type="DELETED") if not event.name.endswith("-authz-inline")] == []


def _rollouts(log: WatchLog) -> dict[str, int]:
    return {name: log.rollouts(name) for name in WALKS}


def _same(now: dict[str, Any], before: dict[str, Any]) -> bool:
    assert set(now) == set(before)
    for name, obj in now.items():
        assert obj == before[name], name
    return True
