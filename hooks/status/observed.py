"""The objects of a cluster that trees are made from, read with the user's rights; of Secrets only their metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hooks.api.kinds import MCP_SERVER, RESOURCES
from hooks.api.meta import GROUP
from hooks.cluster import EVENT, ClusterError, Forbidden, LiveCluster
from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, POD, SECRET, SERVICE, STATEFUL_SET, Kind
from hooks.kubernetes.objects import Object, controller_of, is_observed, labels_of
from hooks.metacontroller.events import SYNC_ERROR, about, failing, message_of
from hooks.proxy import pods
from hooks.proxy.state import Part
from hooks.render.tree import MISSING, OUTDATED, Objects, ready_state

_MADE = (DEPLOYMENT, STATEFUL_SET, SERVICE)
_LOOKED_UP = {SECRET.kind: SECRET, CONFIG_MAP.kind: CONFIG_MAP}
_UNSEEN = "unseen"
_CHECK = "`toolhive-hooks check` has the command that helps"
_SERVER_LABEL = "toolhive-name"


@dataclass(slots=True)
class Observed:
    """The objects that were read."""

    objects: Objects
    notes: list[str] = field(default_factory=list)
    """What the user may not read."""


def observe(live: LiveCluster, namespace: str, now: datetime) -> Observed:
    """Read what trees of a namespace are made from; of all namespaces where none is given.

    Raises:
        ClusterError: the cluster can't be asked, or serves none of our kinds.
    """
    found = Observed(Objects())
    for kind in RESOURCES:
        for obj in _list(live, kind, namespace, found):
            metadata = obj["metadata"]
            found.objects.parents[kind.kind, metadata["namespace"], metadata["name"]] = obj
    by_uid = {parent["metadata"]["uid"]: parent for parent in found.objects.parents.values()}
    made = [obj for kind in _MADE for obj in _list(live, kind, namespace, found)]
    for obj in made:
        owner = _owner(obj, by_uid, found.objects)
        if owner:
            found.objects.owned.setdefault(owner, []).append(obj)
    workloads = {(obj["kind"], obj["metadata"]["namespace"], obj["metadata"]["name"]): obj for obj in made}
    for pod in _list(live, POD, namespace, found, labels=_SERVER_LABEL):
        owner = _of_pod(pod, workloads)
        if owner:
            found.objects.owned.setdefault(owner, []).append(pod)
    found.objects.look_up = _Lookup(live)
    errors = _sync_errors(live, namespace, found, now)
    found.objects.state = lambda obj: _state(obj, errors)
    return found


def _sync_errors(live: LiveCluster, namespace: str, found: Observed, now: datetime) -> dict[tuple[str, object], str]:
    """Metacontroller's last message about each parent whose calls fail."""
    waiting = {_identity(parent) for parent in found.objects.parents.values() if not is_observed(parent)}
    events = failing(_list(live, EVENT, namespace, found, fields=f"reason={SYNC_ERROR}"), waiting, now)
    return {about(event): message_of(event) for event in events}


@dataclass(slots=True)
class _Lookup:
    """Whether a Secret or ConfigMap is there; each is asked for once."""

    live: LiveCluster
    known: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def __call__(self, kind: str, namespace: str, name: str) -> str:
        identity = (kind, namespace, name)
        if identity not in self.known:
            try:
                there = self.live.is_there(_LOOKED_UP[kind], name, namespace)
                self.known[identity] = "there" if there else MISSING
            except Forbidden:
                self.known[identity] = _UNSEEN
            except ClusterError:
                self.known[identity] = MISSING
        return self.known[identity]


def _list(
    live: LiveCluster, kind: Kind, namespace: str, found: Observed, *, labels: str = "", fields: str = ""
) -> list[Object]:
    try:
        return live.list(kind, namespace, labels=labels, fields=fields)
    except Forbidden as error:
        found.notes.append(f"{kind.resource} are left out: {error}")
        return []


def _owner(obj: Object, parents: dict[str, Object], objects: Objects) -> str:
    """The uid of the parent that controls an object; of a proxy runner's StatefulSet, that of its MCPServer."""
    owner = controller_of(obj)
    if owner:
        return str(owner["uid"]) if owner.get("uid") in parents else ""
    if obj["kind"] != STATEFUL_SET.kind:
        return ""
    name = labels_of(obj).get(_SERVER_LABEL) or obj["metadata"]["name"]
    server = objects.parents.get((MCP_SERVER.kind, obj["metadata"]["namespace"], name))
    return str(server["metadata"]["uid"]) if server else ""


def _of_pod(pod: Object, workloads: dict[tuple[str, str, str], Object]) -> str:
    """The uid of the Deployment or StatefulSet that a pod belongs to; a Deployment's has a ReplicaSet between."""
    owner = controller_of(pod) or {}
    kind = STATEFUL_SET if owner.get("kind") == STATEFUL_SET.kind else DEPLOYMENT
    name = owner.get("name") if kind == STATEFUL_SET else labels_of(pod).get(_SERVER_LABEL)
    workload = workloads.get((kind.kind, pod["metadata"]["namespace"], str(name)))
    return str(workload["metadata"]["uid"]) if workload else ""


def _identity(obj: Object) -> tuple[str, object]:
    return obj["metadata"]["namespace"], obj["metadata"]["uid"]


def _state(obj: Object, errors: Mapping[tuple[str, object], str]) -> tuple[str, str, str]:
    """State, reason and message of any object in a tree.

    Args:
        obj: the object.
        errors: messages about failed calls, by namespace and uid.
    """
    if obj["apiVersion"].startswith(f"{GROUP}/"):
        error = errors.get(_identity(obj))
        if error is None and is_observed(obj):
            return ready_state(obj)
        state = OUTDATED if obj.get("status") else "Pending"
        if error is None:
            return state, "NotObserved", f"the hooks have not looked at it as it is now ({_CHECK})"
        return state, SYNC_ERROR, f"{error} ({_CHECK})"
    if obj["kind"] == POD.kind:
        return _pod_state(obj)
    if obj["kind"] in (DEPLOYMENT.kind, STATEFUL_SET.kind):
        wanted = (obj.get("spec") or {}).get("replicas", 1)
        ready = (obj.get("status") or {}).get("readyReplicas", 0)
        return "Ready" if ready >= wanted > 0 else "Stopped" if not wanted else "Pending", "", f"{ready}/{wanted} ready"
    return "", "", ""


def _pod_state(pod: Object) -> tuple[str, str, str]:
    if pods.is_ready(pod):
        return "Ready", "", ""
    metadata, owner = pod["metadata"], controller_of(pod) or {}
    who = "MCP server" if owner.get("kind") == STATEFUL_SET.kind else "Proxy"
    selector = f"{_SERVER_LABEL}={labels_of(pod).get(_SERVER_LABEL)}"
    why = pods.cause([pod], Part(who, f"pod/{metadata['name']}", selector, metadata["namespace"]))
    phase = str((pod.get("status") or {}).get("phase") or "Unknown")
    return (why.phase, why.reason, why.message) if why else ("Pending" if phase == "Running" else phase, "", "")
