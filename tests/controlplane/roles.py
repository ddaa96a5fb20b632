"""Rights: what the role controller does where none runs, and giving a role to someone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubernetes import client

from tests.controlplane.poll import eventually

if TYPE_CHECKING:
    from tests.controlplane.controlplane import ControlPlane

CLUSTER_ROLE = "rbac.authorization.k8s.io/v1/ClusterRole"


def aggregate(cluster: ControlPlane) -> None:
    """Fill the aggregated ClusterRoles, as the controller manager does where it runs.

    `edit` has no rules of its own: without this, whoever is bound to it may do nothing. `view` is part of `edit`, so
    it takes rounds.
    """
    resource = cluster.resource(CLUSTER_ROLE)
    found = {role["metadata"]["name"]: role for role in cluster.objects(CLUSTER_ROLE)}
    changed: set[str] = set()
    settled = False
    while not settled:
        settled = True
        for name, role in sorted(found.items()):
            if role.get("aggregationRule") is None:
                continue
            rules = [rule for other in _parts(role, found) for rule in other.get("rules") or []]
            wanted = [rule for index, rule in enumerate(rules) if rule not in rules[:index]]
            if not _same(wanted, role.get("rules") or []):
                role["rules"] = wanted
                changed.add(name)
                settled = False
    for name in sorted(changed):
        body = {"rules": found[name]["rules"]}
        resource.patch(name=name, body=body, content_type="application/merge-patch+json")


def _parts(role: dict[str, Any], found: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the roles that an aggregated one selects, itself left out."""
    wanted = [selector.get("matchLabels", {}) for selector in role["aggregationRule"]["clusterRoleSelectors"]]
    return [
        other
        for name, other in sorted(found.items())
        if other is not role
        and any(labels.items() <= (found[name]["metadata"].get("labels") or {}).items() for labels in wanted)
    ]


def _same(left: list[Any], right: list[Any]) -> bool:
    """Tell whether two lists of rules say the same, in whatever order."""
    return len(left) == len(right) and all(rule in right for rule in left)


def make_editor(cluster: ControlPlane, user: str, namespace: str) -> None:
    """Give a user ClusterRole `edit` in a namespace and wait until the API server acts on it."""
    group = "rbac.authorization.k8s.io"
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": user, "namespace": namespace},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }
    cluster.resource(f"{group}/v1/RoleBinding").create(body=binding, namespace=namespace)
    eventually(
        lambda: may(cluster, user, "create", "configmaps", namespace),
        message=f"{user} has no rights in {namespace}",
    )


def may(cluster: ControlPlane, user: str, verb: str, resource: str, namespace: str = "") -> bool:
    """Tell whether the API server lets a user do this, a moment after a role says so.

    Args:
        cluster: whose API server is asked.
        user: the name.
        verb: `get`, `update` …
        resource: as RBAC has it, with its group behind a dot: `deployments.apps`, `mcpservers.acme.test/status`.
        namespace: where; in all of them, if none is given.
    """
    plain, _, subresource = resource.partition("/")
    name, _, group = plain.partition(".")
    asked = client.V1ResourceAttributes(
        namespace=namespace, verb=verb, group=group, resource=name, subresource=subresource
    )
    review = client.V1SubjectAccessReview(spec=client.V1SubjectAccessReviewSpec(user=user, resource_attributes=asked))
    answer = client.AuthorizationV1Api(cluster.client()).create_subject_access_review(review)
    return bool(answer.status.allowed)
