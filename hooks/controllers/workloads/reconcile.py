"""The hooks of a workload kind, but for how its spec is read: what is looked at, held, made and taken down."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from hooks.api.kinds import CustomResource
from hooks.controllers.workloads.config_maps import config_map_names
from hooks.controllers.workloads.parse import why_name_not_usable
from hooks.controllers.workloads.status import TERMINATION_RESYNC_SECONDS, make_status, terminating
from hooks.installation import Installation
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import CONFIG_MAP, POD, SERVICE_ACCOUNT, Kind
from hooks.kubernetes.objects import Object, is_deleting, kind_and_name, raw_spec
from hooks.metacontroller.controller import Controller
from hooks.metacontroller.last_applied import minimal_desired
from hooks.metacontroller.requests import CustomizeRequest, SyncRequest
from hooks.metacontroller.responses import RelatedRule, SyncResponse
from hooks.proxy import children, ownership, validation
from hooks.proxy.deletion import is_proxy_left
from hooks.proxy.health import runs_without_deployment, sees_pods
from hooks.proxy.names import Names, names_of
from hooks.proxy.pull_secrets import merged_pull_secrets, named_pull_secrets
from hooks.proxy.rbac import make_rbac
from hooks.proxy.spec import ProxySpec
from hooks.references.claims import claims
from hooks.references.table import references_of


@dataclass(frozen=True, slots=True)
class Reading:
    """What a spec and its references come to."""

    proxy: ProxySpec | None
    """None where the spec can't be read."""
    problems: list[Condition]
    """Why the proxy can't be made; empty where it can."""
    about: list[Condition] = field(default_factory=list)
    """What the conditions say about the spec and its references."""
    hashes: Object = field(default_factory=dict)
    """The status fields with the hashes of the shared configs in use."""


def make_controller(
    kind: CustomResource,
    child_kinds: tuple[Kind, ...],
    sync: Callable[[SyncRequest, Installation, datetime], SyncResponse],
    *,
    on_delete: tuple[Kind, ...] = (),
) -> Controller:
    """Return the controller of a workload kind, of which only the sync is its own."""
    return Controller(
        parent=kind,
        child_kinds=child_kinds,
        customize=partial(customize, kind=kind),
        sync=sync,
        finalize=finalize,
        child_names=lambda name: children.child_names(Names(kind.kind, name)),
        on_delete=on_delete,
    )


def customize(request: CustomizeRequest, installation: Installation, kind: CustomResource) -> list[RelatedRule]:
    """Return what a workload's sync looks at: what its spec names, what has one of its own names, and its pods.

    A workload that is being deleted asks for its pods alone. Metacontroller compares each event of a related kind with
    each rule of each parent. So each further kind costs a fleet time, most of all one whose objects change often.
    """
    metadata = request.parent["metadata"]
    namespace, name = metadata["namespace"], metadata["name"]
    pods = [RelatedRule(POD, namespace, labels={"toolhive-name": name})] if sees_pods(name, installation) else []
    if is_deleting(request.parent):
        return pods
    rules = []
    for config in dict.fromkeys(reference.config for reference in references_of(kind)):
        config_names = _config_names(request.parent, kind, config)
        if config_names:
            rules.append(RelatedRule(config, namespace, names=config_names))
    config_maps = [(CONFIG_MAP, config_map) for config_map in config_map_names(raw_spec(request.parent))]
    named = [*ownership.object_names(Names(kind.kind, name)), *config_maps]
    for child in children.KINDS:
        of_kind = tuple(name for named_kind, name in named if named_kind == child)
        if of_kind:
            rules.append(RelatedRule(child, namespace, names=of_kind))
    return [*rules, *pods]


