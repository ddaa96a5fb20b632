"""MCPServer: spec and references -> ProxySpec -> children and status."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime

from pydantic import ValidationError

from hooks.api.errors import spec_errors
from hooks.api.kinds import MCP_SERVER
from hooks.api.mcpserver import MCPServerSpec
from hooks.controllers.mcpserver.conditions import spec_conditions
from hooks.controllers.mcpserver.hidden import hidden
from hooks.controllers.mcpserver.protection import refuse_hidden_protection
from hooks.controllers.mcpserver.resolutions import config_map_names, resolve
from hooks.controllers.mcpserver.status import TERMINATION_RESYNC_SECONDS, make_status, terminating
from hooks.controllers.mcpserver.to_proxy import to_proxy
from hooks.controllers.pruned import pruned
from hooks.installation import Installation
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, POD, SERVICE_ACCOUNT, STATEFUL_SET, Kind
from hooks.kubernetes.objects import Object, is_deleting, kind_and_name, raw_spec
from hooks.metacontroller.controller import Controller
from hooks.metacontroller.last_applied import minimal_desired
from hooks.metacontroller.requests import CustomizeRequest, SyncRequest
from hooks.metacontroller.responses import RelatedRule, SyncResponse
from hooks.proxy import children, names, ownership, validation
from hooks.proxy.deletion import is_proxy_left
from hooks.proxy.health import sees_pods
from hooks.proxy.pull_secrets import merged_pull_secrets, named_pull_secrets
from hooks.proxy.rbac import make_rbac
from hooks.references.claims import claims
from hooks.references.table import references_of


def customize(request: CustomizeRequest, installation: Installation) -> list[RelatedRule]:
    """Return what a server's sync looks at: what its spec names, what has one of its own names, and its pods."""
    metadata = request.parent["metadata"]
    namespace, name = metadata["namespace"], metadata["name"]
    rules = []
    named = ownership.names_of(name)
    if not is_deleting(request.parent):
        for kind in dict.fromkeys(reference.config for reference in references_of(MCP_SERVER)):
            config_names = _config_names(request.parent, kind)
            if config_names:
                rules.append(RelatedRule(kind, namespace, names=config_names))
        named += [(CONFIG_MAP, config_map) for config_map in config_map_names(raw_spec(request.parent))]
    for kind in children.KINDS:
        of_kind = tuple(name for named_kind, name in named if named_kind == kind)
        rules.append(RelatedRule(kind, namespace, names=of_kind))
    if sees_pods(name, installation):
        rules.append(RelatedRule(POD, namespace, labels={"toolhive-name": name}))
    return rules


def sync(request: SyncRequest, installation: Installation, now: datetime) -> SyncResponse:
    """Return everything that shall exist for a live server.

    Where RunConfig or Deployment can't be computed, they and what belongs to them are held: returned as they are.
    """
    refuse_hidden_protection(request)
    spec, faults = _parse(request)
    resolutions = resolve(request, spec) if spec else None
    proxy = to_proxy(request.parent, spec, resolutions, installation) if spec and resolutions else None
    about = spec_conditions(request, spec, proxy, resolutions) if spec and proxy and resolutions else []
    problems = [*ownership.problems(request), *faults]
    if proxy and resolutions:
        problems += [*validation.problems(proxy), *resolutions.problems]
    workload = children.make_workload(request, proxy, installation) if proxy and not problems else []
    problems += validation.too_large(workload)
    if problems:
        workload = children.hold_workload(request)
    withheld = ownership.withheld(request)
    returned = [*_rbac(request, withheld, installation), *workload, *children.adopted_stateful_set(request)]
    identities = [kind_and_name(child) for child in returned]
    obsolete = frozenset() if problems else children.obsolete_children(request.name)
    removed = (withheld | obsolete).difference(identities)
    hashes = resolutions.config_hashes if resolutions else {}
    status = make_status(
        request, proxy, about, hashes, problems, identities=identities, installation=installation, now=now
    )
    return SyncResponse(
        status.status,
        [*returned, *_adopted_children(request, removed.union(identities))],
        removed=removed,
        resync_after_seconds=status.resync_after_seconds,
    )


