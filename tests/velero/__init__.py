"""What Velero makes of a namespace: a backup, and its restore by the rules of Velero's own code.

The rules are those of release 1.18 (pkg/restore/restore.go, and pkg/restore/actions for the kinds that a workload has).
With VELERO_RESTORER, a program built from restorer.go beside this file, that code itself restores.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from kubernetes.dynamic.exceptions import ConflictError

from hooks.api.kinds import RESOURCES
from hooks.kubernetes.objects import Object, labels_of
from tests.controlplane import ControlPlane, eventually

RESTORER = os.environ.get("VELERO_RESTORER", "")

_FIRST = {
    "rbac.authorization.k8s.io/v1/Role": "roles.rbac.authorization.k8s.io",
    "v1/ServiceAccount": "serviceaccounts",
    "rbac.authorization.k8s.io/v1/RoleBinding": "rolebindings.rbac.authorization.k8s.io",
    "v1/Secret": "secrets",
    "v1/ConfigMap": "configmaps",
    "v1/Pod": "pods",
    "apps/v1/ReplicaSet": "replicasets.apps",
    "v1/Service": "services",
}
_BY_NAME = {
    "apps/v1/Deployment": "deployments.apps",
    "discovery.k8s.io/v1/EndpointSlice": "endpointslices.discovery.k8s.io",
    "coordination.k8s.io/v1/Lease": "leases.coordination.k8s.io",
    **{f"{kind.api_version}/{kind.kind}": f"{kind.resource}.toolhive.stacklok.dev" for kind in RESOURCES},
    "apps/v1/StatefulSet": "statefulsets.apps",
}
KINDS = _FIRST | dict(sorted(_BY_NAME.items(), key=lambda item: item[1]))
"""What is backed up here, in the order of a restore (defaultRestorePriorities): some kinds first, then by name."""
_RESET = (
    *("generateName", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp"),
    *("deletionGracePeriodSeconds", "ownerReferences"),
)
"""What a restore takes out of metadata (resetMetadata): owners go, while labels, annotations and finalizers stay."""

Backup = dict[str, list[Object]]


def backup(cluster: ControlPlane, namespace: str) -> Backup:
    """Return the objects of a namespace, whole, by kind."""
    return {
        kind: [{**obj, "apiVersion": kind.rpartition("/")[0]} for obj in cluster.objects(kind, namespace)]
        for kind in KINDS
    }


def restore(cluster: ControlPlane, namespace: str, saved: Backup, selector: str = "") -> None:
    """Do what `velero restore create --from-backup b --include-namespaces NAMESPACE --selector SELECTOR` does."""
    if RESTORER:
        tarball = cluster.directory / f"{namespace}.tar.gz"
        tarball.write_bytes(_tarball(namespace, saved))
        options = {"kubeconfig": cluster.kubeconfig(), "tarball": tarball, "namespace": namespace, "selector": selector}
        command = [str(Path(RESTORER).resolve()), *(f"--{key}={value}" for key, value in options.items())]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, f"{done.stdout}{done.stderr[-2000:]}"
        return
    eventually(lambda: cluster.get("v1/Namespace", namespace) or cluster.kubectl("create", "namespace", namespace))
    for kind, objects in saved.items():
        for obj in objects:
            if _selected(selector, labels_of(obj)):
                _restore(cluster, namespace, kind, obj)


def _restore(cluster: ControlPlane, namespace: str, kind: str, obj: Object) -> None:
    """Create an object unless there is one of that name, and then put back who wrote what."""
    resource = cluster.resource(kind)
    try:
        made = resource.create(body=_new(obj), namespace=namespace, field_manager="velero-server")
    except ConflictError:
        return
    fields = {"metadata": {"managedFields": obj["metadata"].get("managedFields")}}
    name = made.to_dict()["metadata"]["name"]
    resource.patch(name=name, namespace=namespace, body=fields, content_type="application/merge-patch+json")


def _new(obj: Object) -> Object:
    metadata = {key: value for key, value in obj["metadata"].items() if key not in (*_RESET, "managedFields")}
    metadata["labels"] = labels_of(obj) | {"velero.io/backup-name": "b", "velero.io/restore-name": "r"}
    new = {key: value for key, value in obj.items() if key != "status"} | {"metadata": metadata}
    if obj["kind"] == "Service" and obj["spec"].get("clusterIP") != "None":
        gone: tuple[str, ...] = ("clusterIP", "clusterIPs")
    else:
        gone = ("nodeName", "priority") if obj["kind"] == "Pod" else ()
    return new | ({"spec": {key: value for key, value in obj["spec"].items() if key not in gone}} if gone else {})


def _selected(selector: str, labels: Object) -> bool:
    """Return whether labels meet a selector of terms `!key`."""
    return labels.keys().isdisjoint(term.removeprefix("!") for term in selector.split(","))


def _tarball(namespace: str, saved: Backup) -> bytes:
    """Return a backup as Velero stores it."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for path, text in (("metadata/version", "1.1.0\n"), *_files(namespace, saved)):
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return content.getvalue()


def _files(namespace: str, saved: Backup) -> Iterator[tuple[str, str]]:
    for kind, objects in saved.items():
        for obj in objects:
            yield f"resources/{KINDS[kind]}/namespaces/{namespace}/{obj['metadata']['name']}.json", json.dumps(obj)
