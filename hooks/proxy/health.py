"""What an MCPServer's pods and Deployment say about it.

Messages name reason, image and exit code, and never quote the kubelet: its texts carry times and pod names, and each
change of a status is another hook call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from hooks.installation import Config
from hooks.kubernetes import conditions
from hooks.kubernetes.kinds import DEPLOYMENT, POD
from hooks.kubernetes.names import LABEL_VALUE
from hooks.kubernetes.objects import Object, is_deleting
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy import names

IMAGE_REASONS = {"ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError"}
CRASHES = 2
"""Restarts after which a container that isn't ready counts as crashing: one can be a node's reboot."""
START_REASONS = {"CreateContainerError", "RunContainerError", "CreateContainerConfigError"}

_MISSING_KEY = re.compile(r"couldn't find key (\S+) in (Secret|ConfigMap) (?:\S+/)?(\S+)")
_MISSING_OBJECT = re.compile(r'(secret|configmap) "([^"]+)" not found', re.IGNORECASE)
_REFUSALS = (
    (re.compile(r"exceeded quota: ([^\s,]+)"), "ResourceQuota {!r} is exhausted: raise it, or free some of it"),
    (re.compile(r'violates PodSecurity "([^"]+)"'), "Pod Security level {!r} of the namespace refuses the pod"),
    (re.compile(r'admission webhook "([^"]+)" denied'), "admission webhook {!r} refuses the pod"),
    (re.compile(r'serviceaccount "([^"]+)" not found'), "ServiceAccount {!r} is missing"),
)


class Workload(NamedTuple):
    """The state of what runs for a server."""

    phase: str
    reason: str
    message: str


UNREADY = "MCP server is starting: its proxy runs, and does not answer its readiness probe yet"
RUNNING = Workload("Running", "Ready", "MCP server is running")


def workload(request: SyncRequest, config: Config) -> Workload:
    """The state of a server's proxy, with the cause where something is wrong, also with the MCP server's own pods."""
    deployment = request.children.get(DEPLOYMENT, names.deployment(request.name))
    seen = sees_pods(request.name, config)
    if seen:
        request.related.require(POD)
    proxies = [pod for pod in proxy_pods(request) if not is_deleting(pod)]
    servers = [pod for pod in server_pods(request) if not is_deleting(pod)]
    ready = any(_is_ready(pod) for pod in proxies) if seen else _count(deployment, "readyReplicas") > 0
    cause = next(_causes(request, proxies, servers, deployment), None)
    if ready:
        note = cause.message if cause else _rollout(deployment)
        return RUNNING._replace(message=f"{RUNNING.message}; {note}") if note else RUNNING
    if cause:
        return cause
    if deployment and deployment["spec"].get("replicas") == 0:
        remedy = f"kubectl scale deployment/{names.deployment(request.name)} --replicas=1 -n {request.namespace}"
        return Workload("Pending", "ScaledToZero", f"MCP server is scaled to zero: {remedy}")
    if any(_runs(pod) for pod in proxies):
        return Workload("Pending", "PodsNotReady", UNREADY)
    if not proxies and seen:
        return Workload("Pending", "NoPods", "No pods found for MCP server")
    return Workload("Pending", "PodsNotReady", "MCP server is starting")


def _runs(pod: Object) -> bool:
    """Whether a pod's containers run: if it isn't ready then, its probe doesn't succeed."""
    containers = (pod.get("status") or {}).get("containerStatuses") or []
    return bool(containers) and all((container.get("state") or {}).get("running") for container in containers)


def sees_pods(name: str, config: Config) -> bool:
    """Whether a server's pods are looked up: by a label, so not where the name is too long for one."""
    return config.read_pods and LABEL_VALUE.fullmatch(name) is not None


def proxy_pods(request: SyncRequest) -> list[Object]:
    """The proxy's pods: those of its Deployment."""
    return _pods(request, names.labels(request.name)["app"], "ReplicaSet")


def server_pods(request: SyncRequest) -> list[Object]:
    """The MCP server's own pods, which the proxy runner's StatefulSet makes."""
    return _pods(request, request.name, "StatefulSet")


def _pods(request: SyncRequest, app: str, owner: str) -> list[Object]:
    """Pods by label and by what owns them: an MCPServer may be named `mcpserver`, and anyone may label a pod."""
    return [
        pod
        for pod in request.related.list(POD)
        if (pod["metadata"].get("labels") or {}).get("app") == app and _is_owned(pod, owner)
    ]


def _is_owned(pod: Object, kind: str) -> bool:
    """Whether the pod's controller is of this kind."""
    owners = pod["metadata"].get("ownerReferences") or []
    return any(owner.get("kind") == kind and owner.get("controller") for owner in owners)


