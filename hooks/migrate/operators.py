"""ToolHive's own operator as the cluster has it: where it works, whether it runs, and of which release it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from hooks.cluster import LEASE, LiveCluster
from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.kubernetes.objects import Object
from hooks.text import where

OPERATOR_LABEL = "app.kubernetes.io/name=toolhive-operator"
OPERATOR_LEASE = "toolhive-operator-leader-election"
STOPPED_FOR_SECONDS = 60
"""The operator renews its lease every two seconds while it runs; the rest is for clocks that differ."""

WATCH_NAMESPACE = "WATCH_NAMESPACE"
"""The operator's variable with the namespaces that it works in; unset or empty, it works in all of them."""

_RELEASE = re.compile(r"[:-]v?(\d+)\.(\d+)\.\d+")


def running(cluster: LiveCluster, namespace: str, now: datetime, target: str = "") -> Iterator[str]:
    """Yield why the old operator may be at work, by its Deployment and by its lease: it would undo every change.

    Args:
        cluster: where to look.
        namespace: of the operator; everywhere without it.
        now: the time, to compare with the lease's.
        target: the only namespace that is migrated: an operator that doesn't work there may run.
    """
    deployments = cluster.list(DEPLOYMENT, namespace, labels=OPERATOR_LABEL)
    leases = cluster.list(LEASE, namespace, fields=f"metadata.name={OPERATOR_LEASE}")
    if namespace and not deployments and not leases:
        # It may run in a namespace that wasn't looked at.
        yield f"no old operator in namespace {namespace}: correct --operator-namespace, or leave it out"
    for deployment in deployments:
        wanted, pods = deployment["spec"].get("replicas", 1), (deployment.get("status") or {}).get("replicas", 0)
        if (wanted or pods) and _works_in(target, [deployment]):
            metadata = deployment["metadata"]
            yield (
                f"the old operator still runs{_places(deployment)}: Deployment {where(deployment)} has {pods} of "
                f"{wanted} pods. Stop it: kubectl scale deployment {metadata['name']} -n {metadata['namespace']} "
                "--replicas=0"
            )
    for lease in leases:
        beside = [each for each in deployments if each["metadata"]["namespace"] == lease["metadata"]["namespace"]]
        spec = lease.get("spec") or {}
        if spec.get("holderIdentity") and spec.get("renewTime") and _works_in(target, beside):
            age = (now - datetime.fromisoformat(spec["renewTime"])).total_seconds()
            if age < STOPPED_FOR_SECONDS:
                yield (
                    f"the old operator still runs, or did a moment ago: Lease {where(lease)} was renewed "
                    f"{max(age, 0):.0f} s ago by {spec['holderIdentity']}. Stop it, wait a minute, and run this again"
                )


def at_work_elsewhere(cluster: LiveCluster, target: str) -> Iterator[str]:
    """Yield which operators go on in other namespaces than the one that is migrated."""
    for deployment in cluster.list(DEPLOYMENT, labels=OPERATOR_LABEL) if target else ():
        if deployment["spec"].get("replicas", 1) and not _works_in(target, [deployment]):
            yield (
                f"the old operator keeps running{_places(deployment)}. Do the same there, and stop it, before you "
                "start the hooks: Metacontroller works in all namespaces"
            )


def release(cluster: LiveCluster, namespace: str) -> tuple[int, int] | None:
    """Return the release of the operator by its image's tag; None where none is there, or the tag doesn't say."""
    found = [
        (int(match[1]), int(match[2]))
        for deployment in cluster.list(DEPLOYMENT, namespace, labels=OPERATOR_LABEL)
        for container in _containers(deployment)
        if (match := _RELEASE.search(str(container.get("image", "")).rpartition("/")[2]))
    ]
    return min(found, default=None)


def _works_in(namespace: str, operators: Iterable[Object]) -> bool:
    """Return whether one of these works in a namespace, or in any without one; what isn't known may."""
    scopes = [_watched(operator) for operator in operators]
    return not namespace or not scopes or any(scope is None or namespace in scope for scope in scopes)


def _places(operator: Object) -> str:
    watched = _watched(operator)
    return "" if watched is None else f" in namespace {', '.join(sorted(watched))}"


def _watched(operator: Object) -> set[str] | None:
    """Return the namespaces that an operator works in; None for all of them, and where that isn't known."""
    for container in _containers(operator):
        for variable in container.get("env") or []:
            if variable.get("name") != WATCH_NAMESPACE:
                continue
            field = ((variable.get("valueFrom") or {}).get("fieldRef") or {}).get("fieldPath")
            if field == "metadata.namespace":
                return {operator["metadata"]["namespace"]}
            return {part.strip() for part in str(variable.get("value") or "").split(",") if part.strip()} or None
    return None


def _containers(operator: Object) -> list[Object]:
    found: list[Object] = operator["spec"]["template"]["spec"].get("containers") or []
    return found
