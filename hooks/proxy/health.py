"""The health of a workload by its pods, Deployment and StatefulSet: whether callers are served, and if not, why."""

from __future__ import annotations

import re
from typing import NamedTuple

from hooks.installation import Installation
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import DEPLOYMENT, POD
from hooks.kubernetes.names import LABEL_VALUE
from hooks.kubernetes.objects import Object, annotations_of, controller_of, is_deleting, labels_of, raw_spec
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy import pods
from hooks.proxy.backend import Backend, backend
from hooks.proxy.names import RUNCONFIG_CHECKSUM, Names, names_of
from hooks.proxy.state import Part, State
from hooks.proxy.stateful_set import why_outdated

_REFUSALS = (
    (re.compile(r"exceeded quota: ([^\s,]{1,253})"), "ResourceQuota {!r} is exhausted: raise it, or free some of it"),
    (re.compile(r'violates PodSecurity "([^"]{1,253})"'), "Pod Security level {!r} of the namespace refuses the pod"),
    (re.compile(r'admission webhook "([^"]{1,253})" denied'), "admission webhook {!r} refuses the pod"),
    (re.compile(r'serviceaccount "([^"]{1,253})" not found'), "ServiceAccount {!r} is missing"),
)

_TEMPLATE_HASH = re.compile(r"[a-z0-9]{1,63}")


class Workload(NamedTuple):
    """The health of a server."""

    state: State
    """The server's: Ready means that callers are served."""
    conditions: list[Condition]
    """BackendReady, once the MCP server behind the proxy was observed."""
    ready_replicas: int
    """How many of the wanted proxies are ready: those that a rollout has besides would come and go in the status."""


def workload(request: SyncRequest, installation: Installation) -> Workload:
    """The state of a server: of its proxy, and of the MCP server behind it once that was observed."""
    own = names_of(request)
    deployment = request.children.get(DEPLOYMENT, own.deployment)
    seen = sees_pods(request.name, installation)
    proxies = [pod for pod in proxy_pods(request) if not is_deleting(pod)] if deployment else []
    cause = _proxy_cause(request, deployment, proxies)
    ready_replicas = sum(map(pods.is_ready, proxies)) if seen else _count(deployment, "readyReplicas")
    behind = backend(request, proxy_is_ready=ready_replicas > 0)
    why = why_outdated(request)
    outdated = State("Failed", "BackendOutdated", why) if why else None
    if ready_replicas == 0:
        held_up = _scaled_to_zero(request, deployment) or _worse(cause, behind) or outdated
        state = held_up or _starting(own, proxies, behind, seen=seen)
    elif outdated:
        state = outdated
    elif behind and behind.state:
        state = behind.state
    else:
        # An old pod may serve while a new one fails.
        notes = (cause.message if cause else "", behind.note if behind else "", _rollout(deployment))
        note = next(filter(None, notes), "")
        running = f"{own.noun} is running"
        state = State("Ready", "Ready", f"{running}; {note}" if note else running)
    if not seen and state.reason in {"Ready", "PodsNotReady"}:
        by = "Deployment and StatefulSet count" if own.has_server else "the Deployment counts"
        unseen = f"its pods aren't looked at (TOOLHIVE_HOOKS_READ_PODS is false), so only {by}"
        state = state._replace(message=f"{state.message}; {unseen}")
    counted = min(ready_replicas, _wanted(deployment, ready_replicas))
    return Workload(state, [behind.condition] if behind else [], counted)


def _scaled_to_zero(request: SyncRequest, deployment: Object | None) -> State | None:
    if deployment is None or deployment["spec"].get("replicas") != 0:
        return None
    own = names_of(request)
    scale = f"kubectl scale deployment/{own.deployment} --replicas=1 -n {request.namespace}"
    remedy = "spec.replicas is 0" if raw_spec(request.parent).get("replicas") == 0 else scale
    # The phases of an MCPRemoteProxy have no such word in release 0.44.
    return State("Stopped" if own.has_server else "Pending", "ScaledToZero", f"{own.noun} is scaled to zero: {remedy}")


def _worse(cause: State | None, behind: Backend | None) -> State | None:
    """The cause that keeps the proxy from running, or else that of the MCP server behind it.

    The proxy runner gives up when its MCP server isn't ready within two minutes: its crashes are a symptom then.
    """
    beyond = behind.state if behind and behind.is_cause else None
    return (beyond or cause) if cause and cause.reason == "CrashLoopBackOff" else (cause or beyond)


