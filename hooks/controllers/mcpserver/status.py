"""An MCPServer's status: what is true of it now, and if that isn't good, why and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from hooks.api.mcpserver import MCPServerSpec
from hooks.controllers import conditions
from hooks.controllers.conditions import Condition
from hooks.controllers.controller import Config
from hooks.controllers.kinds import DEPLOYMENT, POD, SERVICE
from hooks.controllers.mcpserver import names
from hooks.controllers.mcpserver.problem import Problem
from hooks.controllers.mcpserver.references import References
from hooks.protocol import Object, SyncRequest


class Workload(NamedTuple):
    """What the proxy's pods, or without sight of them its Deployment, say."""

    phase: str
    reason: str
    message: str


def status(
    request: SyncRequest,
    spec: MCPServerSpec | None,
    references: References,
    problems: list[Problem],
    *,
    config: Config,
    now: datetime,
) -> Object:
    """The status of a live MCPServer; its spec is None where it can't be read."""
    state = _state(request, problems, config)
    ready = Condition("Ready", "True" if state.phase == "Running" else "False", state.reason, state.message)
    return {
        "phase": state.phase,
        "message": state.message,
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


def proxy_pods(request: SyncRequest) -> list[Object]:
    """The proxy's pods. The MCP server's own carry another `app` label."""
    app = names.labels(request.name)["app"]
    return [pod for pod in request.related.list(POD) if (pod["metadata"].get("labels") or {}).get("app") == app]


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
    workload = _from_pods(request) if config.read_pods else _from_deployment(request)
    if problems:
        message = problems[0].message
        return (
            workload._replace(message=message)
            if workload.phase == "Running"
            else Workload("Pending", problems[0].reason, message)
        )
    return workload


def _from_pods(request: SyncRequest) -> Workload:
    request.related.require(POD)
    pods = [pod for pod in proxy_pods(request) if "deletionTimestamp" not in pod["metadata"]]
    if any(_is_ready(pod) for pod in pods):
        return Workload("Running", "Ready", "MCP server is running")
    if not pods:
        return Workload("Pending", "NoPods", "No pods found for MCP server")
    return Workload("Pending", "PodsNotReady", "MCP server is starting")


def _from_deployment(request: SyncRequest) -> Workload:
    deployment = request.children.get(DEPLOYMENT, names.deployment(request.name)) or {}
    if (deployment.get("status") or {}).get("readyReplicas", 0) > 0:
        return Workload("Running", "Ready", "MCP server is running")
    return Workload("Pending", "PodsNotReady", "MCP server is starting")


def _is_ready(pod: Object) -> bool:
    found: Iterable[Object] = (pod.get("status") or {}).get("conditions") or []
    return any(condition.get("type") == "Ready" and condition.get("status") == "True" for condition in found)


def _valid(problems: list[Problem]) -> Condition:
    faults = [problem for problem in problems if problem.condition == "Valid"]
    if not faults:
        return conditions.true("Valid", "Valid", "The spec is valid")
    return conditions.false("Valid", faults[0].reason, "; ".join(problem.message for problem in faults))
