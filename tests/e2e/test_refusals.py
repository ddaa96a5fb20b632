"""A change of a Deployment that the API server or an admission policy refuses: what runs serves on, and is told so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.controlplane import eventually
from tests.e2e.installation import TOOLHIVE, Installation, conditions
from tests.e2e.test_mixed_workloads import apply, proxy, server, status

pytestmark = pytest.mark.e2e

REFUSED_BY_API_SERVER = {
    "podTemplateSpec": {
        "spec": {"containers": [{"name": "toolhive", "volumeMounts": [{"name": "no", "mountPath": "/a"}]}]}
    }
}
REFUSED_BY_POLICY = {"podTemplateSpec": {"spec": {"containers": [{"name": "mcp", "args": ["--forbidden"]}]}}}
POLICY = [
    {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "no-forbidden-argument"},
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": ["apps"],
                        "apiVersions": ["v1"],
                        "operations": ["UPDATE"],
                        "resources": ["deployments"],
                    }
                ]
            },
            "validations": [
                {"expression": "!object.spec.template.spec.containers[0].args.exists(a, a.contains('--forbidden'))"}
            ],
        },
    },
    {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "no-forbidden-argument"},
        "spec": {"policyName": "no-forbidden-argument", "validationActions": ["Deny"]},
    },
]


@pytest.fixture
def policy(installation: Installation, namespace: str) -> Iterator[None]:
    """The policy for as long as the test: it is in force in the whole cluster."""
    apply(installation, namespace, *POLICY)
    yield
    for obj in POLICY:
        installation.cluster.kubectl("delete", obj["kind"], obj["metadata"]["name"])


@pytest.mark.parametrize(
    ("made", "change"),
    [(proxy, REFUSED_BY_API_SERVER), (server, REFUSED_BY_POLICY)],
    ids=["MCPRemoteProxy", "MCPServer"],
)
@pytest.mark.usefixtures("policy")
def test_a_refused_change_is_said_and_what_runs_serves_on(
    installation: Installation, namespace: str, made: Any, change: dict[str, Any]
) -> None:
    cluster = installation.cluster
    kind = made("demo")["kind"]
    apply(installation, namespace, made("demo"))

    def said(phase: str, reason: str, updated: tuple[str, str] | None) -> bool:
        found = cluster.get(f"{TOOLHIVE}/{kind}", "demo", namespace) or {}
        assert status(installation, namespace, kind, "demo").get("phase") == phase, found.get("status")
        assert conditions(found)["Ready"][1] == reason, found["status"]
        assert conditions(found).get("DeploymentUpdated") == updated
        return True

    eventually(lambda: said("Ready", "Ready", None))
    apply(installation, namespace, made("demo", **change))

    eventually(lambda: said("Ready", "UpdateRefused", ("False", "UpdateRefused")))
    eventually(lambda: "SyncError" in cluster.kubectl("describe", kind, "demo", "-n", namespace).stdout)

    apply(installation, namespace, made("demo"))
    eventually(lambda: said("Ready", "Ready", None))
