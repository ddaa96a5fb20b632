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
from hooks.proxy import names, stamp
from hooks.proxy.config_maps import make_authz_config_map, make_run_config_map
from hooks.proxy.deployment import make_deployment
from hooks.proxy.rollout import is_config_first
from hooks.proxy.runconfig.document import make_run_config
from hooks.proxy.service import make_service
from hooks.proxy.spec import ProxySpec

KINDS = (DEPLOYMENT, SERVICE, CONFIG_MAP, SERVICE_ACCOUNT, ROLE, ROLE_BINDING, STATEFUL_SET)


def child_names(name: str) -> list[tuple[Kind, str]]:
    """Return kind and name of every child that a parent of this name may have."""
    return [
        (DEPLOYMENT, names.deployment(name)),
        (STATEFUL_SET, names.stateful_set(name)),
        (SERVICE, names.proxy_service(name)),
        (CONFIG_MAP, names.run_config(name)),
        (CONFIG_MAP, names.authz_inline(name)),
        (SERVICE_ACCOUNT, names.proxy_runner(name)),
        (SERVICE_ACCOUNT, names.server_account(name)),
        (ROLE, names.proxy_runner(name)),
        (ROLE_BINDING, names.proxy_runner(name)),
    ]


def make_workload(request: SyncRequest, proxy: ProxySpec, installation: Installation) -> list[Object]:
    """Return RunConfig, the ConfigMap of an inline authzConfig, Deployment and Service as they should be."""
    service = make_service(proxy, request.children.get(SERVICE, names.proxy_service(proxy.name)))
    config_map, deployment = _run_config_and_deployment(request, proxy, installation)
    made = (config_map, make_authz_config_map(proxy), deployment, service)
    return [child for child in made if child]


def _run_config_and_deployment(
    request: SyncRequest, proxy: ProxySpec, installation: Installation
) -> tuple[Object, Object | None]:
    """Both with one generation stamp; no Deployment yet where one is to wait for the RunConfig."""
    observed = request.children.get(DEPLOYMENT, names.deployment(proxy.name))
    run_config = make_run_config(proxy, installation)
    deployment = make_deployment(proxy, installation, observed)
    content = stamp.workload_hash(run_config, deployment)
    number = stamp.stamp(request, content)
    config_map, checksum = make_run_config_map(proxy.name, stamp.in_run_config(run_config, number), content)
    if is_config_first(config_map, request.children.get(CONFIG_MAP, names.run_config(proxy.name))):
        return config_map, stamp.in_deployment(deployment, number, checksum)
    return config_map, last_desired(observed) if observed else None


def hold_workload(request: SyncRequest) -> list[Object]:
    """Return the same children as they are: those that exist stay, and no other is made."""
    name = request.name
    observed = (
        request.children.get(CONFIG_MAP, names.run_config(name)),
        request.children.get(CONFIG_MAP, names.authz_inline(name)),
        request.children.get(DEPLOYMENT, names.deployment(name)),
        request.children.get(SERVICE, names.proxy_service(name)),
    )
    return [last_desired(child) for child in observed if child]


def adopted_stateful_set(request: SyncRequest) -> list[Object]:
    """Return the StatefulSet that the proxy runner made and Metacontroller adopted, as it is; no hook makes it."""
    observed = request.children.get(STATEFUL_SET, names.stateful_set(request.name))
    return [minimal_desired(observed)] if observed else []


def obsolete_children(name: str) -> frozenset[tuple[str, str]]:
    """Return kind and name of the children that go where they aren't returned.

    Those are policies that stood in the spec before, and the Services of an older proxy runner.
    """
    services = [(SERVICE.kind, service) for service in names.runner_services(name)]
    return frozenset([(CONFIG_MAP.kind, names.authz_inline(name)), *services])
