"""When nothing may be migrated: each answer says why, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

import click

from hooks.api.kinds import MCP_SERVER
from hooks.api.meta import GROUP, OLDER_API_VERSION
from hooks.cluster import COMPOSITE_CONTROLLER, CRD, LiveCluster
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object
from hooks.migrate import schemas
from hooks.migrate.load import PARENTS
from hooks.text import one_line, some, where

OTHERS = tuple(
    Kind(OLDER_API_VERSION, kind, resource)
    for kind, resource in (
        ("VirtualMCPServer", "virtualmcpservers"),
        ("VirtualMCPCompositeToolDefinition", "virtualmcpcompositetooldefinitions"),
        ("MCPServerEntry", "mcpserverentries"),
        ("EmbeddingServer", "embeddingservers"),
        ("MCPRegistry", "mcpregistries"),
    )
)
"""What the old operator serves beside our kinds, in one release or another; all releases serve this version."""


def refused(refusals: Iterable[str], stderr: TextIO) -> bool:
    """Say why nothing may be changed; return whether there is such a reason."""
    lines = [f"refused: {one_line(refusal)}" for refusal in refusals]
    for line in lines:
        click.echo(line, stderr)
    return bool(lines)


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
    """Yield objects that the old operator looks after, and that no controller will once it has stopped."""
    for kind in OTHERS:
        found = cluster.list(kind, namespace)
        if found:
            yield (
                f"{len(found)} {kind.kind} ({some([where(obj) for obj in found])}): these hooks don't serve that kind. "
                "Its namespace must stay the old operator's, or lose these objects: kubectl delete "
                f"{kind.resource} NAME -n {found[0]['metadata']['namespace']}"
            )


def elsewhere(*, revert: bool) -> str:
    """What becomes of servers in other namespaces than the one that is migrated."""
    if revert:
        return (
            "only one namespace is given back, and the old operator works in all. Objects elsewhere keep "
            "Metacontroller's finalizer, and their deletion would never end"
        )
    return (
        "only one namespace is taken over, and Metacontroller works in all. In the others it releases every server's "
        "children, and deletes none. Run this without -n before you start the hooks"
    )


def installed_crds(cluster: LiveCluster) -> list[tuple[Kind, Object]]:
    """Return the CRDs of our kinds that are installed, each with its kind."""
    found = [(kind, cluster.get(CRD, _crd_name(kind))) for kind in PARENTS]
    return [(kind, crd) for kind, crd in found if crd is not None]


def crd_faults(cluster: LiveCluster, installed: list[tuple[Kind, Object]]) -> Iterator[str]:
    """Yield why custom resources can't be taken over as they are: by the fields that their CRDs keep, or by version."""
    for kind, crd in installed:
        if served := schemas.served_version(crd):
            objects = cluster.list(Kind(f"{GROUP}/{served}", kind.kind, kind.resource))
            yield from schemas.unknown_to_hooks(crd, objects)
    yield from unserved_versions(installed)


def unserved_versions(installed: list[tuple[Kind, Object]]) -> Iterator[str]:
    """Yield which custom resources aren't installed, or not in the version in which these hooks read them."""
    if MCP_SERVER not in (kind for kind, _ in installed):
        yield f"CustomResourceDefinition {_crd_name(MCP_SERVER)} isn't installed: there are no MCPServers"
    for kind, crd in installed:
        yield from _version_faults(kind, crd)


def crd_notes(installed: list[tuple[Kind, Object]]) -> Iterator[str]:
    """What the cluster's CRDs lack: they have to be replaced before the hooks start."""
    for _, crd in installed:
        yield from schemas.unknown_to_cluster(crd)


def missing_crds(installed: list[tuple[Kind, Object]]) -> Iterator[str]:
    """Yield which of the kinds aren't installed: converted objects need them."""
    kinds = [kind for kind, _ in installed]
    missing = [kind.kind for kind in PARENTS if kind not in kinds]
    if missing:
        yield f"no CustomResourceDefinition of {', '.join(missing)}: install it first: {schemas.REPLACE}"


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


def _parent(composite: Object) -> str:
    resource = composite["spec"]["parentResource"]
    return resource["resource"] if resource["apiVersion"].partition("/")[0] == GROUP else ""