def _starting(own: Names, proxies: list[Object], behind: Backend | None, *, seen: bool) -> State:
    """The state of a server that isn't ready, where no cause is known."""
    if seen and not proxies:
        return State("Pending", "NoPods", f"No pods found for {'MCP server' if own.has_server else 'remote proxy'}")
    runs = any(map(pods.runs, proxies))
    if behind and behind.state and (runs or not seen):
        return behind.state
    why = ": its proxy runs, and does not answer its readiness probe yet" if runs else ""
    return State("Pending", "PodsNotReady", f"{own.noun} is starting{why}")


def sees_pods(name: str, installation: Installation) -> bool:
    """Whether a server's pods are looked up: by a label, so not where the name is too long for one."""
    return installation.read_pods and LABEL_VALUE.fullmatch(name) is not None


def proxy_pods(request: SyncRequest) -> list[Object]:
    """Return the proxy's pods: those of its own Deployment, also once it was released or is gone.

    Anyone may label a pod, and copy a Deployment; and the MCP server of an MCPServer named `mcpserver` has its label.
    A ReplicaSet has its Deployment's name and the hash of the template, which has no hyphen and is a label of its pods.
    The API server takes any text as an owner's name, and messages repeat this one in a command.

    While the Deployment isn't observed, a Deployment of its name may be another's. Then only pods with the checksum of
    a RunConfig or the proxy's account count.
    """
    own = names_of(request)
    labelled = [pod for pod in request.related.list(POD) if labels_of(pod).get("app") == own.labels["app"]]
    found = [pod for pod in labelled if _is_of_deployment(pod, own.deployment)]
    if request.children.get(DEPLOYMENT, own.deployment):
        return found
    return [
        pod
        for pod in found
        if RUNCONFIG_CHECKSUM in annotations_of(pod) or raw_spec(pod).get("serviceAccountName") == own.account
    ]


def runs_without_deployment(request: SyncRequest) -> bool:
    """Whether proxies run whose Deployment isn't observed: Metacontroller released it, or it has just been deleted."""
    if request.children.get(DEPLOYMENT, names_of(request).deployment):
        return False
    return any(not is_deleting(pod) for pod in proxy_pods(request))


def _is_of_deployment(pod: Object, name: str) -> bool:
    owner = controller_of(pod) or {}
    deployment, _, template_hash = str(owner.get("name")).rpartition("-")
    return (
        owner.get("kind") == "ReplicaSet"
        and deployment == name
        and _TEMPLATE_HASH.fullmatch(template_hash) is not None
        and labels_of(pod).get("pod-template-hash", template_hash) == template_hash
    )


def _proxy_cause(request: SyncRequest, deployment: Object | None, proxies: list[Object]) -> State | None:
    """The cause that keeps the proxy from running: a refusal of its pods comes before the state of those that exist."""
    own = names_of(request)
    part = Part("Proxy", f"deployment/{own.deployment}", own.selector, request.namespace)
    return _refused(deployment) or pods.cause(proxies, part)


def _refused(deployment: Object | None) -> State | None:
    failure = conditions.find(deployment or {}, "ReplicaFailure") or {}
    if failure.get("status") != "True" or failure.get("reason") != "FailedCreate":
        return None
    text = str(failure.get("message"))
    whys = (form.format(found[1]) for pattern, form in _REFUSALS if (found := pattern.search(text)))
    why = next(whys, "kubectl describe its ReplicaSet tells more")
    return State("Failed", "FailedCreate", f"Proxy pods are refused: {why}")


def _rollout(deployment: Object | None) -> str:
    """Whether there is a rollout. Not how far it is: each step would be a write of the status."""
    total, updated = _count(deployment, "replicas"), _count(deployment, "updatedReplicas")
    return "a rollout is in progress" if updated < total else ""


def _wanted(deployment: Object | None, otherwise: int) -> int:
    replicas = raw_spec(deployment or {}).get("replicas")
    return replicas if isinstance(replicas, int) else otherwise


def _count(deployment: Object | None, what: str) -> int:
    count = ((deployment or {}).get("status") or {}).get(what, 0)
    return count if isinstance(count, int) else 0
