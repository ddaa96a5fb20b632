"""The MCP server behind the proxy: the StatefulSet that the proxy runner makes, and its pods.

The proxy's /health answers 200 without a backend, so its readiness alone says nothing of it. There may be no
StatefulSet yet: the runner makes it when it starts, and is not ready before the StatefulSet is. Once one was observed,
the condition BackendReady stays in the status, so that one that is gone later is missed.
"""

from __future__ import annotations

from typing import NamedTuple

from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import POD, STATEFUL_SET
from hooks.kubernetes.objects import Object, controller_of, is_deleting, is_of_kind, labels_of, raw_spec
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy import pods
from hooks.proxy.names import MCP_CONTAINER, names_of
from hooks.proxy.state import Part, State

CONDITION = "BackendReady"


class Backend(NamedTuple):
    """The state of the MCP server behind the proxy, as far as it is observed."""

    state: State | None
    """Why it isn't ready; None where it is."""
    is_cause: bool
    """Whether the state says what keeps it, and not only that it starts."""
    note: str = ""
    """What is wrong although it is ready, such as a failing second pod; empty where nothing is."""

    @property
    def condition(self) -> Condition:
        """The condition BackendReady."""
        if self.state:
            return conditions.false(CONDITION, self.state.reason, self.state.message)
        return conditions.true(CONDITION, "Ready", "A pod of the MCP server is ready")


def backend(request: SyncRequest, *, proxy_is_ready: bool) -> Backend | None:
    """The state of the MCP server behind the proxy, by its pods and its StatefulSet; None before one was observed.

    None also for one that runs elsewhere: the proxy doesn't ask after it before a caller does.
    """
    names = names_of(request)
    if not names.has_server:
        return None
    stateful_set = request.children.get(STATEFUL_SET, names.stateful_set)
    own = server_pods(request)
    staying = [pod for pod in own if not is_deleting(pod)]
    part = _part(request)
    cause = pods.cause(staying, part)
    if _is_ready(own, stateful_set):
        return Backend(None, is_cause=False, note=cause.message if cause else "")
    if stateful_set and raw_spec(stateful_set).get("replicas") == 0:
        scale = f"kubectl scale {part.owner} --replicas=1 -n {request.namespace}"
        remedy = "spec.backendReplicas is 0" if raw_spec(request.parent).get("backendReplicas") == 0 else scale
        return Backend(State("Stopped", "ScaledToZero", f"MCP server is scaled to zero: {remedy}"), is_cause=True)
    if cause:
        return Backend(_with_revision(cause, staying, stateful_set, part), is_cause=True)
    if any(pods.is_lost(pod) for pod in own):
        return Backend(pods.lost(part), is_cause=True)
    if stateful_set or own:
        return Backend(_starting(own, staying, stateful_set or {}, part), is_cause=False)
    if conditions.find(request.parent, CONDITION) is None:
        return None
    return _missing(request, part, proxy_is_ready=proxy_is_ready)


def server_pods(request: SyncRequest) -> list[Object]:
    """The MCP server's own pods: those of the StatefulSet of its name. Anyone may label a pod like one."""
    found = []
    for pod in request.related.list(POD):
        labels = labels_of(pod)
        is_labelled = labels.get("app") == request.name and labels.get("toolhive-name") == request.name
        if is_labelled and _is_of_stateful_set(pod, names_of(request).stateful_set):
            found.append(pod)
    return found


def _is_of_stateful_set(pod: Object, name: str) -> bool:
    owner = controller_of(pod) or {}
    return is_of_kind(owner, STATEFUL_SET.api_version, STATEFUL_SET.kind) and owner.get("name") == name


def _part(request: SyncRequest) -> Part:
    name = request.name
    owner = f"statefulset/{names_of(request).stateful_set}"
    return Part("MCP server", owner, f"app={name},toolhive-name={name}", request.namespace)


def _is_ready(own: list[Object], stateful_set: Object | None) -> bool:
    """Whether a pod is ready, and the StatefulSet's status agrees; each counts where the other isn't seen."""
    status = (stateful_set or {}).get("status") or {}
    counted = bool(status.get("readyReplicas"))
    if not own:
        return counted
    return any(pods.is_ready(pod) for pod in own if not is_deleting(pod)) and (counted or not status)


def _with_revision(cause: State, staying: list[Object], stateful_set: Object | None, part: Part) -> State:
    """The cause, and how to go on where the StatefulSet has been mended since.

    A StatefulSet doesn't replace a pod that isn't ready with one of its new template.
    """
    newest = ((stateful_set or {}).get("status") or {}).get("updateRevision")
    revisions = [labels_of(pod).get("controller-revision-hash") for pod in staying]
    if not newest or all(revision in (newest, None) for revision in revisions):
        return cause
    remedy = f"kubectl delete pods -l {part.selector} -n {part.namespace}"
    message = f"{cause.message}; the StatefulSet has changed since, and replaces no pod that fails: {remedy}"
    return cause._replace(message=message)


def _starting(own: list[Object], staying: list[Object], stateful_set: Object, part: Part) -> State:
    """The state of an MCP server that isn't ready, where no cause is known."""
    starting = "MCP server is starting"
    if staying and all(pods.runs(pod) for pod in staying):
        logs = part.logs(MCP_CONTAINER)
        return State("Pending", "PodsNotReady", f"{starting}: its container runs, and is not ready yet: {logs}")
    if not staying and own:
        where = f"kubectl get pods -l {part.selector} -n {part.namespace} -o wide"
        message = f"{starting}: its old pod is still stopping; if that lasts, its node may be lost: {where}"
        return State("Pending", "PodsNotReady", message)
    if not staying and not (stateful_set.get("status") or {}).get("replicas"):
        described = f"kubectl describe {part.owner} -n {part.namespace}"
        return State("Pending", "NoPods", f"{starting}: its StatefulSet has no pod yet; if that lasts: {described}")
    return State("Pending", "PodsNotReady", f"{starting}: its StatefulSet has no ready pod yet")


def _missing(request: SyncRequest, part: Part, *, proxy_is_ready: bool) -> Backend:
    """A StatefulSet that was there is gone. Runner 0.44.0 makes it when it starts, and not again while it runs."""
    names = names_of(request)
    if not proxy_is_ready:
        message = "MCP server is starting: its proxy makes its StatefulSet anew"
        return Backend(State("Pending", "StatefulSetMissing", message), is_cause=False)
    remedy = f"kubectl rollout restart deployment/{names.deployment} -n {part.namespace}"
    gone = f"StatefulSet {names.stateful_set!r} of the MCP server is gone"
    message = f"{gone}, and its proxy makes it only when it starts: {remedy}"
    return Backend(State("Failed", "StatefulSetMissing", message), is_cause=True)