def _causes(
    request: SyncRequest, proxies: list[Object], servers: list[Object], deployment: Object | None
) -> Iterator[Workload]:
    """What keeps the server from running, the most telling first."""
    yield from _refused(deployment)
    for whose, name, pods in (
        ("Proxy", f"deployment/{names.deployment(request.name)}", proxies),
        ("MCP server", f"statefulset/{names.deployment(request.name)}", servers),
    ):
        for pod in pods:
            yield from _of_containers(pod, whose, f"{name} -n {request.namespace}")
        for pod in pods:
            yield from _of_scheduling(pod, whose)


def _of_containers(pod: Object, whose: str, where: str) -> Iterator[Workload]:
    status = pod.get("status") or {}
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        name, image = container.get("name"), container.get("image")
        waiting = (container.get("state") or {}).get("waiting") or {}
        reason, text = str(waiting.get("reason")), str(waiting.get("message"))
        if reason in IMAGE_REASONS:
            message = f"{whose} can't pull image {image!r}: check its name, and the pull secrets for its registry"
            # ErrImagePull and ImagePullBackOff take turns.
            yield Workload("Failed", reason if reason == "InvalidImageName" else "ImagePullBackOff", message)
        elif reason in START_REASONS:
            message = f"{whose} container {name!r} can't start: {_missing(text) or f'kubectl describe {where}'}"
            yield Workload("Failed", reason, message)
        elif reason == "CrashLoopBackOff" or container.get("restartCount", 0) >= CRASHES:
            yield from _of_crash(container, whose, where)


def _missing(text: str) -> str:
    """What the kubelet says that it can't find, in our words."""
    key = _MISSING_KEY.search(text)
    if key:
        return f"{key[2]} {key[3]!r} has no key {key[1]!r}"
    found = _MISSING_OBJECT.search(text)
    return f"{'Secret' if found[1].lower() == 'secret' else 'ConfigMap'} {found[2]!r} is missing" if found else ""


def _of_crash(container: Object, whose: str, where: str) -> Iterator[Workload]:
    """A container that ended, also while it runs once more: else the status would change with every try."""
    ended = [(container.get(state) or {}).get("terminated") for state in ("state", "lastState")]
    last = next((state for state in ended if state), None)
    if last is None or container.get("ready"):
        return
    name, code = container.get("name"), last.get("exitCode")
    if last.get("reason") == "OOMKilled":
        message = f"{whose} container {name!r} is killed for want of memory: raise its limit"
        yield Workload("Failed", "OOMKilled", message)
        return
    logs = f"kubectl logs {where} -c {name} --previous"
    yield Workload(
        "Failed", "CrashLoopBackOff", f"{whose} container {name!r} keeps ending with exit code {code}: {logs}"
    )


def _of_scheduling(pod: Object, whose: str) -> Iterator[Workload]:
    scheduled = conditions.find(pod, "PodScheduled")
    if scheduled and scheduled.get("reason") == "Unschedulable":
        # "0/3 nodes are available: 3 Insufficient cpu. preemption: …": the cause alone, without numbers that move.
        text = re.sub(r"^\d+/\d+ nodes are available: ", "", str(scheduled.get("message")))
        why = re.sub(r"\b\d+ ", "", text.partition(". ")[0]).strip(" .")
        yield Workload("Pending", "Unschedulable", f"{whose} fits on no node: {why}")


def _refused(deployment: Object | None) -> Iterator[Workload]:
    """Pods that can't even be made."""
    failure = conditions.find(deployment or {}, "ReplicaFailure")
    if failure and failure.get("status") == "True":
        text = str(failure.get("message"))
        whys = (form.format(found[1]) for pattern, form in _REFUSALS if (found := pattern.search(text)))
        why = next(whys, "kubectl describe its ReplicaSet tells more")
        yield Workload("Failed", str(failure.get("reason")), f"Proxy pods are refused: {why}")


def _rollout(deployment: Object | None) -> str:
    """How far a rollout is, while there is one."""
    wanted, updated = _count(deployment, "replicas"), _count(deployment, "updatedReplicas")
    if deployment is None or not deployment.get("status") or updated >= wanted:
        return ""
    return f"rollout in progress: {updated} of {wanted} pods are updated"


def _count(deployment: Object | None, what: str) -> int:
    count = ((deployment or {}).get("status") or {}).get(what, 0)
    return count if isinstance(count, int) else 0


def _is_ready(pod: Object) -> bool:
    return (conditions.find(pod, "Ready") or {}).get("status") == "True"
