"""The rights of a proxy and of the MCP server behind it: ServiceAccounts, Role and RoleBinding.

They depend on names alone, so they are made even where the rest of the spec is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hooks.kubernetes.objects import Object
from hooks.proxy.names import Names

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
"""The rights of the proxy runner in its namespace. No Secrets: their values reach it by environment variables."""
RULES_OF_A_REMOTE = [rule for rule in RULES if rule["resources"] == ["configmaps"]]
"""Its rights where the MCP server runs elsewhere, so that the proxy makes nothing."""


def rules_of(names: Names) -> list[Object]:
    """Return the rules of a workload's Role."""
    return RULES if names.has_server else RULES_OF_A_REMOTE


def make_rbac(
    names: Names,
    namespace: str,
    claims: Mapping[str, str],
    *,
    has_account: bool,
    pull_secrets: Sequence[str],
) -> list[Object]:
    """Return the proxy's ServiceAccount, Role and RoleBinding, and the MCP server's own ServiceAccount.

    The proxy's ServiceAccount carries the claims, so there is one even where no pod uses it.

    Args:
        names: the parent's.
        namespace: the parent's namespace.
        claims: labels by which the proxy's ServiceAccount claims the configs that the parent refers to.
        has_account: whether the user names an existing ServiceAccount: for the MCP server, which then needs none of its
            own, or for the proxy of a remote one, which then needs no rights here.
        pull_secrets: names of the Secrets with which images are pulled.
    """
    runner = names.account
    pull = {"imagePullSecrets": [{"name": secret} for secret in pull_secrets]} if pull_secrets else {}
    account: Object = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": runner, **({"labels": dict(claims)} if claims else {})},
        **pull,
    }
    role: Object = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": runner},
        "rules": rules_of(names),
    }
    binding: Object = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": runner},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": runner},
        "subjects": [{"kind": "ServiceAccount", "name": runner, "namespace": namespace}],
    }
    if not names.has_server:
        return [account] if has_account else [account, role, binding]
    of_server: Object = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": names.server_account},
        **pull,
    }
    return [account, role, binding, *([] if has_account else [of_server])]
