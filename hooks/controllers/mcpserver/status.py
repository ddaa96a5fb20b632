"""An MCPServer's status: what is true of it now, and if that isn't good, why and what to do."""

from __future__ import annotations

from datetime import datetime

from hooks.api.mcpserver import MCPServerSpec
from hooks.controllers import conditions
from hooks.controllers.conditions import Condition
from hooks.controllers.controller import Config
from hooks.controllers.kinds import SERVICE
from hooks.controllers.mcpserver import names
from hooks.controllers.mcpserver.problem import Problem
from hooks.controllers.mcpserver.references import References
from hooks.controllers.mcpserver.workload import Workload, workload
from hooks.protocol import Object, SyncRequest

NAME_TAKEN_SECONDS = 30


def status(
    request: SyncRequest,
    spec: MCPServerSpec | None,
    references: References,
    problems: list[Problem],
    *,
    returned: list[Object],
    config: Config,
    now: datetime,
) -> Object:
    """The status of a live MCPServer; its spec is None where it can't be read.

    `returned` are the children of the same answer: one that isn't observed though it was returned before is missing.
    """
    state = _state(request, problems, config)
    if state.phase != "Failed":
        state = _missing_children(request, returned, now) or state
    ready = Condition("Ready", "True" if state.phase == "Running" else "False", state.reason, state.message)
    return {
        "phase": state.phase,
        "message": conditions.short(state.message),
        **_url(request, spec),
        **({"toolConfigHash": references.tool_config_hash} if references.tool_config_hash else {}),
        **({"externalAuthConfigHash": references.external_auth_hash} if references.external_auth_hash else {}),
        "observedGeneration": request.generation,
        "conditions": conditions.stamp([ready, _valid(problems), *references.conditions], request.parent, now),
    }


def terminating(request: SyncRequest, waiting_for: str, now: datetime) -> Object:
    """The status of an MCPServer that is being deleted."""
    message = "MCP server is being terminated" + (f": waiting for {waiting_for}" if waiting_for else "")
    return {
        "phase": "Terminating",
        "message": message,
        "observedGeneration": request.generation,
        "conditions": conditions.stamp([conditions.false("Ready", "Terminating", message)], request.parent, now),
    }


def _url(request: SyncRequest, spec: MCPServerSpec | None) -> Object:
    """Where clients reach the server: at the port that its Service has, while nothing new can be computed."""
    service = request.children.get(SERVICE, names.proxy_service(request.name))
    port = spec.port if spec else service["spec"]["ports"][0]["port"] if service else None
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


def _missing_children(request: SyncRequest, returned: list[Object], now: datetime) -> Workload | None:
    """What is amiss where a child that was returned for this spec before doesn't exist.

    Metacontroller makes it in the same call; if it stays away, its name is somebody else's, which Metacontroller passes
    over in silence.
    """
    status = request.parent.get("status")
    if not isinstance(status, dict) or status.get("observedGeneration") != request.generation:
        return None
    missing = [child for child in returned if not request.children.has(child)]
    if not missing:
        return None
    kind, name = missing[0]["kind"], missing[0]["metadata"]["name"]
    waited = conditions.seconds_since(request.parent, "Ready", "False", now)
    if waited is None or waited < NAME_TAKEN_SECONDS:
        return Workload("Pending", "ChildMissing", f"{kind} {name!r} is not there yet")
    shown = f"kubectl get {kind.lower()} {name} -n {request.namespace} -o yaml"
    remedy = f"`{shown}` shows whose it is; delete it, or give this MCPServer another name"
    return Workload("Failed", "NameTaken", f"{kind} {name!r} exists and is not this MCPServer's: {remedy}")


def _pending(waiting: Problem) -> Workload:
    return Workload("Pending", waiting.reason, waiting.message)


def _valid(problems: list[Problem]) -> Condition:
    faults = [problem for problem in problems if problem.condition == "Valid"]
    if not faults:
        return conditions.true("Valid", "Valid", "The spec is valid")
    return conditions.false("Valid", faults[0].reason, "; ".join(problem.message for problem in faults))
