"""A tenant: a user who may write MCPServers, Deployments, ConfigMaps and accounts of a namespace, and no RBAC."""

from __future__ import annotations

import json
from typing import Any

from tests.controlplane import ControlPlane, eventually

USER = "tenant-99"
RBAC = "rbac.authorization.k8s.io"
WRITE = ["get", "list", "watch", "create", "update", "patch", "delete"]
RULES = [
    {"apiGroups": ["toolhive.stacklok.dev"], "resources": ["*"], "verbs": WRITE},
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": WRITE},
    {"apiGroups": [""], "resources": ["configmaps", "serviceaccounts"], "verbs": WRITE},
]


def apply(cluster: ControlPlane, namespace: str, *manifests: dict[str, Any], user: str = "admin") -> None:
    """As `kubectl apply`."""
    text = "\n---\n".join(json.dumps(manifest) for manifest in manifests)
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input=text, user=user)


def role(name: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    """A Role."""
    return {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": {"name": name}, "rules": rules}


def role_binding(name: str, of: str, *subjects: dict[str, Any]) -> dict[str, Any]:
    """A RoleBinding."""
    reference = {"apiGroup": RBAC, "kind": "Role", "name": of}
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name},
        "roleRef": reference,
        "subjects": list(subjects),
    }


def may(cluster: ControlPlane, namespace: str, who: str, *what: str) -> bool:
    """Whether the API server lets somebody do something there."""
    answer = cluster.kubectl("auth", "can-i", *what, "-n", namespace, "--as", who, check=False).stdout
    return answer.strip() == "yes"


def tenant(cluster: ControlPlane, namespace: str) -> str:
    """The name of a user with a tenant's rights in this namespace, and no others."""
    subject = {"kind": "User", "name": USER, "apiGroup": RBAC}
    apply(cluster, namespace, role("tenants", RULES), role_binding("tenants", "tenants", subject))
    eventually(lambda: may(cluster, namespace, USER, "create", "deployments.apps"), message="the tenant has no rights")
    for right in (("get", "secrets"), ("create", f"rolebindings.{RBAC}"), ("create", f"roles.{RBAC}"), ("get", "pods")):
        assert not may(cluster, namespace, USER, *right)
    return USER
