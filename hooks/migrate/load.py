"""What of a cluster is migrated and compared."""

from __future__ import annotations

from hooks.api.kinds import MCP_SERVER
from hooks.cluster import LiveCluster
from hooks.controllers import CONTROLLERS
from hooks.proxy import children
from hooks.simulator.cluster import Cluster
from hooks.simulator.run import served_kinds

PARENTS = tuple(controller.parent for controller in CONTROLLERS)


def load(live: LiveCluster, namespace: str) -> Cluster:
    """Read the parents, and where there is one, all objects of the kinds of their children.

    Args:
        live: the user's cluster.
        namespace: the only one to read; all of them without it.
    """
    parents = [obj for kind in PARENTS for obj in live.list(kind, namespace)]
    places = sorted({obj["metadata"]["namespace"] for obj in parents})
    others = (obj for place in places for kind in children.KINDS for obj in live.list(kind, place))
    return Cluster(served_kinds(CONTROLLERS), [*parents, *others])


def without_servers(cluster: Cluster, namespace: str) -> list[str]:
    """What there is to say where no MCPServer was read: the namespace may be a slip of the pen."""
    place = f"in namespace {namespace}" if namespace else "in the cluster"
    return [] if cluster.all(MCP_SERVER) else [f"no MCPServer {place}"]
