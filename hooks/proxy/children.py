"""The children of a workload's parent: which there are, and each as it should be or as it is."""

from __future__ import annotations

from hooks.installation import Installation
from hooks.kubernetes.kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    ROLE,
    ROLE_BINDING,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    Kind,
)
from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import last_desired, minimal_desired
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy import stamp
from hooks.proxy.config_maps import make_authz_config_map, make_run_config_map
from hooks.proxy.deployment import make_deployment, with_checksum
from hooks.proxy.names import Names, names_of
from hooks.proxy.rollout import is_config_first
from hooks.proxy.runconfig.document import make_run_config
from hooks.proxy.service import make_service
from hooks.proxy.spec import ProxySpec

KINDS = (DEPLOYMENT, SERVICE, CONFIG_MAP, SERVICE_ACCOUNT, ROLE, ROLE_BINDING, STATEFUL_SET)
KINDS_OF_A_REMOTE = tuple(kind for kind in KINDS if kind != STATEFUL_SET)
"""The kinds of the children of a proxy whose MCP server runs elsewhere."""


def child_names(names: Names) -> list[tuple[Kind, str]]:
    """Return kind and name of every child that a parent of these names may have."""
    return [
        (DEPLOYMENT, names.deployment),
        *([(STATEFUL_SET, names.stateful_set)] if names.has_server else []),
        (SERVICE, names.service),
        (CONFIG_MAP, names.run_config),
        (CONFIG_MAP, names.authz_inline),
        (SERVICE_ACCOUNT, names.account),
        *([(SERVICE_ACCOUNT, names.server_account)] if names.has_server else []),
        (ROLE, names.account),
        (ROLE_BINDING, names.account),
    ]


def make_workload(request: SyncRequest, proxy: ProxySpec, installation: Installation) -> list[Object]:
    """Return RunConfig, the ConfigMap of an inline authzConfig, Deployment and Service as they should be."""
    service = make_service(proxy, request.children.get(SERVICE, proxy.names.service))
    config_map, deployment = _run_config_and_deployment(request, proxy, installation)
    made = (config_map, make_authz_config_map(proxy), deployment, service)
    return [child for child in made if child]


def _run_config_and_deployment(
    request: SyncRequest, proxy: ProxySpec, installation: Installation
) -> tuple[Object, Object | None]:
    """The RunConfig's ConfigMap and the Deployment, with one generation stamp where the proxy makes an MCP server.

    The Deployment stays as it is until the RunConfig is observed: None where there is none yet.
    """
    observed = request.children.get(DEPLOYMENT, proxy.names.deployment)
    run_config = make_run_config(proxy, installation)
    deployment = make_deployment(proxy, installation, observed)
    content = stamp.workload_hash(run_config, deployment) if proxy.names.has_server else ""
    number = stamp.stamp(request, content) if content else None
    config_map, checksum = make_run_config_map(proxy.names, stamp.in_run_config(run_config, number), content)
    if is_config_first(config_map, request.children.get(CONFIG_MAP, proxy.names.run_config)):
        return config_map, with_checksum(deployment, checksum, number)
    return config_map, last_desired(observed) if observed else None


def hold_workload(request: SyncRequest) -> list[Object]:
    """Return the same children as they are: those that exist stay, and no other is made."""
    names = names_of(request)
    observed = (
        request.children.get(CONFIG_MAP, names.run_config),
        request.children.get(CONFIG_MAP, names.authz_inline),
        request.children.get(DEPLOYMENT, names.deployment),
        request.children.get(SERVICE, names.service),
    )
    return [last_desired(child) for child in observed if child]


def hold_beside_pods(request: SyncRequest, made: list[Object]) -> list[Object]:
    """Return the workload of proxies whose Deployment isn't observed: their files and Service as they are.

    If it was released, its pods still use them. If it was deleted, it is made again: it is in `made` unless the
    RunConfig has to change first.
    """
    return [*hold_workload(request), *(child for child in made if child["kind"] == DEPLOYMENT.kind)]


def adopted_stateful_set(request: SyncRequest) -> list[Object]:
    """Return the StatefulSet that the proxy runner made and Metacontroller adopted, as it is; no hook makes it."""
    observed = request.children.get(STATEFUL_SET, names_of(request).stateful_set)  # of a remote one there is none
    return [minimal_desired(observed)] if observed else []


def all_but_the_mcp_server(request: SyncRequest) -> frozenset[tuple[str, str]]:
    """Return kind and name of what belongs to the proxy: all but the StatefulSet and the account of its pods."""
    names = names_of(request)
    named = {(kind.kind, name) for kind, name in child_names(names)}
    if request.children.get(STATEFUL_SET, names.stateful_set):
        named -= {(STATEFUL_SET.kind, names.stateful_set), (SERVICE_ACCOUNT.kind, names.server_account)}
    return frozenset(named)


def obsolete_children(names: Names) -> frozenset[tuple[str, str]]:
    """Return kind and name of the children that are deleted once an answer lacks them.

    They are the ConfigMap of policies that an earlier spec had, and the Services of an older proxy runner.
    """
    services = [(SERVICE.kind, service) for service in names.runner_services]
    return frozenset([(CONFIG_MAP.kind, names.authz_inline), *services])
