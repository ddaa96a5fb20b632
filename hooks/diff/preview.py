"""What becomes of a cluster's objects: the hooks run over them in memory, by Metacontroller's rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from hooks.api.kinds import WORKLOADS
from hooks.cluster import LiveCluster
from hooks.controllers import CONTROLLERS
from hooks.installation import Installation
from hooks.kubernetes import conditions
from hooks.kubernetes.kinds import POD, SECRET
from hooks.kubernetes.names import OBJECT_NAME
from hooks.kubernetes.objects import Object, is_observed
from hooks.metacontroller.controller import Controller
from hooks.metacontroller.requests import CustomizeRequest
from hooks.migrate.directions import take_over
from hooks.migrate.plan import merge_patch
from hooks.proxy import children
from hooks.simulator.cluster import Cluster, Key, key_of
from hooks.simulator.run import MAX_ROUNDS, ready_condition
from hooks.simulator.sync import Metacontroller, sync
from hooks.simulator.webhooks import HookError, in_process
from hooks.text import title


@dataclass(slots=True)
class Preview:
    """Notes and errors of a previewed sync."""

    notes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """Why part of the preview can't be made."""


def preview(
    live: LiveCluster,
    cluster: Cluster,
    *,
    chosen: Collection[Key] | None,
    stand_ins: Iterable[Object],
    installation: Installation,
    now: datetime,
) -> Preview:
    """Run the hooks until nothing changes.

    A config whose controller has checked it keeps that status: its credential digest is made with the installation's
    key, which needn't be known here. Only for others are Secrets read, those that they name.

    Args:
        live: for what the hooks look up beside parents and children.
        cluster: the objects, which become what they would.
        chosen: the only workloads to sync; None for all of them.
        stand_ins: for Secrets and ConfigMaps that other controllers make, where the cluster has none yet.
        installation: the installation's settings.
        now: the time, for conditions.
    """
    found = Preview()
    _take_over(cluster, found)
    hooks = in_process(CONTROLLERS, installation, now)
    parents = [
        (Metacontroller(controller, cluster, hooks), parent)
        for controller in sorted(CONTROLLERS, key=lambda controller: controller.parent in WORKLOADS)
        for parent in cluster.all(controller.parent)
        if (_is_chosen(parent, chosen) if controller.parent in WORKLOADS else not _is_checked(parent))
    ]
    _look_up(live, cluster, [(run.controller, parent) for run, parent in parents], installation)
    _put_missing(cluster, stand_ins)
    failures: dict[str, None] = {}
    for _ in range(MAX_ROUNDS):
        changed = False
        for run, parent in parents:
            try:
                changed |= bool(sync(run, key_of(parent)).changes)
            except HookError as error:
                failures[f"{title(parent)}: {error}"] = None
        if not changed:
            break
    else:
        failures[f"objects still change after {MAX_ROUNDS} rounds: please report it"] = None
    found.errors += failures
    for _, parent in parents:
        found.notes += _why_held(cluster.get(key_of(parent)))
    return found


def _take_over(cluster: Cluster, found: Preview) -> None:
    """Where the old operator's objects aren't taken over yet, go on from what `migrate` makes of them."""
    changes = take_over(cluster).changes
    if any(change.kind in children.KINDS for change in changes):
        found.notes.append("shown is what happens after `toolhive-hooks migrate --apply`")
    for change in changes:
        obj = cluster.get(key_of(change.obj))
        if obj is not None:
            cluster.put(merge_patch(obj, change.patch(obj) or {}))


def _is_chosen(workload: Object, chosen: Collection[Key] | None) -> bool:
    return chosen is None or key_of(workload) in chosen


def _is_checked(config: Object) -> bool:
    """Whether a config's own controller has published the status of this very generation."""
    return is_observed(config) and conditions.find(config, "Ready") is not None


def _look_up(
    live: LiveCluster, cluster: Cluster, parents: list[tuple[Controller, Object]], installation: Installation
) -> None:
    """Read what the hooks look up beside parents and children: the Secrets that they name, and servers' Pods."""
    if installation.read_pods:
        for namespace in sorted({parent["metadata"]["namespace"] for _, parent in parents}):
            for pod in live.list(POD, namespace, labels="toolhive-name"):
                cluster.put(pod)
    for controller, parent in parents:
        for rule in controller.customize(CustomizeRequest(parent), installation):
            named = [name for name in rule.names if rule.kind == SECRET and OBJECT_NAME.fullmatch(name)]
            secrets = [live.get(SECRET, name, rule.namespace) for name in named]
            _put_missing(cluster, [secret for secret in secrets if secret is not None])


def _put_missing(cluster: Cluster, objects: Iterable[Object]) -> None:
    """Put objects where there is none: a manifest wins over the cluster's, and that over a stand-in."""
    for obj in objects:
        if cluster.get(key_of(obj)) is None:
            cluster.put(obj)


def _why_held(parent: Object | None) -> list[str]:
    """A server that fails is held as it is, and shows no difference: say why."""
    status = (parent or {}).get("status") or {}
    if parent is None or status.get("phase") != "Failed":
        return []
    return [f"{title(parent)} is Failed: {ready_condition(parent).get('message') or status.get('message')}"]
