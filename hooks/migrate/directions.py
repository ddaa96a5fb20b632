"""Over and back: pure functions from a cluster's objects to the changes that are to be made in it."""

from __future__ import annotations

from hooks.api.kinds import WORKLOADS
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object, is_deleting
from hooks.migrate import owned
from hooks.migrate.finalizers import OPERATORS, swap_config_finalizers, swap_finalizer
from hooks.migrate.plan import Plan, finalizers_of
from hooks.simulator.cluster import Cluster
from hooks.text import title


def take_over(cluster: Cluster) -> Plan:
    """Return what makes the old operator's objects Metacontroller's.

    A workload's children come before its finalizer: without it, one that is being deleted is gone, and they with it.
    So a workload keeps its finalizer while a child can't be recognized as its own.
    """
    plan = Plan()
    for kind in WORKLOADS:
        for workload in cluster.all(kind):
            if owned.take(plan, cluster, workload) or not is_deleting(workload):
                swap_finalizer(plan, kind, workload)
            elif OPERATORS[kind] in finalizers_of(workload):
                plan.left.append(_stays(kind, workload))
    swap_config_finalizers(plan, cluster)
    return plan


def give_back(cluster: Cluster) -> Plan:
    """Return what makes them the old operator's again."""
    plan = Plan()
    for kind in WORKLOADS:
        for workload in cluster.all(kind):
            owned.give_back(plan, cluster, workload)
            swap_finalizer(plan, kind, workload, back=True)
    swap_config_finalizers(plan, cluster, back=True)
    return plan


def _stays(kind: Kind, workload: Object) -> str:
    metadata, finalizer = workload["metadata"], OPERATORS[kind]
    return (
        f"{title(workload)} is being deleted, and might leave something of that name behind: it keeps its "
        f"finalizer {finalizer}. Label what belongs to it and delete what doesn't, or let it go as it is: kubectl edit "
        f"{kind.kind.lower()} {metadata['name']} -n {metadata['namespace']}"
    )
