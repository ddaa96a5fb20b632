"""The two ways: pure functions from what a cluster holds to what is to be changed in it."""

from __future__ import annotations

from hooks.controllers.kinds import MCP_SERVER
from hooks.migrate import owned
from hooks.migrate.finalizers import METACONTROLLERS, OPERATORS, exchange_on_configs, exchange_on_server
from hooks.migrate.plan import Plan
from hooks.render.cluster import Cluster


def take_over(cluster: Cluster) -> Plan:
    """What makes the old operator's objects Metacontroller's.

    A server's children come before its finalizer: a server that is being deleted takes them along as it goes.
    """
    plan = Plan()
    for server in cluster.all(MCP_SERVER):
        owned.take(plan, cluster, server)
        exchange_on_server(plan, server, OPERATORS, METACONTROLLERS)
    exchange_on_configs(plan, cluster, OPERATORS, METACONTROLLERS)
    return plan


def give_back(cluster: Cluster) -> Plan:
    """What makes them the old operator's again."""
    plan = Plan()
    for server in cluster.all(MCP_SERVER):
        owned.give_back(plan, cluster, server)
        exchange_on_server(plan, server, METACONTROLLERS, OPERATORS)
    exchange_on_configs(plan, cluster, METACONTROLLERS, OPERATORS)
    return plan
