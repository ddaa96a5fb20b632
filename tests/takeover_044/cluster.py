"""A cluster as operator 0.44.0 leaves it, made from the whole objects beside this file."""

from __future__ import annotations

from typing import Any

from hooks.kubernetes.objects import SERVER_SET_METADATA, Object
from hooks.migrate.managed_fields import MANAGER
from tests import old_operator
from tests.controlplane import ControlPlane
from tests.pods import pod_spec
from tests.takeover_044 import objects, workload

SERVER = "toolhive.stacklok.dev/v1beta1/MCPServer"
RELEASE = "v0.44.0"


def lay_down(cluster: ControlPlane, namespace: str, case: str) -> Object:
    """Make the objects of a case, and the stopped operator's Deployment; returns the MCPServer.

    What users wrote comes first, then the children with their owner, then what the proxy runner makes.
    """
    given = objects(case)
    made: dict[str, Object] = {}
    for obj in sorted(given, key=lambda obj: "ownerReferences" in obj["metadata"]):
        is_child = "ownerReferences" in obj["metadata"]
        body = _new(obj, namespace)
        if is_child:
            [owner] = obj["metadata"]["ownerReferences"]
            body["metadata"]["ownerReferences"] = [{**owner, "uid": made["MCPServer"]["metadata"]["uid"]}]
        stored = old_operator.create(cluster, namespace, body, manager=MANAGER if is_child else "kubectl")
        made.setdefault(obj["kind"], stored)
        if "status" in obj and not is_child:
            resource = cluster.resource(f"{obj['apiVersion']}/{obj['kind']}").status
            name = obj["metadata"]["name"]
            resource.patch(
                body={"status": obj["status"]}, name=name, namespace=namespace, content_type=old_operator.MERGE
            )
    if cluster.get("apps/v1/Deployment", "toolhive-operator", namespace) is None:
        old_operator.create(cluster, namespace, old_operator.stopped_operator(RELEASE))
    _runners_objects(cluster, namespace, workload(given))
    return made["MCPServer"]


def _new(obj: Object, namespace: str) -> Object:
    """An object to create: less what a server set, in this namespace."""
    metadata = {key: value for key, value in obj["metadata"].items() if key not in (*SERVER_SET_METADATA, "namespace")}
    metadata.get("annotations", {}).pop("deployment.kubernetes.io/revision", None)
    if "finalizers" in obj["metadata"]:
        metadata["finalizers"] = obj["metadata"]["finalizers"]
    body: dict[str, Any] = {key: value for key, value in obj.items() if key != "status"} | {"metadata": metadata}
    if obj["kind"] == "Service":
        body["spec"] = {key: value for key, value in obj["spec"].items() if key not in ("clusterIP", "clusterIPs")}
    for subject in body.get("subjects", []):
        subject["namespace"] = namespace
    return body


def _runners_objects(cluster: ControlPlane, namespace: str, server: Object) -> None:
    """A StatefulSet without an owner, stamped as its proxy stamps it, and the headless Service that it owns."""
    name, image = server["metadata"]["name"], server["spec"]["image"]
    labels = {"app": name, "toolhive": "true", "toolhive-name": name, "toolhive-basename": name}
    stamp = {"toolhive.stacklok.dev/mcpserver-generation": str(server["metadata"]["generation"])}
    template = {"metadata": {"labels": labels, "annotations": stamp}, "spec": pod_spec("mcp", image)}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "serviceName": name, "template": template}
    stateful_set = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name, "labels": labels}}
    made = old_operator.create(cluster, namespace, {**stateful_set, "spec": spec}, manager=old_operator.RUNNER)
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": name, "uid": made["metadata"]["uid"]}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": f"mcp-{name}-headless",
            "labels": labels,
            "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
        },
        "spec": {"clusterIP": "None", "selector": {"app": name}, "ports": [{"port": 8080}]},
    }
    old_operator.create(cluster, namespace, service, manager=old_operator.RUNNER)
