"""The rights of a proxy and of the MCP server behind it: ServiceAccounts, Role and RoleBinding.

They depend on names alone, so they follow whatever else fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hooks.kubernetes.objects import Object
from hooks.proxy import names

_ALL = ["get", "list", "watch", "create", "update", "patch", "delete"]
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


def make_rbac(
    name: str,
    namespace: str,
    claims: Mapping[str, str],
    *,
    with_server_account: bool,
    pull_secrets: Sequence[str] = (),
) -> list[Object]:
    """Return the proxy's ServiceAccount, Role and RoleBinding, and the MCP server's own ServiceAccount.

    Args:
        name: the parent's name.
        namespace: the parent's namespace.
        claims: labels by which the proxy's ServiceAccount claims the configs that the parent refers to.
        with_server_account: whether the MCP server has a ServiceAccount of its own.
        pull_secrets: names of the Secrets with which the images of both pods are pulled.
    """
    runner = names.proxy_runner(name)
    pull = {"imagePullSecrets": [{"name": secret} for secret in pull_secrets]} if pull_secrets else {}
    return [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": runner, **({"labels": dict(claims)} if claims else {})},
            **pull,
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
            "subjects": [{"kind": "ServiceAccount", "name": runner, "namespace": namespace}],
        },
        *(
            [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": names.server_account(name)}, **pull}]
            if with_server_account
            else []
        ),
    ]
