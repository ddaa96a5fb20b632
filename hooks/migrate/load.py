"""What of a cluster is migrated and compared."""

from __future__ import annotations

from collections.abc import Iterator

from hooks.cluster import Cluster
from hooks.controllers.mcpserver import children
from hooks.migrate.plan import PARENTS, World


def worlds(cluster: Cluster, namespace: str) -> Iterator[World]:
    """The parents and the objects of all kinds of children, namespace by namespace: where there is a parent."""
    parents = {kind: cluster.list(kind, namespace) for kind in PARENTS}
    places = {obj["metadata"]["namespace"] for objects in parents.values() for obj in objects}
    for place in sorted(places):
        yield {kind: [obj for obj in parents[kind] if obj["metadata"]["namespace"] == place] for kind in PARENTS} | {
            kind: cluster.list(kind, place) for kind in children.KINDS
        }
