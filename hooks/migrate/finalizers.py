"""The finalizers with which the old operator holds its objects, and Metacontroller's in their place.

One write replaces the one by the other, so that no object is without protection at any moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from hooks.api.kinds import MCP_SERVER, RESOURCES
from hooks.controllers import CONTROLLERS
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object, is_deleting
from hooks.metacontroller.composite import finalizer
from hooks.migrate.plan import Plan, finalizers_of
from hooks.references.table import REFERENCES, references_to
from hooks.simulator.cluster import Cluster
from hooks.text import where

OPERATORS: dict[Kind, str] = {kind: kind.operator_finalizer for kind in RESOURCES if kind.operator_finalizer}
METACONTROLLERS = {controller.parent: finalizer(controller) for controller in CONTROLLERS}


def swap_server_finalizer(plan: Plan, server: Object, old: Mapping[Kind, str], new: Mapping[Kind, str]) -> None:
    """Replace an MCPServer's finalizer."""
    _swap(plan, MCP_SERVER, server, old[MCP_SERVER], new[MCP_SERVER])


def swap_config_finalizers(plan: Plan, cluster: Cluster, old: Mapping[Kind, str], new: Mapping[Kind, str]) -> None:
    """Replace the finalizers of the shared configs."""
    for kind in dict.fromkeys(reference.config for reference in REFERENCES):
        for config in cluster.all(kind):
            users = [
                workload["metadata"]["name"]
                for reference in references_to(kind)
                for workload in cluster.all(reference.workload, config["metadata"]["namespace"])
                if reference.name_in(workload) == config["metadata"]["name"]
            ]
            _swap(plan, kind, config, old[kind], new[kind], users)


def _swap(plan: Plan, kind: Kind, parent: Object, old: str, new: str, users: Iterable[str] = ()) -> None:  # noqa: PLR0917
    """Replace a parent's finalizer.

    The API server takes no new finalizer for an object that is being deleted. So there the old one goes: the deletion
    that was asked for goes on. A config that is in use keeps it: its servers would lose it.
    """
    if is_deleting(parent) and old in finalizers_of(parent) and users:
        plan.left.append(
            f"{kind.kind} {where(parent)} is being deleted while MCPServers use it ({', '.join(users)}): it keeps its "
            f"finalizer {old}. Remove their references, or the servers, and run this again"
        )
        return
    text = f"finalizer {old} -> {new}"
    if is_deleting(parent):
        what = "it goes, with its children" if kind == MCP_SERVER else "it goes"
        text = f"no finalizer {old}: its deletion was asked for, so {what}"
    plan.add(kind, parent, partial(_swapped, old, new), text)


def _swapped(old: str, new: str, parent: Object) -> Object | None:
    if old not in finalizers_of(parent):
        return None
    others = [name for name in finalizers_of(parent) if name != old]
    added = [] if is_deleting(parent) or new in others else [new]
    return {"metadata": {"finalizers": [*others, *added]}}
