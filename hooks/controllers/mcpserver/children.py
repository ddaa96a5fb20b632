"""An MCPServer's children beside RunConfig and Deployment: what they are, and which there are at all."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from hooks import go_json
from hooks.api.mcpserver import MCPServerSpec, MetadataOverrides
from hooks.controllers.claims import claims
from hooks.controllers.kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    ROLE,
    ROLE_BINDING,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
)
from hooks.controllers.mcpserver import names
from hooks.controllers.mcpserver.ports import over_foreign
from hooks.protocol import Kind, Object, SyncRequest, kept, kind_and_name, raw_spec

KINDS = (DEPLOYMENT, SERVICE, CONFIG_MAP, SERVICE_ACCOUNT, ROLE, ROLE_BINDING, STATEFUL_SET)

NO_OVERRIDES = MetadataOverrides()

_ALL = ["get", "list", "watch", "create", "update", "patch", "delete", "apply"]
_READ = ["get", "list", "watch"]

RULES: list[Object] = [
    {"apiGroups": ["apps"], "resources": ["statefulsets"], "verbs": _ALL},
    {"apiGroups": [""], "resources": ["services"], "verbs": _ALL},
    {"apiGroups": [""], "resources": ["pods"], "verbs": _READ},
    {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["pods/attach"], "verbs": ["create", "get"]},
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": _READ},
]
"""What the proxy runner may do in its namespace. No Secrets: their values reach it by environment variables."""


def child_names(name: str) -> list[tuple[Kind, str]]:
    """Kind and name of every child that a server of this name may have."""
    return [
        (DEPLOYMENT, names.deployment(name)),
        (STATEFUL_SET, names.deployment(name)),
        (SERVICE, names.proxy_service(name)),
        (CONFIG_MAP, names.run_config(name)),
        (CONFIG_MAP, names.authz_inline(name)),
        (SERVICE_ACCOUNT, names.proxy_runner(name)),
        (SERVICE_ACCOUNT, names.server_account(name)),
        (ROLE, names.proxy_runner(name)),
        (ROLE_BINDING, names.proxy_runner(name)),
    ]


def service(name: str, spec: MCPServerSpec, observed: Object | None) -> Object:
    """The Service that clients call; `observed` is the one that exists, if one does."""
    ports = [{"name": "http", "port": spec.port, "targetPort": spec.port, "protocol": "TCP"}]
    overrides = (spec.resource_overrides and spec.resource_overrides.proxy_service) or NO_OVERRIDES
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": names.proxy_service(name),
            "labels": {**(overrides.labels or {}), **names.labels(name)},
            "annotations": {**(overrides.annotations or {}), names.MANAGED_BY: "toolhive-hooks"},
        },
        "spec": {
            "selector": names.labels(name),
            "ports": over_foreign(ports, observed, ("spec", "ports"), "port"),
        },
    }


def authz_config_map(name: str, spec: MCPServerSpec) -> Object | None:
    """The ConfigMap with the policies of an inline authzConfig, mounted beside RunConfig."""
    authz = spec.authz_config
    if authz is None or authz.type != "inline" or authz.inline is None:
        return None
    policies = {
        "cedar": {"entities_json": authz.inline.entities_json or "[]", "policies": list(authz.inline.policies)},
        "type": "cedarv1",
        "version": "1.0",
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": names.authz_inline(name),
            "labels": {**names.labels(name), f"{names.COMPONENT_GROUP}/authz": "inline"},
        },
        "data": {"authz.json": go_json.compact(policies)},
    }


def access(request: SyncRequest, withheld: AbstractSet[tuple[str, str]]) -> list[Object]:
    """ServiceAccounts, Role and RoleBinding: they depend on names alone, so they follow whatever else fails.

    The proxy's ServiceAccount claims the shared configs that the spec refers to. The MCP server's own account is made
    where the spec names none, and stays once made: a pod may still use it.

    Args:
        request: what is being answered.
        withheld: (kind, name) of those that must not exist beside other people's objects.
    """
    name = request.name
    runner = names.proxy_runner(name)
    claimed = claims(request.parent)
    objects: list[Object] = [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": runner, **({"labels": claimed} if claimed else {})},
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": runner},
            "rules": RULES,
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": runner},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": runner},
            "subjects": [{"kind": "ServiceAccount", "name": runner, "namespace": request.namespace}],
        },
    ]
    own = names.server_account(name)
    if raw_spec(request.parent).get("serviceAccount") is None or request.children.get(SERVICE_ACCOUNT, own):
        objects.append({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": own}})
    return [obj for obj in objects if kind_and_name(obj) not in withheld]


def runners_objects(request: SyncRequest) -> list[Object]:
    """What the proxy runner made and Metacontroller adopted: kept as it is, never made by a hook."""
    observed = request.children.get(STATEFUL_SET, names.deployment(request.name))
    return [kept(observed)] if observed else []
