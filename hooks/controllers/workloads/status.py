"""A workload's status: what is true of it now, and if that isn't good, why and what to do."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from hooks.controllers.workloads.missing import CHILD_RECHECK_SECONDS, with_missing
from hooks.controllers.workloads.refusals import REFUSED_SECONDS, deployment_condition, with_refusal
from hooks.installation import Installation
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import POD, SERVICE
from hooks.kubernetes.objects import Object, kind_and_name, raw_spec
from hooks.metacontroller.requests import SyncRequest
from hooks.metacontroller.responses import RESYNC_SECONDS
from hooks.proxy.deletion import awaited
from hooks.proxy.health import sees_pods, workload
from hooks.proxy.names import names_of
from hooks.proxy.ownership import is_in_conflict
from hooks.proxy.spec import ProxySpec
from hooks.proxy.state import State

TERMINATION_RESYNC_SECONDS = 60  # twice the grace period that pods have by default
"""When to look again at a server that is being deleted; after so long its status names what keeps it."""


class StatusResult(NamedTuple):
    """A status, and when to look again at what it waits for; 0 where it waits for nothing."""

    status: Object
    resync_after_seconds: int


def make_status(
    request: SyncRequest,
    proxy: ProxySpec | None,
    about: list[Condition],
    hashes: Object,
    problems: list[Condition],
    *,
    returned: list[Object],
    is_held: bool,
    installation: Installation,
    now: datetime,
) -> StatusResult:
    """Return the status of a live workload.

    Args:
        request: what is observed.
        proxy: the workload's proxy; None where the spec can't be read.
        about: what the conditions say about the spec and its references.
        hashes: the status fields with the hashes of the shared configs in use.
        problems: why the children can't be made; empty where they are.
        returned: the children of the answer, in its order: one that was returned before and isn't observed is missing,
            and the first such is named.
        is_held: whether RunConfig, Deployment and Service are returned as they are.
        installation: what the installation decides.
        now: the time of the call.
    """
    observed = workload(request, installation)
    state = _state(request, problems, about, observed.state, installation)
    if state.phase != "Failed":
        state = with_missing(state, request, [kind_and_name(child) for child in returned], now)
    not_updated = deployment_condition(request, returned, now)
    state = with_refusal(state, not_updated)
    ready = Condition("Ready", "True" if state.phase == "Ready" else "False", state.reason, state.message)
    found = [ready, _valid(problems), *([not_updated] if not_updated else []), *observed.conditions, *about]
    status = {
        "phase": state.phase,
        "message": conditions.short(state.message),
        **_url(request, proxy, is_held=is_held),
        **_ready_replicas(request, observed.ready_replicas),
        **hashes,
        "observedGeneration": request.generation,
        "conditions": conditions.stamp(found, request.parent, now),
    }
    return StatusResult(status, _resync_after_seconds(state, problems, not_updated))


def _resync_after_seconds(state: State, problems: list[Condition], not_updated: Condition | None) -> int:
    if state.reason == "ChildMissing":
        return CHILD_RECHECK_SECONDS if state.phase == "Ready" else REFUSED_SECONDS
    if not_updated:
        return REFUSED_SECONDS
    return RESYNC_SECONDS if problems or state.phase != "Ready" else 0


def terminating(request: SyncRequest, now: datetime) -> Object:
    """Return the status of a workload that is being deleted.

    It names what is waited for once that takes long, with the command that ends it. Most deletions are over before; a
    status for each of their steps would be a write, and a call for each config of the namespace that waits for its last
    server.
    """
    since = conditions.deletion_time(request.parent, now)
    is_slow = (now - since).total_seconds() >= TERMINATION_RESYNC_SECONDS
    waiting_for = awaited(request) if is_slow else ""
    has_server = names_of(request).has_server
    order = "its proxy is deleted first, then everything else" if has_server else "all its objects are deleted"
    what = f"waiting for {waiting_for}" if waiting_for else order
    message = conditions.short(f"{names_of(request).noun} is being terminated: {what}")
    return {
        "phase": "Terminating",
        "message": message,
        "observedGeneration": request.generation,
        "conditions": conditions.stamp([conditions.false("Ready", "Terminating", message)], request.parent, since),
    }


def _ready_replicas(request: SyncRequest, count: int) -> Object:
    """The status field with the number of ready proxies, for a kind that has it; without any it is left out."""
    return {"readyReplicas": count} if count and names_of(request).has_server else {}


def _url(request: SyncRequest, proxy: ProxySpec | None, *, is_held: bool) -> Object:
    """Where clients reach the server: at the port that its Service has, while nothing new can be computed.

    While the Service isn't observed as the server's own, the address may lead to another server, past all tokens.
    """
    service = request.children.get(SERVICE, names_of(request).service)
    if service is None or is_in_conflict(request):
        return {}
    ports = raw_spec(service).get("ports") or [{}]
    port = ports[0].get("port") if is_held or proxy is None else proxy.port
    host = f"{names_of(request).service}.{request.namespace}.svc.cluster.local"
    return {"url": f"http://{host}:{port}{_path(request, proxy)}"} if port else {}


def _path(request: SyncRequest, proxy: ProxySpec | None) -> str:
    """The path of the endpoint; while the spec can't be read, the one that the status has."""
    if not names_of(request).has_server:
        return ""  # release 0.44 leaves it to the caller, who knows the remote server's transport
    if proxy:
        return f"/sse#{proxy.name}" if proxy.proxy_mode == "sse" else "/mcp"
    status = request.parent.get("status")
    url = str(status.get("url")) if isinstance(status, dict) else ""
    paths = (f"/sse#{request.name}", "/mcp")
    return next((path for path in paths if url.endswith(path)), "")


def _state(
    request: SyncRequest, problems: list[Condition], about: list[Condition], observed: State, installation: Installation
) -> State:
    """The state of the server; all faults of its spec are in one message."""
    faults = [problem for problem in problems if problem.status == "False"]
    if faults:
        advice = [each for each in about if (each.type, each.status) == ("GroupRefValidated", "False")]
        return State("Failed", faults[0].reason, "; ".join(each.message for each in [*faults, *advice]))
    if sees_pods(request.name, installation):
        request.related.require(POD)
    if problems:
        waiting = problems[0]
        if observed.phase == "Ready":
            return observed._replace(message=waiting.message)
        return State("Pending", waiting.reason, waiting.message)
    return observed


def _valid(problems: list[Condition]) -> Condition:
    faults = [problem for problem in problems if problem.type == "Valid"]
    if not faults:
        return conditions.true("Valid", "Valid", "The spec is valid")
    return conditions.false("Valid", faults[0].reason, "; ".join(problem.message for problem in faults))
