"""`toolhive-hooks status` on a real API server: the trees that it shows, with whose rights, and what it never reads."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hooks.kubernetes.objects import Object
from tests import old_operator
from tests.apiserver.api_relay import api_relay
from tests.apiserver.test_diff import CONFIG_KIND, EXCHANGE, SERVER, obj, settled
from tests.controlplane import ControlPlane, eventually
from tests.controlplane.roles import may
from tests.old_operator import MERGE, create, patch, run
from tests.pods import pod_spec

pytestmark = pytest.mark.apiserver

DATA = {"client-secret": "s3cr3t"}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "oauth"}, "stringData": DATA}
NOBODY = "metacontroller-restricted"
"""A user without rights of its own."""


def status(
    cluster: ControlPlane, namespace: str, *arguments: str, user: str = "admin"
) -> subprocess.CompletedProcess[str]:
    return run("status", cluster.kubeconfig(user, namespace), *arguments)


def say(cluster: ControlPlane, namespace: str, kind: str, name: str, **fields: Any) -> None:
    """Write a status, as a controller or a kubelet does."""
    resource = cluster.resource(kind).status
    generation = resource.get(name=name, namespace=namespace)["metadata"].get("generation")
    observed = {"observedGeneration": generation} if generation and "Pod" not in kind else {}
    resource.patch(body={"status": {**fields, **observed}}, name=name, namespace=namespace, content_type=MERGE)


def condition(status: str, reason: str, message: str) -> Object:
    at = "2026-11-01T00:00:00Z"
    return {"type": "Ready", "status": status, "reason": reason, "message": message, "lastTransitionTime": at}


def pod(name: str, owner: Object, server: str) -> Object:
    reference = {key: owner[key] for key in ("apiVersion", "kind")} | {
        key: owner["metadata"][key] for key in ("name", "uid")
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {"toolhive-name": server, "app": server},
            "ownerReferences": [{**reference, "controller": True}],
        },
        "spec": {"serviceAccountName": "default", **pod_spec("mcp", "example.test/mcp:1")},
    }


@pytest.fixture
def broken(cluster: ControlPlane, namespace: str) -> str:
    """A namespace with a server whose Secret is missing and whose pod can't pull its image."""
    create(cluster, namespace, obj(CONFIG_KIND, "tx", spec={"type": "tokenExchange", "tokenExchange": EXCHANGE}))
    settled(cluster, namespace)
    patch(cluster, namespace, SERVER, "demo", {"spec": {"externalAuthConfigRef": {"name": "tx"}}})
    old_operator.runners_objects(cluster, namespace, "demo")
    if cluster.get("v1/ServiceAccount", "default", namespace) is None:
        create(cluster, namespace, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})
    stateful_set = cluster.get("apps/v1/StatefulSet", "demo", namespace)
    assert stateful_set is not None
    create(cluster, namespace, pod("demo-0", stateful_set, "demo"))
    waiting = {"reason": "ImagePullBackOff", "message": "Back-off"}
    container = {"name": "mcp", "image": "example.test/mcp:1", "imageID": "", "ready": False, "restartCount": 0}
    say(
        cluster,
        namespace,
        "v1/Pod",
        "demo-0",
        phase="Pending",
        containerStatuses=[{**container, "state": {"waiting": waiting}}],
    )
    missing = "Secret 'oauth' of namespace 'x' not found: create it"
    say(cluster, namespace, CONFIG_KIND, "tx", conditions=[condition("False", "SecretNotFound", missing)])
    ready = condition("False", "ImagePullBackOff", "MCP server can't pull image 'example.test/mcp:1'")
    say(cluster, namespace, SERVER, "demo", phase="Failed", conditions=[ready])
    return namespace


def test_a_server_is_shown_with_all_that_it_needs(cluster: ControlPlane, broken: str) -> None:
    result = status(cluster, broken)

    assert (result.returncode, result.stderr) == (1, "")
    shown = result.stdout.splitlines()
    assert [line.split("  ")[0].rstrip() for line in shown] == [
        f"MCPServer {broken}/demo",
        "├─ MCPExternalAuthConfig tx",
        "│",
        "├─ Deployment demo",
        "├─ StatefulSet demo",
        "│",
        "└─ Service mcp-demo-proxy",
    ]
    assert "Failed  ImagePullBackOff: MCP server can't pull image 'example.test/mcp:1'" in shown[0]
    assert (
        "NotReady  (spec.externalAuthConfigRef) SecretNotFound: Secret 'oauth' of namespace 'x' not found" in shown[1]
    )
    wanted = "│  └─ Secret oauth missing (spec.tokenExchange.clientSecretRef wants key client-secret)"
    assert shown[2].split() == wanted.split()
    assert shown[5].startswith("│  └─ Pod demo-0")
    assert "Failed  ImagePullBackOff: MCP server can't pull image" in shown[5]


def test_what_no_call_has_looked_at_says_why(cluster: ControlPlane, namespace: str) -> None:
    made = create(cluster, namespace, obj(SERVER, "demo", spec={"image": "example.test/mcp:1"}))
    metadata = made["metadata"]
    involved = {"apiVersion": made["apiVersion"], "kind": "MCPServer", "name": "demo", "namespace": namespace}
    event: Object = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "demo.1"},
        "involvedObject": {**involved, "uid": metadata["uid"]},
        "reason": "SyncError",
        "message": "Sync error: unsupported status code: 401",
        "type": "Warning",
        "lastTimestamp": "2026-11-01T00:00:00Z",
    }

    silent = status(cluster, namespace)
    create(cluster, namespace, event)
    failed = status(cluster, namespace)

    check = "(`toolhive-hooks check` has the command that helps)"
    shown = f"MCPServer {namespace}/demo  Pending"
    assert (silent.returncode, failed.returncode) == (1, 1)
    assert silent.stdout == f"{shown}  NotObserved: the hooks have not looked at it as it is now {check}\n"
    assert failed.stdout == f"{shown}  SyncError: unsupported status code: 401 {check}\n"


