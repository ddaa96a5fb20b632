"""MCPServer: references -> RunConfig -> children -> status."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime

from pydantic import ValidationError

from hooks.api.mcpserver import MCP_SERVER as RESOURCE
from hooks.api.mcpserver import MCPServerSpec
from hooks.api.meta import spec_errors
from hooks.controllers.claims import referenced
from hooks.controllers.controller import Config, Controller
from hooks.controllers.external_auth import EXTERNAL_AUTH
from hooks.controllers.hold import held
from hooks.controllers.kinds import CONFIG_MAP, DEPLOYMENT, MCP_SERVER, POD, SERVICE, SERVICE_ACCOUNT
from hooks.controllers.mcpserver import children, names, validation
from hooks.controllers.mcpserver.deployment import deployment
from hooks.controllers.mcpserver.problem import Problem
from hooks.controllers.mcpserver.references import References, config_maps, resolve
from hooks.controllers.mcpserver.runconfig import run_config, run_config_map
from hooks.controllers.mcpserver.status import SLOW_SECONDS, judge, terminating
from hooks.controllers.mcpserver.workload import proxy_pods, sees_pods
from hooks.controllers.tool_config import TOOL_CONFIG
from hooks.protocol import CustomizeRequest, Object, SyncRequest, is_deleting, kept, kind_and_name, raw_spec
from hooks.responses import RelatedRule, SyncResponse


def customize(request: CustomizeRequest, config: Config) -> list[RelatedRule]:
    """What a server's sync looks at: the objects that its spec names, and its pods."""
    metadata = request.parent["metadata"]
    namespace, name = metadata["namespace"], metadata["name"]
    rules = []
    if not is_deleting(request.parent):
        for shared in (EXTERNAL_AUTH, TOOL_CONFIG):
            config_name = referenced(request.parent, shared.server_field)
            if config_name:
                rules.append(RelatedRule(shared.kind, namespace, names=(config_name,)))
        named = config_maps(raw_spec(request.parent))
        if named:
            rules.append(RelatedRule(CONFIG_MAP, namespace, names=tuple(named)))
    if sees_pods(name, config):
        rules.append(RelatedRule(POD, namespace, labels={"toolhive-name": name}))
    return rules


def sync(request: SyncRequest, config: Config, now: datetime) -> SyncResponse:
    """Everything that shall exist for a live server.

    Where RunConfig or Deployment can't be computed, they and what belongs to them are held: returned as they are.
    """
    spec, problems = _parse(request)
    references = resolve(request, spec) if spec else References()
    problems += validation.problems(spec, references.pod_template) if spec else []
    problems += references.problems
    workload = _workload(request, spec, references, config) if spec and not problems else []
    problems += validation.too_large(workload)
    computable = spec if not problems else None
    if computable is None:
        workload = _held_workload(request)
    access = children.access(request) if _may_have_access(request) else []
    returned = [*access, *workload, *children.runners_objects(request)]
    identities = [kind_and_name(child) for child in returned]
    removed = _removed(request.name).difference(identities) if computable else frozenset()
    verdict = judge(request, computable, references, problems, identities=identities, config=config, now=now)
    return SyncResponse(
        verdict.status,
        [*returned, *_others(request, removed.union(identities))],
        removed=removed,
        resync_after_seconds=verdict.look_again_after,
    )


def finalize(request: SyncRequest, config: Config, now: datetime) -> SyncResponse:
    """Take a server down, the proxy first.

    The proxy runner makes the MCP server's StatefulSet, and one that still runs would make it again; nothing is adopted
    for a parent that is being deleted. So all else waits until neither Deployment nor proxy pod is left.
    """
    if sees_pods(request.name, config):
        request.related.require(POD)
    running = request.children.get(DEPLOYMENT, names.deployment(request.name))
    pods = proxy_pods(request)
    if running or pods:
        waiting_for = f"{len(pods)} proxy pod{'s' if len(pods) != 1 else ''} to stop" if pods else "the proxy to stop"
        stays = [*children.access(request), *_held_workload(request), *children.runners_objects(request)]
        removed = frozenset({(DEPLOYMENT.kind, names.deployment(request.name))})
        left = request.children.identities - removed
        stays = [child for child in stays if kind_and_name(child) in left]
        return SyncResponse(
            terminating(request, waiting_for, now),
            [*stays, *_others(request, removed.union(map(kind_and_name, stays)))],
            removed=removed,
            resync_after_seconds=SLOW_SECONDS,
        )
    kinds = sorted({kind for kind, _ in request.children.identities})
    return SyncResponse(
        terminating(request, f"its {', '.join(kinds)} to go" if kinds else "", now),
        finalized=not kinds,
        resync_after_seconds=SLOW_SECONDS if kinds else 0,
    )