def sync(
    request: SyncRequest, kind: CustomResource, reading: Reading, installation: Installation, now: datetime
) -> SyncResponse:
    """Return everything that shall exist for a live workload.

    Where RunConfig or Deployment can't be computed, they and what belongs to them are held: returned as they are.
    """
    proxy = reading.proxy
    problems = [*ownership.problems(request), *reading.problems]
    workload = children.make_workload(request, proxy, installation) if proxy and not problems else []
    problems += validation.too_large(workload)
    has_run = request.children.get(CONFIG_MAP, names_of(request).run_config) is not None
    is_held = bool(problems) or (has_run and runs_without_deployment(request))
    if problems:
        workload = children.hold_workload(request)
    elif is_held:
        workload = children.hold_beside_pods(request, workload)
    withheld = ownership.withheld(request)
    returned = [*_rbac(request, kind, withheld, installation), *workload, *children.adopted_stateful_set(request)]
    identities = [kind_and_name(child) for child in returned]
    obsolete = frozenset() if is_held else children.obsolete_children(names_of(request))
    removed = (withheld | obsolete).difference(identities)
    status = make_status(
        request,
        proxy,
        reading.about,
        reading.hashes,
        problems,
        returned=returned,
        is_held=is_held,
        installation=installation,
        now=now,
    )
    return SyncResponse(
        status.status,
        [*returned, *_adopted_children(request, removed.union(identities))],
        removed=removed,
        resync_after_seconds=status.resync_after_seconds,
    )


def finalize(request: SyncRequest, installation: Installation, now: datetime) -> SyncResponse:
    """Take a workload down, a proxy that makes an MCP server first.

    The proxy runner makes the MCP server's StatefulSet, and one that still runs would make it again; nothing is adopted
    for a parent that is being deleted. So the MCP server stays until neither Deployment nor proxy pod is left. A runner
    that stops needs nothing else: it has mounted its files, and asks the API server for nothing but whether the
    StatefulSet is there, where an error is no answer (0.44's pkg/container/runtime/monitor.go).
    """
    if sees_pods(request.name, installation):
        request.related.require(POD)
    is_left = is_proxy_left(request)
    if is_left and names_of(request).has_server:
        going = children.all_but_the_mcp_server(request)
        return SyncResponse(
            terminating(request, now),
            [minimal_desired(child) for child in request.children if kind_and_name(child) not in going],
            removed=going,
            resync_after_seconds=TERMINATION_RESYNC_SECONDS,
        )
    finalized = not request.children.identities and not is_left
    return SyncResponse(
        terminating(request, now),
        finalized=finalized,
        resync_after_seconds=0 if finalized else TERMINATION_RESYNC_SECONDS,
    )


def _config_names(parent: Object, kind: CustomResource, config: Kind) -> tuple[str, ...]:
    """The configs of a kind to which a parent refers: two fields may refer to one kind."""
    named = [reference.name_in(parent) for reference in references_of(kind) if reference.config == config]
    return tuple(dict.fromkeys(name for name in named if name))


def _rbac(
    request: SyncRequest, kind: CustomResource, withheld: AbstractSet[tuple[str, str]], installation: Installation
) -> list[Object]:
    """Return ServiceAccounts, Role and RoleBinding, less those that are withheld.

    One that was made stays, like each observed child that isn't ours to remove: a pod may still use it.

    A workload whose name can't be used gets no new accounts, but keeps those that it has. What is withheld must not
    exist beside other people's objects.
    """
    has_account = request.children.get(SERVICE_ACCOUNT, names_of(request).account) is not None
    if not has_account and why_name_not_usable(request.name, kind):
        return []
    made = make_rbac(
        names_of(request),
        request.namespace,
        claims(kind, request.parent),
        has_account=raw_spec(request.parent).get("serviceAccount") is not None,
        pull_secrets=merged_pull_secrets(named_pull_secrets(request.parent), installation),
    )
    return [child for child in made if kind_and_name(child) not in withheld]


def _adopted_children(request: SyncRequest, accounted: AbstractSet[tuple[str, str]]) -> list[Object]:
    """Children adopted by label that this controller never makes; returned unchanged."""
    others = request.children.identities - accounted
    return [minimal_desired(child) for child in request.children if kind_and_name(child) in others]