def test_labels_choose_servers(cluster: ControlPlane, broken: str) -> None:
    other = obj(SERVER, "other", spec={"image": "example.test/mcp:1"})
    create(cluster, broken, {**other, "metadata": {"name": "other", "labels": {"team": "a"}}})

    chosen, others = status(cluster, broken, "-l", "team=a"), status(cluster, broken, "-l", "team!=a")
    wrong = status(cluster, broken, "-l", "team in a")

    assert chosen.stdout.split()[:2] == ["MCPServer", f"{broken}/other"]
    assert "demo" not in chosen.stdout
    assert others.stdout.split()[:2] == ["MCPServer", f"{broken}/demo"]
    assert "MCPExternalAuthConfig tx" in others.stdout
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("toolhive-hooks: the API server refuses (400): ")


def test_a_config_is_shown_with_its_users(cluster: ControlPlane, broken: str) -> None:
    for name in ("mcpexternalauthconfig/tx", "extauth/tx", "MCPExternalAuthConfig.toolhive.stacklok.dev/tx"):
        result = status(cluster, broken, name)

        assert result.returncode == 1
        assert [line.split("  ")[0] for line in result.stdout.splitlines()] == [
            f"MCPExternalAuthConfig {broken}/tx",
            "├─ Secret oauth",
            "└─ MCPServer demo",
        ]
        assert "(uses this in spec.externalAuthConfigRef)" in result.stdout


def test_programs_get_the_same_as_json(cluster: ControlPlane, broken: str) -> None:
    [tree] = json.loads(status(cluster, broken, "demo", "-o", "json").stdout)

    assert (tree["name"], tree["state"], tree["reason"]) == (f"MCPServer {broken}/demo", "Failed", "ImagePullBackOff")
    assert [child["name"] for child in tree["children"]] == [
        "MCPExternalAuthConfig tx",
        "Deployment demo",
        "StatefulSet demo",
        "Service mcp-demo-proxy",
    ]


def test_of_a_secret_only_the_metadata_is_asked_for(cluster: ControlPlane, broken: str, tmp_path: Path) -> None:
    create(cluster, broken, SECRET)

    with api_relay(cluster, tmp_path) as relay:
        result = run("status", relay.kubeconfig, "-n", broken)

    assert "Secret oauth" in result.stdout
    assert "there  (spec.tokenExchange.clientSecretRef" in result.stdout
    assert relay.answers != []
    assert not any(b"czNjcjN0" in answer for answer in relay.answers)


def test_what_the_user_may_not_read_is_told_and_the_rest_is_shown(cluster: ControlPlane, broken: str) -> None:
    rules = [
        {"apiGroups": ["toolhive.stacklok.dev"], "resources": ["*"], "verbs": ["list"]},
        {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets"], "verbs": ["list"]},
    ]
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "few"}, "rules": rules}
    create(cluster, broken, role)
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": NOBODY}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "few"}
    metadata = {"name": "few"}
    binding = {**role, "kind": "RoleBinding", "metadata": metadata, "subjects": [subject], "roleRef": reference}
    create(cluster, broken, {key: value for key, value in binding.items() if key != "rules"})
    eventually(lambda: may(cluster, NOBODY, "list", "deployments.apps", broken))

    result = status(cluster, broken, user=NOBODY)

    impersonated = status(cluster, broken, "--as", NOBODY)
    assert (impersonated.stdout, impersonated.stderr) == (result.stdout, result.stderr)
    assert result.returncode == 1
    assert "Secret oauth" in result.stdout
    assert "unseen" in result.stdout
    assert [line.partition(": the API server refuses (403)")[0] for line in result.stderr.splitlines()] == [
        "note: services are left out",
        "note: pods are left out",
        "note: events are left out",
    ]


def test_what_is_not_there_is_said(cluster: ControlPlane, namespace: str) -> None:
    empty = status(cluster, namespace)
    nameless = status(cluster, namespace, "nobody")
    kindless = status(cluster, namespace, "widget/nobody")

    assert (empty.returncode, empty.stdout) == (0, "")
    assert empty.stderr == f"note: no object of toolhive.stacklok.dev in namespace {namespace}: -A looks in all\n"
    assert (nameless.returncode, kindless.returncode) == (2, 2)
    assert nameless.stderr.endswith(f"MCPServer 'nobody' in namespace {namespace}\n")
    assert kindless.stderr.startswith("toolhive-hooks: no kind 'widget': there are mcpserver, ")


def test_a_stateful_set_of_a_configs_name_is_not_shown_as_made_for_it(cluster: ControlPlane, namespace: str) -> None:
    """Proxy runners make theirs for an MCPServer; Keycloak's is somebody else's."""
    oidc = {"type": "inline", "inline": {"issuer": "https://keycloak.example.test"}}
    create(cluster, namespace, obj("toolhive.stacklok.dev/v1beta1/MCPOIDCConfig", "keycloak", spec=oidc))
    old_operator.runners_objects(cluster, namespace, "keycloak")

    result = status(cluster, namespace)

    assert result.stdout.splitlines()[0].startswith(f"MCPOIDCConfig {namespace}/keycloak")
    assert "StatefulSet" not in result.stdout
