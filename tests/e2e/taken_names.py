"""A tenant names a server so that one of its names is an administrator's object: nothing is gained by it."""

from __future__ import annotations

from typing import Any

from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.e2e.chaos.fleet import server
from tests.e2e.installation import CHILD_KINDS, TOOLHIVE, Installation, conditions
from tests.e2e.tenants import RBAC, apply, may, role, role_binding, tenant

RUNNER = "vault-proxy-runner"
READS_SECRETS = role("readers", [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}])
ACCOUNT = {"kind": "ServiceAccount", "name": RUNNER}
PODS = {"metadata": {"labels": {"app": "theirs"}}, "spec": {"containers": [{"name": "c", "image": "theirs"}]}}
WORKLOAD = {"replicas": 0, "selector": {"matchLabels": {"app": "theirs"}}, "template": PODS}


def plain(kind: str, name: str, **rest: Any) -> dict[str, Any]:
    """An object by somebody who knows nothing of ToolHive."""
    version, _, bare = kind.rpartition("/")
    return {"apiVersion": version, "kind": bare, "metadata": {"name": name}, **rest}


def service(name: str) -> dict[str, Any]:
    """A Service."""
    return plain("v1/Service", name, spec={"selector": {"app": "theirs"}, "ports": [{"port": 80}]})


TAKEN: dict[str, list[dict[str, Any]]] = {
    "Role": [{**READS_SECRETS, "metadata": {"name": RUNNER}}],
    "RoleBinding": [role_binding(RUNNER, "readers", ACCOUNT), READS_SECRETS],
    "ServiceAccount": [plain("v1/ServiceAccount", RUNNER), READS_SECRETS, role_binding("readers", "readers", ACCOUNT)],
    "ServiceAccount of the MCP server": [plain("v1/ServiceAccount", "vault-sa")],
    "ConfigMap": [plain("v1/ConfigMap", "vault-runconfig", data={"runconfig.json": "{}"})],
    "StatefulSet": [plain("apps/v1/StatefulSet", "vault", spec={**WORKLOAD, "serviceName": "theirs"})],
    "Service": [service("mcp-vault-proxy")],
    "Service of the runner": [service("mcp-vault")],
    "headless Service of the runner": [service("mcp-vault-headless")],
}
"""What an administrator made before, by its kind; the first object has the name that meets the server's."""


def gains_nothing(installation: Installation, namespace: str, theirs: list[dict[str, Any]]) -> None:
    """Create a server whose name meets an administrator's object, as a tenant; then the object goes."""
    cluster = installation.cluster
    user = tenant(cluster, namespace)
    theirs = [_in_namespace(manifest, namespace) for manifest in theirs]
    apply(cluster, namespace, *theirs)
    before = [_content(cluster, namespace, manifest) for manifest in theirs]
    account = f"system:serviceaccount:{namespace}:{RUNNER}"
    could = may(cluster, namespace, account, "get", "secrets")

    with WatchLog(cluster, CHILD_KINDS, namespace) as log:
        apply(cluster, namespace, server("vault", None), user=user)
        eventually(lambda: _is_in_conflict(installation, namespace, theirs[0]))
        log.wait_quiet(2)
        made = {event.kind for event in log.events(type="ADDED")}

    assert made <= {"Role", "ServiceAccount"}
    if theirs[0]["kind"] == "RoleBinding":  # that waits for such an account
        assert cluster.get("v1/ServiceAccount", RUNNER, namespace) is None
    assert may(cluster, namespace, account, "get", "secrets") == could
    assert [_content(cluster, namespace, manifest) for manifest in theirs] == before

    for manifest in theirs:
        cluster.kubectl("delete", manifest["kind"], manifest["metadata"]["name"], "-n", namespace)
    eventually(lambda: _runs(installation, namespace))
    assert may(cluster, namespace, account, "create", "statefulsets.apps")
    assert not may(cluster, namespace, account, "get", "secrets")


def _in_namespace(manifest: dict[str, Any], namespace: str) -> dict[str, Any]:
    """The manifest, its accounts being those of this namespace."""
    subjects = [{**subject, "namespace": namespace} for subject in manifest.get("subjects", [])]
    return {**manifest, "subjects": subjects} if subjects else manifest


def _content(cluster: ControlPlane, namespace: str, manifest: dict[str, Any]) -> dict[str, Any]:
    """What there is of an object, less what its own controllers write."""
    found = cluster.get(f"{manifest['apiVersion']}/{manifest['kind']}", manifest["metadata"]["name"], namespace) or {}
    keys = ("uid", "labels", "annotations", "ownerReferences", "generation")
    metadata = {key: found["metadata"].get(key) for key in keys}
    notes = {key: text for key, text in (metadata["annotations"] or {}).items() if "deployment." not in key}
    return {**{k: v for k, v in found.items() if k != "status"}, "metadata": {**metadata, "annotations": notes}}


def _is_in_conflict(installation: Installation, namespace: str, theirs: dict[str, Any]) -> bool:
    status = installation.server(namespace, "vault").get("status", {})
    kind, name = theirs["kind"], theirs["metadata"]["name"]
    assert status.get("phase") == "Failed", status
    assert status["conditions"][0]["reason"] == "NameConflict"
    shown = f"`kubectl get {kind.lower()} {name} -n {namespace} -o yaml` shows it"
    assert status["message"].startswith(f"{kind} {name!r} isn't this server's, and no controller owns it ({shown})")
    assert "url" not in status
    return True


def _runs(installation: Installation, namespace: str) -> bool:
    found = installation.server(namespace, "vault")
    assert conditions(found)["Ready"] == ("True", "Ready"), found["status"]
    assert found["status"]["url"] == f"http://mcp-vault-proxy.{namespace}.svc.cluster.local:8080/mcp"
    assert installation.cluster.get(f"{RBAC}/v1/RoleBinding", RUNNER, namespace)
    return bool(installation.cluster.get(f"{TOOLHIVE}/MCPServer", "vault", namespace))