def _parse(request: SyncRequest) -> tuple[MCPServerSpec | None, list[Problem]]:
    """The spec, or why there is none to work from."""
    unusable = _why_name_not_usable(request.name)
    if unusable:
        return None, [Problem("Valid", "NameNotUsable", unusable)]
    try:
        spec = MCPServerSpec.parse(request.parent.get("spec"))
    except ValidationError as error:
        return None, [Problem("Valid", "SpecInvalid", "; ".join(spec_errors(error)))]
    unreadable = validation.unreadable(spec)
    return (None, [unreadable]) if unreadable else (spec, [])


def _why_name_not_usable(name: str) -> str:
    """The rules that the CRD has for new servers, for those that are older than it."""
    return "; ".join(rule.message for rule in RESOURCE.name_rules if not rule.holds(name))


def _may_have_access(request: SyncRequest) -> bool:
    """A server whose name can't be used gets no new accounts, but keeps those that it has."""
    runner = names.proxy_runner(request.name)
    return request.children.get(SERVICE_ACCOUNT, runner) is not None or not _why_name_not_usable(request.name)


def _workload(request: SyncRequest, spec: MCPServerSpec, references: References, config: Config) -> list[Object]:
    """RunConfig, Deployment, Service, and the ConfigMap of an inline authzConfig."""
    server, name = request.parent, request.name
    config_map = run_config_map(server, run_config(server, spec, references, config))
    observed_map = request.children.get(CONFIG_MAP, names.run_config(name))
    observed = request.children.get(DEPLOYMENT, names.deployment(name))
    # Config first: Metacontroller swallows a conflict on the ConfigMap and goes on to the Deployment. Pods that start
    # with the new checksum and the old file would keep it for ever.
    if observed_map and not config_map["data"].items() <= (observed_map.get("data") or {}).items():
        proxy = held(observed) if observed else None
    else:
        checksum = config_map["metadata"]["annotations"][names.CONTENT_CHECKSUM]
        proxy = deployment(server, spec, references, config, checksum=checksum, observed=observed)
    service = children.service(name, spec, request.children.get(SERVICE, names.proxy_service(name)))
    made = (config_map, children.authz_config_map(name, spec), proxy, service)
    return [child for child in made if child]


def _held_workload(request: SyncRequest) -> list[Object]:
    """The same as it is: what exists stays, what doesn't isn't made."""
    name = request.name
    observed = (
        request.children.get(CONFIG_MAP, names.run_config(name)),
        request.children.get(CONFIG_MAP, names.authz_inline(name)),
        request.children.get(DEPLOYMENT, names.deployment(name)),
        request.children.get(SERVICE, names.proxy_service(name)),
    )
    return [held(child) for child in observed if child]


def _removed(name: str) -> frozenset[tuple[str, str]]:
    """What goes where it isn't returned: authz policies that were inline, and the Services of an older proxy runner."""
    services = [(SERVICE.kind, service) for service in names.runner_services(name)]
    return frozenset([(CONFIG_MAP.kind, names.authz_inline(name)), *services])


def _others(request: SyncRequest, accounted: AbstractSet[tuple[str, str]]) -> list[Object]:
    """Whatever else Metacontroller adopted by its label: not ours to change, and so not ours to delete."""
    others = request.children.identities - accounted
    return [kept(child) for child in request.children if kind_and_name(child) in others] if others else []


CONTROLLER = Controller(
    parent=MCP_SERVER,
    child_kinds=children.KINDS,
    customize=customize,
    sync=sync,
    finalize=finalize,
    child_names=children.child_names,
)