def finalize(request: SyncRequest, installation: Installation, now: datetime) -> SyncResponse:
    """Take a server down, the proxy first.

    The proxy runner makes the MCP server's StatefulSet, and one that still runs would make it again; nothing is adopted
    for a parent that is being deleted. So all else waits until neither Deployment nor proxy pod is left.
    """
    if sees_pods(request.name, installation):
        request.related.require(POD)
    if is_proxy_left(request):
        withheld = ownership.withheld(request)
        stays = [
            *_make_rbac(request, withheld, installation),
            *children.hold_workload(request),
            *children.adopted_stateful_set(request),
        ]
        removed = withheld | {(DEPLOYMENT.kind, names.deployment(request.name))}
        left = request.children.identities - removed
        stays = [child for child in stays if kind_and_name(child) in left]
        return SyncResponse(
            terminating(request, now),
            [*stays, *_adopted_children(request, removed.union(map(kind_and_name, stays)))],
            removed=removed,
            resync_after_seconds=TERMINATION_RESYNC_SECONDS,
        )
    finalized = not request.children.identities
    return SyncResponse(
        terminating(request, now),
        finalized=finalized,
        resync_after_seconds=0 if finalized else TERMINATION_RESYNC_SECONDS,
    )


def _config_names(parent: Object, config: Kind) -> tuple[str, ...]:
    """The configs of a kind to which a parent refers: one kind may stand behind two fields."""
    named = [reference.name_in(parent) for reference in references_of(MCP_SERVER) if reference.config == config]
    return tuple(dict.fromkeys(name for name in named if name))


def _parse(request: SyncRequest) -> tuple[MCPServerSpec | None, list[Condition]]:
    """The spec, or why there is none to work from."""
    unusable = _why_name_not_usable(request.name)
    if unusable:
        return None, [conditions.false("Valid", "NameNotUsable", unusable)]
    try:
        spec = MCPServerSpec.parse(request.parent.get("spec"))
    except ValidationError as error:
        return None, [conditions.false("Valid", "SpecInvalid", "; ".join(spec_errors(error, MCPServerSpec)))]
    unreadable = validation.unreadable_template(spec.pod_template_spec)
    if unreadable:
        return None, [unreadable]
    dropped = pruned(request.parent, MCPServerSpec) or hidden(request.parent)
    return spec, [conditions.false("Valid", "FieldPruned", dropped)] if dropped else []


def _why_name_not_usable(name: str) -> str:
    """The rules that the CRD has for new servers, for those that are older than it."""
    return "; ".join(rule.message for rule in MCP_SERVER.name_rules if not rule.holds(name))


def _rbac(request: SyncRequest, withheld: AbstractSet[tuple[str, str]], installation: Installation) -> list[Object]:
    """A server whose name can't be used gets no new accounts, but keeps those that it has."""
    runner = names.proxy_runner(request.name)
    has_account = request.children.get(SERVICE_ACCOUNT, runner) is not None
    return _make_rbac(request, withheld, installation) if has_account or not _why_name_not_usable(request.name) else []


def _make_rbac(
    request: SyncRequest, withheld: AbstractSet[tuple[str, str]], installation: Installation
) -> list[Object]:
    """The MCP server's own account is made where the spec names none.

    Once made it stays, like each observed child that isn't ours to remove: a pod may still use it. What is withheld
    must not exist beside other people's objects.
    """
    with_account = raw_spec(request.parent).get("serviceAccount") is None
    claimed = claims(MCP_SERVER, request.parent)
    made = make_rbac(
        request.name,
        request.namespace,
        claimed,
        with_server_account=with_account,
        pull_secrets=merged_pull_secrets(named_pull_secrets(request.parent), installation),
    )
    return [child for child in made if kind_and_name(child) not in withheld]


def _adopted_children(request: SyncRequest, accounted: AbstractSet[tuple[str, str]]) -> list[Object]:
    """Children adopted by label that this controller never makes; returned unchanged."""
    others = request.children.identities - accounted
    return [minimal_desired(child) for child in request.children if kind_and_name(child) in others]


CONTROLLER = Controller(
    parent=MCP_SERVER,
    child_kinds=children.KINDS,
    customize=customize,
    sync=sync,
    finalize=finalize,
    child_names=children.child_names,
    on_delete=(STATEFUL_SET,),
)
