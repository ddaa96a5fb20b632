"""The finalizers with which the old operator keeps its objects, and Metacontroller's in their place.

One write replaces the one by the other, so that no object is without protection at any moment.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from hooks.api.kinds import MCP_GROUP, RESOURCES, WORKLOADS
from hooks.controllers import CONTROLLERS
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object, is_deleting
from hooks.metacontroller.composite import finalizer
from hooks.migrate.plan import Plan, finalizers_of
from hooks.references.table import REFERENCES, references_to
from hooks.simulator.cluster import Cluster
from hooks.text import where

OPERATORS: dict[Kind, str] = {kind: kind.operator_finalizer for kind in RESOURCES}
"""The old operator's finalizer of each kind; empty where it has none: an MCPRemoteProxy."""
METACONTROLLERS = {controller.parent: finalizer(controller) for controller in CONTROLLERS}


def swap_config_finalizers(plan: Plan, cluster: Cluster, *, back: bool = False) -> None:
    """Replace the finalizers of the shared configs and groups."""
    for kind in dict.fromkeys(reference.config for reference in REFERENCES):
        for config in cluster.all(kind):
            users = [
                workload["metadata"]["name"]
                for reference in references_to(kind)
                for workload in cluster.all(reference.workload, config["metadata"]["namespace"])
                if kind != MCP_GROUP and reference.name_in(workload) == config["metadata"]["name"]
            ]
            swap_finalizer(plan, kind, config, list(dict.fromkeys(users)), back=back)


def swap_finalizer(plan: Plan, kind: Kind, parent: Object, users: Collection[str] = (), *, back: bool = False) -> None:
    """Replace a parent's finalizer.

    The API server takes no new finalizer for an object that is being deleted. So there the old one is removed, and the
    deletion that was asked for proceeds. A config that is in use keeps it: its users would lose it.

    Args:
        plan: gets the change.
        kind: the parent's.
        parent: as it was read.
        users: names of the workloads that use it, if it is a config.
        back: whether the old operator's finalizer replaces Metacontroller's.
    """
    old, new = OPERATORS[kind], METACONTROLLERS[kind]
    if back:
        old, new = new, old
    if is_deleting(parent) and old in finalizers_of(parent) and users:
        plan.left.append(
            f"{kind.kind} {where(parent)} is being deleted while workloads use it ({', '.join(users)}): it keeps its "
            f"finalizer {old}. Remove their references, or the workloads, and run this again"
        )
        return
    text = f"finalizer {old} -> {new}" if new else f"no finalizer {old}: the old operator uses none"
    if is_deleting(parent):
        what = "it is deleted, with its children" if kind in WORKLOADS else "it is deleted"
        text = f"no finalizer {old}: its deletion was asked for, so {what}"
    plan.add(kind, parent, partial(_swapped, old, new), text)


def _swapped(old: str, new: str, parent: Object) -> Object | None:
    if not old or old not in finalizers_of(parent):
        return None
    others = [name for name in finalizers_of(parent) if name != old]
    added = [] if is_deleting(parent) or not new or new in others else [new]
    return {"metadata": {"finalizers": [*others, *added]}}
