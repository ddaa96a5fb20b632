"""What a deletion waits for on a real cluster: the server's own proxy, named with the command that ends the wait."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest

from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.e2e.chaos.fleet import server
from tests.e2e.installation import CHILD_KINDS, TOOLHIVE, Installation, conditions, is_ready
from tests.e2e.tenants import apply, tenant
from tests.pods import pod_spec

pytestmark = pytest.mark.e2e

NAMED_AFTER = 150
"""Seconds: the first look after a minute names it, and the looks are a minute apart."""
STAY = json.dumps({"metadata": {"finalizers": ["example.com/stay"]}})


def expect(installation: Installation, namespace: str, name: str, reason: str) -> None:
    def check() -> bool:
        found = conditions(installation.server(namespace, name)).get("Ready", ("", ""))
        assert found[1] == reason
        return True

    eventually(check)


def canary() -> dict[str, Any]:
    """A copy of a server's Deployment under another name: its pods carry the proxy's labels."""
    labels = {
        "app": "mcpserver",
        "app.kubernetes.io/name": "mcpserver",
        "app.kubernetes.io/instance": "demo",
        "toolhive": "true",
        "toolhive-name": "demo",
        "canary": "yes",
    }
    template = {"metadata": {"labels": labels}, "spec": pod_spec("c", "example.test/c:1")}
    spec = {"replicas": 1, "selector": {"matchLabels": {"canary": "yes"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "demo-canary"}, "spec": spec}


def test_pods_of_another_deployment_neither_serve_nor_hold_a_deletion(
    installation: Installation, namespace: str
) -> None:
    cluster = installation.cluster
    apply(cluster, namespace, server("demo", None))
    expect(installation, namespace, "demo", "Ready")
    apply(cluster, namespace, canary(), user=tenant(cluster, namespace))

    def canary_is_ready() -> bool:
        return any(is_ready(pod) for pod in cluster.objects("v1/Pod", namespace, "canary=yes"))

    eventually(canary_is_ready)
    cluster.kubectl("scale", "deployment", "demo", "--replicas=0", "-n", namespace)
    expect(installation, namespace, "demo", "ScaledToZero")

    cluster.kubectl("delete", "mcpserver", "demo", "-n", namespace, "--timeout=110s")
    assert canary_is_ready()


def delete_each(cluster: ControlPlane, namespace: str) -> dict[str, str]:
    """Delete four servers, each of which has to wait; what each waits for, by its name."""
    uid = (cluster.get(f"{TOOLHIVE}/MCPServer", "labelled", namespace) or {})["metadata"]["uid"]
    cluster.kubectl("patch", "configmap", "kept-runconfig", "-n", namespace, "--type=merge", "-p", STAY)
    cluster.kubectl("delete", "mcpserver", "--all", "-n", namespace, "--wait=false")
    # Too late: nothing is adopted for a server that is being deleted.
    cluster.kubectl("label", "deployment", "labelled", f"controller-uid={uid}", "-n", namespace)
    # A ReplicaSet without its Deployment makes each deleted pod anew.
    cluster.kubectl("delete", "deployment", "orphaned", "--cascade=orphan", "-n", namespace)
    replica_sets = {
        obj["metadata"]["labels"]["toolhive-name"]: obj["metadata"]["name"]
        for obj in cluster.objects("apps/v1/ReplicaSet", namespace)
        if obj["metadata"]["labels"]["toolhive-name"] in ("labelled", "orphaned", "released")
    }
    nothing = json.dumps({"metadata": {"finalizers": None}}, separators=(",", ":"))
    patch = f"kubectl patch configmap kept-runconfig -n {namespace} --type=merge -p '{nothing}'"
    return {
        **{server: _pods_of(server, replica_set, namespace) for server, replica_set in replica_sets.items()},
        "kept": f"ConfigMap 'kept-runconfig' to go, which finalizers keep: `{patch}` ends that if nothing else does",
    }


def _pods_of(server: str, replica_set: str, namespace: str) -> str:
    command = f"kubectl delete deployment,replicaset -l app=mcpserver,toolhive-name={server} -n {namespace}"
    return f"the pods of ReplicaSet {replica_set!r} to stop: `{command}`"


def test_a_deletion_that_waits_names_what_for_and_ends_by_the_command_that_it_names(
    installation: Installation, namespace: str
) -> None:
    cluster = installation.cluster
    waiting = ("kept", "labelled", "orphaned", "released")
    apply(cluster, namespace, *(server(name, None) for name in waiting))
    for name in waiting:
        expect(installation, namespace, name, "Ready")
    for name in waiting[1:]:
        cluster.kubectl("label", "deployment", name, "controller-uid-", "-n", namespace)
        expect(installation, namespace, name, "ChildReleased")

    with WatchLog(cluster, [*CHILD_KINDS, "v1/Pod", f"{TOOLHIVE}/MCPServer"], namespace) as log:
        awaited = delete_each(cluster, namespace)

        def named() -> bool:
            found = cluster.objects(f"{TOOLHIVE}/MCPServer", namespace)
            assert {obj["metadata"]["name"]: obj["status"]["message"] for obj in found} == {
                name: f"MCP server is being terminated: waiting for {what}" for name, what in awaited.items()
            }
            return True

        eventually(named, timeout=NAMED_AFTER)
        pods = {pod["metadata"]["labels"]["toolhive-name"] for pod in cluster.objects("v1/Pod", namespace)}
        assert pods == {"labelled", "orphaned", "released"}
        for what in awaited.values():
            [command] = re.findall("`kubectl (.*?)`", what)
            cluster.kubectl(*shlex.split(command), "--wait=false" if "delete" in command else "--output=name")
        log.wait_deleted("MCPServer", *waiting)
        eventually(lambda: pods <= {event.name.partition("-")[0] for event in log.events("Pod", type="DELETED")})

    ends = {(event.kind, event.name.partition("-")[0]): event.resource_version for event in log.events(type="DELETED")}
    assert [name for name in pods if ends["Pod", name] > ends["MCPServer", name]] == []
    assert installation.children(namespace) == []
