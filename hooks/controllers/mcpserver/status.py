"""An MCPServer's status: what is true of it now, and if that isn't good, why and what to do."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from hooks.api.mcpserver import MCPServerSpec
from hooks.controllers import conditions
from hooks.controllers.conditions import Condition
from hooks.controllers.controller import Config
from hooks.controllers.kinds import SERVICE
from hooks.controllers.mcpserver import names
from hooks.controllers.mcpserver.deletion import awaited
from hooks.controllers.mcpserver.ownership import is_in_conflict
from hooks.controllers.mcpserver.problem import Problem
from hooks.controllers.mcpserver.references import References
from hooks.controllers.mcpserver.workload import Workload, workload
from hooks.protocol import Object, SyncRequest

RESYNC_SECONDS = 60
"""The longest wait for something that no event may announce."""
GLANCE_SECONDS = 5
"""When to look whether a child is there that Metacontroller makes in the same call."""
REFUSED_SECONDS = 30
"""How long a child may stay away before it counts as refused by the API server."""
SLOW_SECONDS = 60  # twice the grace period that pods have by default
"""How long a server may be on its way out before its status names what keeps it."""

MISSING_REASONS = ("ChildMissing", "FailedCreate")
"""Reasons of a Ready condition that names a missing child."""


class Verdict(NamedTuple):
    """A status, and when to look again at what it waits for; 0 where it waits for nothing."""

    status: Object
    look_again_after: int


def judge(
    request: SyncRequest,
    spec: MCPServerSpec | None,
    references: References,
    problems: list[Problem],
    *,
    identities: list[tuple[str, str]],
    config: Config,
    now: datetime,
) -> Verdict:
    """The status of a live MCPServer; its spec is None where it can't be read.

    `identities` is (kind, name) of each child of the answer, in its order: one that was returned before and isn't
    observed is missing, and the first such is named.
    """
    state = _state(request, problems, config)
    if state.phase != "Failed":
        state = _with_missing(state, request, identities, now)
    ready = Condition("Ready", "True" if state.phase == "Running" else "False", state.reason, state.message)
    status = {
        "phase": state.phase,
        "message": conditions.short(state.message),
        **_url(request, spec),
        **({"toolConfigHash": references.tool_config_hash} if references.tool_config_hash else {}),
        **({"externalAuthConfigHash": references.external_auth_hash} if references.external_auth_hash else {}),
        "observedGeneration": request.generation,
        "conditions": conditions.stamp([ready, _valid(problems), *references.conditions], request.parent, now),
    }
    return Verdict(status, _look_again_after(state, problems))


def _look_again_after(state: Workload, problems: list[Problem]) -> int:
    if state.reason == "ChildMissing":
        return GLANCE_SECONDS if state.phase == "Running" else REFUSED_SECONDS
    return RESYNC_SECONDS if problems or state.phase != "Running" else 0


def terminating(request: SyncRequest, now: datetime) -> Object:
    """The status of an MCPServer that is being deleted.

    It names what is waited for once that takes long, with the command that ends it. Most deletions are over before; a
    status for each of their steps would be a write, and a call for each config of the namespace that waits for its last
    server.
    """
    is_slow = (conditions.seconds_since(request.parent, "Ready", "False", now) or 0) >= SLOW_SECONDS
    waiting_for = awaited(request) if is_slow else ""
    what = f"waiting for {waiting_for}" if waiting_for else "its proxy goes first, then all the rest"
    message = conditions.short(f"MCP server is being terminated: {what}")
    return {
        "phase": "Terminating",
        "message": message,
        "observedGeneration": request.generation,
        "conditions": conditions.stamp([conditions.false("Ready", "Terminating", message)], request.parent, now),
    }


def _url(request: SyncRequest, spec: MCPServerSpec | None) -> Object:
    """Where clients reach the server: at the port that its Service has, while nothing new can be computed.

    While the Service isn't observed as the server's own, the address may lead to another server, past all tokens.
    """
    service = request.children.get(SERVICE, names.proxy_service(request.name))
    if service is None or is_in_conflict(request):
        return {}
    ports = (service.get("spec") or {}).get("ports") or [{}]
    port = spec.port if spec else ports[0].get("port")
    host = f"{names.proxy_service(request.name)}.{request.namespace}.svc.cluster.local"
    return {"url": f"http://{host}:{port}"} if port else {}


def _state(request: SyncRequest, problems: list[Problem], config: Config) -> Workload:
    faults = [problem for problem in problems if not problem.waiting]
    if faults:
        return Workload("Failed", faults[0].reason, "; ".join(problem.message for problem in faults))
    state = workload(request, config)
    if problems:
        waiting = problems[0]
        return state._replace(message=waiting.message) if state.phase == "Running" else _pending(waiting)
    return state


def _with_missing(state: Workload, request: SyncRequest, identities: list[tuple[str, str]], now: datetime) -> Workload:
    """The state, with what is amiss where a child that was returned for this spec before doesn't exist.

    Metacontroller makes it in the same call, so the first time it is a note. If it stays away, the API server refuses
    it: one whose name is another object's is found before.
    """
    observed = request.parent.get("status")
    if not isinstance(observed, dict) or observed.get("observedGeneration") != request.generation:
        return state
    missing = next((child for child in identities if child not in request.children.identities), None)
    if missing is None:
        return state
    kind, name = missing
    note = f"{kind} {name!r} is not there yet"
    before = conditions.find(request.parent, "Ready") or {}
    was_named = before.get("reason") in MISSING_REASONS and f"{kind} {name!r}" in str(before.get("message"))
    if not was_named and state.phase == "Running":
        return state._replace(reason="ChildMissing", message=f"{state.message}; {note}")
    waited = conditions.seconds_since(request.parent, "Ready", "False", now) or 0
    if not was_named or waited < REFUSED_SECONDS:
        return Workload("Pending", "ChildMissing", note)
    shown = f"kubectl describe mcpserver {request.name} -n {request.namespace}"
    return Workload("Failed", "FailedCreate", f"{kind} {name!r} isn't made: `{shown}` shows who refuses it")


def _pending(waiting: Problem) -> Workload:
    return Workload("Pending", waiting.reason, waiting.message)


def _valid(problems: list[Problem]) -> Condition:
    faults = [problem for problem in problems if problem.condition == "Valid"]
    if not faults:
        return conditions.true("Valid", "Valid", "The spec is valid")
    return conditions.false("Valid", faults[0].reason, "; ".join(problem.message for problem in faults))
