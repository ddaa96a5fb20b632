"""Over and back: pure functions from what a cluster holds to what is to be changed in it."""

from __future__ import annotations

from hooks.api.kinds import MCP_SERVER
from hooks.kubernetes.objects import Object, is_deleting
from hooks.migrate import owned
from hooks.migrate.finalizers import METACONTROLLERS, OPERATORS, swap_config_finalizers, swap_server_finalizer
from hooks.migrate.plan import Plan, finalizers_of
from hooks.simulator.cluster import Cluster
from hooks.text import where


def take_over(cluster: Cluster) -> Plan:
    """What makes the old operator's objects Metacontroller's.

    A server's children come before its finalizer: a server that is being deleted takes them along as it goes. So one
    with a child that nobody can tell for its own keeps it.
    """
    plan = Plan()
    for server in cluster.all(MCP_SERVER):
        if owned.take(plan, cluster, server) or not is_deleting(server):
            swap_server_finalizer(plan, server, OPERATORS, METACONTROLLERS)
        elif OPERATORS[MCP_SERVER] in finalizers_of(server):
            plan.left.append(_stays(server))
    swap_config_finalizers(plan, cluster, OPERATORS, METACONTROLLERS)
    return plan


def give_back(cluster: Cluster) -> Plan:
    """What makes them the old operator's again."""
    plan = Plan()
    for server in cluster.all(MCP_SERVER):
        owned.give_back(plan, cluster, server)
        swap_server_finalizer(plan, server, METACONTROLLERS, OPERATORS)
    swap_config_finalizers(plan, cluster, METACONTROLLERS, OPERATORS)
    return plan


def _stays(server: Object) -> str:
    metadata, finalizer = server["metadata"], OPERATORS[MCP_SERVER]
    return (
        f"MCPServer {where(server)} is being deleted, and might leave something of that name behind: it keeps its "
        f"finalizer {finalizer}. Label what belongs to it and delete what doesn't, or let it go as it is: kubectl edit "
        f"mcpserver {metadata['name']} -n {metadata['namespace']}"
    )
