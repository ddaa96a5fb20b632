"""A cluster as ToolHive's own operator leaves it, made without one: objects, owners, finalizers, field managers."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hooks.kubernetes.objects import SERVER_SET_METADATA, Object
from hooks.migrate.finalizers import OPERATORS
from hooks.migrate.managed_fields import MANAGER
from hooks.migrate.operators import OPERATOR_LEASE
from tests.controlplane import ControlPlane
from tests.controlplane.processes import Process, free_port
from tests.reference.cases import inputs, reference_children, reference_statuses

MERGE = "application/merge-patch+json"
IMAGE = "ghcr.io/acme/mcp-demo:1.2.3"  # of the reference case token-exchange
RUNNER = "toolhive-container-manager"
"""The field manager of the proxy runner."""
FINALIZERS = {kind.kind: name for kind, name in OPERATORS.items() if name}
OCTOBER = "v0.3.7"
"""The release of chart 0.2.23, whose fields are the old dialect's."""
SERVER = "toolhive.stacklok.dev/v1alpha1/MCPServer"


def lay_down(cluster: ControlPlane, namespace: str, case: str, *, name: str = "", manager: str = MANAGER) -> Object:
    """Make the objects of a reference case in a namespace, and a stopped operator's lease; returns its MCPServer.

    Args:
        cluster: where.
        namespace: where.
        case: one of tests/reference.
        name: of the server, in place of the case's own.
        manager: who wrote the children, by their managedFields.
    """
    server: Object = {}
    statuses = reference_statuses(case)
    for manifest in inputs(case):
        obj = _renamed(manifest, case, name or case)
        if obj["kind"] in FINALIZERS:
            obj["metadata"]["finalizers"] = [FINALIZERS[obj["kind"]]]
        made = create(cluster, namespace, obj)
        server = made if obj["kind"] == "MCPServer" else server
        if status := statuses.get(f"{obj['kind']}/{manifest['metadata']['name']}"):
            body = {"status": _renamed(status, case, name or case)}
            resource = cluster.resource(f"{obj['apiVersion']}/{obj['kind']}").status
            stored = resource.patch(body=body, name=made["metadata"]["name"], namespace=namespace, content_type=MERGE)
            assert stored.to_dict()["status"] == body["status"], "our CRDs keep what the old operator writes"
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": OPERATOR_LEASE}}
    if cluster.get("coordination.k8s.io/v1/Lease", OPERATOR_LEASE, namespace) is None:
        create(cluster, namespace, lease)
    for child in reference_children(case):
        create(cluster, namespace, _child(_renamed(child, case, name or case), namespace, server), manager=manager)
    return server


def stopped_operator(release: str = OCTOBER) -> Object:
    """The operator's Deployment, scaled to nothing, as its chart names it."""
    labels = {"app.kubernetes.io/name": "toolhive-operator"}
    image = f"ghcr.io/stacklok/toolhive/operator:{release}"
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "manager", "image": image}]}}
    metadata = {"name": "toolhive-operator", "labels": labels}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def start(cluster: ControlPlane, binary: Path, namespace: str, directory: Path, release: str = "v0.44.0") -> Process:
    """Start the operator itself under the name of the published image, which is what managedFields say.

    Args:
        cluster: where; its CRDs are the operator's.
        binary: the operator's.
        namespace: the one that it watches.
        directory: where a link of that name is made.
        release: the operator's, and so the proxy runner's.
    """
    program = directory / MANAGER
    if not program.exists():
        program.symlink_to(binary.resolve())
    ports = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    flags = [f"-kubeconfig={cluster.kubeconfig()}", f"-metrics-bind-address={ports[0]}"]
    variables = {
        **environment(cluster.kubeconfig()),
        "WATCH_NAMESPACE": namespace,
        "TOOLHIVE_RUNNER_IMAGE": f"ghcr.io/stacklok/toolhive/proxyrunner:{release}",
        "TOOLHIVE_USAGE_METRICS_ENABLED": "false",
        "CI": "true",  # it asks for no newer release then
    }
    return cluster.run("operator", [program, *flags, f"-health-probe-bind-address={ports[1]}"], env=variables)


def runners_objects(cluster: ControlPlane, namespace: str, server: str) -> None:
    """Make what the proxy runner of that release makes: a StatefulSet and its Service, neither with an owner."""
    given = {"app": server, "toolhive": "true", "toolhive-name": server, "toolhive-basename": server}
    template = {"metadata": {"labels": given}, "spec": {"containers": [{"name": "mcp", "image": IMAGE}]}}
    spec: Object = {"replicas": 1, "selector": {"matchLabels": {"app": server}}, "serviceName": server}
    made = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": server, "labels": given}}
    create(cluster, namespace, {**made, "spec": {**spec, "template": template}}, manager=RUNNER)
    ports = [{"name": "port-9000", "port": 9000, "targetPort": 9000}]
    metadata = {"name": f"mcp-{server}-headless", "labels": given}
    service_spec = {"clusterIP": "None", "selector": {"app": server}, "ports": ports}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service_spec}
    create(cluster, namespace, service, manager=RUNNER)


def create(cluster: ControlPlane, namespace: str, obj: Object, *, manager: str = MANAGER) -> Object:
    """Create an object as a certain manager."""
    resource = cluster.resource(f"{obj['apiVersion']}/{obj['kind']}")
    made: Object = resource.create(body=obj, namespace=namespace, field_manager=manager).to_dict()
    return made


def patch(cluster: ControlPlane, namespace: str, kind: str, name: str, body: Any) -> None:
    """Change an object, as `kubectl edit` does."""
    resource = cluster.resource(kind)
    resource.patch(name=name, namespace=namespace, body=body, content_type=MERGE, field_manager="kubectl-edit")


def run(
    command: str,
    kubeconfig: Path,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    program: tuple[str, str] = ("-m", "hooks"),
) -> subprocess.CompletedProcess[str]:
    """Run `toolhive-hooks COMMAND` as a user does, or another program that begins so."""
    return subprocess.run(
        [sys.executable, *program, command, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment(kubeconfig, env),
    )


def environment(kubeconfig: Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a command: this kubeconfig, and nothing else of ours."""
    return {"PATH": os.environ["PATH"], "HOME": str(kubeconfig.parent), "KUBECONFIG": str(kubeconfig), **(env or {})}


def _renamed(obj: Object, case: str, name: str) -> Object:
    """The object of a server of another name; names are part of many texts."""
    renamed: Object = json.loads(json.dumps(obj).replace(case, name)) if name != case else copy.deepcopy(obj)
    return renamed


def _child(child: Object, namespace: str, server: Object) -> Object:
    metadata = {
        key: value for key, value in child["metadata"].items() if key not in (*SERVER_SET_METADATA, "namespace")
    }
    metadata.get("annotations", {}).pop("deployment.kubernetes.io/revision", None)
    owner = {**child["metadata"]["ownerReferences"][0], "uid": server["metadata"]["uid"]}
    made = {**child, "metadata": {**metadata, "ownerReferences": [owner]}}
    for key in ("clusterIP", "clusterIPs"):
        made.get("spec", {}).pop(key, None)
    for subject in made.get("subjects", []):
        subject["namespace"] = namespace
    return made


def by_name(objects: Iterable[Object]) -> dict[str, Object]:
    """Objects as Kind/name."""
    return {f"{obj['kind']}/{obj['metadata']['name']}": obj for obj in objects}
