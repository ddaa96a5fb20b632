"""When nothing may be migrated: each answer says why, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hooks.api.kinds import MCP_SERVER, RESOURCES
from hooks.api.meta import GROUP, OLDER_API_VERSION
from hooks.cluster import COMPOSITE_CONTROLLER, CRD, LEASE, LiveCluster
from hooks.kubernetes.kinds import DEPLOYMENT, Kind
from hooks.kubernetes.objects import Object
from hooks.migrate import schemas
from hooks.migrate.load import PARENTS
from hooks.text import where

OPERATOR_LABEL = "app.kubernetes.io/name=toolhive-operator"
OPERATOR_LEASE = "toolhive-operator-leader-election"
STOPPED_FOR_SECONDS = 60
"""The old operator renews its lease every two seconds while it runs; the rest is for clocks that differ."""

OTHERS = (
    *(kind for kind in RESOURCES if kind not in PARENTS),
    *(
        Kind(OLDER_API_VERSION, kind, resource)
        for kind, resource in (
            ("MCPRegistry", "mcpregistries"),
            ("VirtualMCPServer", "virtualmcpservers"),
            ("VirtualMCPCompositeToolDefinition", "virtualmcpcompositetooldefinitions"),
            ("MCPServerEntry", "mcpserverentries"),
            ("EmbeddingServer", "embeddingservers"),
        )
    ),
)
"""What the old operator serves beside our kinds, in one release or another; all releases serve this version."""


def metacontroller(cluster: LiveCluster) -> Iterator[str]:
    """Metacontroller where it works for our kinds: it would undo the way back."""
    resources = {kind.resource for kind in PARENTS}
    composites = cluster.list(COMPOSITE_CONTROLLER)
    names = [found["metadata"]["name"] for found in composites if _parent(found) in resources]
    if names:
        yield (
            f"Metacontroller still works for these kinds (CompositeControllers {', '.join(names)}). Stop it first, "
            f"which deletes nothing else: kubectl delete compositecontroller {' '.join(names)}"
        )


def unserved(cluster: LiveCluster, namespace: str) -> Iterator[str]:
    """Objects that the old operator looks after, and that nobody will."""
    for kind in OTHERS:
        found = cluster.list(kind, namespace)
        if found:
            some = ", ".join(map(where, found[:5]))
            yield (
                f"{len(found)} {kind.kind} ({some}{', …' if len(found) > 5 else ''}): these hooks don't serve that "
                "kind, and while the old operator is stopped nobody looks after it"
            )


def elsewhere(*, revert: bool) -> str:
    """What becomes of servers in other namespaces than the one that is migrated."""
    if revert:
        return (
            "only one namespace is given back, and the old operator works in all: what stays Metacontroller's "
            "elsewhere keeps its finalizer, and would never end being deleted"
        )
    return (
        "only one namespace is taken over, and Metacontroller works in all: where this wasn't run it lets go of every "
        "server's children, though it deletes none. Run this without -n before you start the hooks"
    )


def crd_faults(cluster: LiveCluster) -> Iterator[str]:
    """Yield why custom resources can't be taken over as they are: by the fields that their CRDs keep, or by version."""
    for kind, crd in _crds(cluster):
        if served := schemas.served_version(crd):
            objects = cluster.list(Kind(f"{GROUP}/{served}", kind.kind, kind.resource))
            yield from schemas.unknown_to_hooks(crd, objects)
    yield from unserved_versions(cluster)


def unserved_versions(cluster: LiveCluster) -> Iterator[str]:
    """Yield which custom resources aren't installed, or not in the version in which these hooks read them."""
    found = _crds(cluster)
    if MCP_SERVER not in (kind for kind, _ in found):
        yield f"CustomResourceDefinition {_crd_name(MCP_SERVER)} isn't installed: there are no MCPServers"
    for kind, crd in found:
        yield from _version_faults(kind, crd)


def crd_notes(cluster: LiveCluster) -> Iterator[str]:
    """What the cluster's CRDs lack: they have to be replaced before the hooks start."""
    for _, crd in _crds(cluster):
        yield from schemas.unknown_to_cluster(crd)


def _crds(cluster: LiveCluster) -> list[tuple[Kind, Object]]:
    """The CRDs of our kinds that are installed."""
    found = [(kind, cluster.get(CRD, _crd_name(kind))) for kind in PARENTS]
    return [(kind, crd) for kind, crd in found if crd is not None]


def _crd_name(kind: Kind) -> str:
    return f"{kind.resource}.{GROUP}"


def _version_faults(kind: Kind, crd: Object) -> Iterator[str]:
    name, ours = crd["metadata"]["name"], [version.partition("/")[2] for version in kind.api_versions]
    stored = (crd.get("status") or {}).get("storedVersions") or ()
    served = [version["name"] for version in crd["spec"]["versions"] if version["served"]]
    if others := sorted({*stored, *served} - {*ours}):
        yield (
            f"CustomResourceDefinition {name} stores or serves {', '.join(others)}: these hooks serve "
            f"{' and '.join(ours)} alone, and their CRD can't take its place"
        )
    elif ours[0] not in served:
        yield (
            f"CustomResourceDefinition {name} doesn't serve {ours[0]}, as which these hooks read {kind.kind}: put "
            f"their own in place, and then run this again: {schemas.REPLACE}"
        )


def operators(cluster: LiveCluster, namespace: str, now: datetime) -> Iterator[str]:
    """The old operator where it still runs, by its Deployment and by its lease: it would undo every change.

    Args:
        cluster: where to look.
        namespace: of the operator; everywhere without it.
        now: the time, to compare with the lease's.
    """
    deployments = cluster.list(DEPLOYMENT, namespace, labels=OPERATOR_LABEL)
    leases = cluster.list(LEASE, namespace, fields=f"metadata.name={OPERATOR_LEASE}")
    if namespace and not deployments and not leases:
        # It may run where nobody looked.
        yield f"no old operator in namespace {namespace}: correct --operator-namespace, or leave it out"
    for deployment in deployments:
        wanted, running = deployment["spec"].get("replicas", 1), (deployment.get("status") or {}).get("replicas", 0)
        if wanted or running:
            metadata = deployment["metadata"]
            yield (
                f"the old operator still runs: Deployment {where(deployment)} has {running} of {wanted} pods. "
                f"Stop it: kubectl scale deployment {metadata['name']} -n {metadata['namespace']} --replicas=0"
            )
    for lease in leases:
        spec = lease.get("spec") or {}
        if spec.get("holderIdentity") and spec.get("renewTime"):
            age = (now - datetime.fromisoformat(spec["renewTime"])).total_seconds()
            if age < STOPPED_FOR_SECONDS:
                yield (
                    f"the old operator still runs, or did a moment ago: Lease {where(lease)} was renewed "
                    f"{max(age, 0):.0f} s ago by {spec['holderIdentity']}. Stop it, wait a minute, and run this again"
                )


def _parent(composite: Object) -> str:
    resource = composite["spec"]["parentResource"]
    return resource["resource"] if resource["apiVersion"].partition("/")[0] == GROUP else ""
