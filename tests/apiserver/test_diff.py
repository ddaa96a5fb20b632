"""`toolhive-hooks diff` on a real API server: what it shows, what it never shows, and that it writes nothing."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import LAST_APPLIED
from tests import old_operator
from tests.apiserver.api_relay import api_relay
from tests.controlplane import ControlPlane
from tests.old_operator import create, patch, run
from tests.world import judged
from tests.world import settled as answered

pytestmark = pytest.mark.apiserver

API = "toolhive.stacklok.dev/v1beta1"
SERVER, CONFIG_KIND = f"{API}/MCPServer", f"{API}/MCPExternalAuthConfig"
EXCHANGE = {
    "tokenUrl": "https://idp.acme.test/token",
    "clientId": "acme-client",
    "clientSecretRef": {"name": "oauth", "key": "client-secret"},
    "audience": "https://api.acme.test",
}


def obj(kind: str, name: str, **fields: Any) -> Object:
    api_version, _, kind = kind.rpartition("/")
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


def server(cluster: ControlPlane, namespace: str, **spec: Any) -> Object:
    return create(cluster, namespace, obj(SERVER, "demo", spec={"image": "example.test/mcp:1", **spec}))


def diff(cluster: ControlPlane, namespace: str, *name: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run("diff", cluster.kubeconfig(), "-n", namespace, *name, env=env)


def as_metacontroller_would(cluster: ControlPlane, namespace: str, parent: Object, *related: Object) -> None:
    """Make the children that the hooks want, as Metacontroller does: with its label, its record and the owner."""
    metadata = parent["metadata"]
    owner = {"apiVersion": API, "kind": "MCPServer", "name": metadata["name"], "uid": metadata["uid"]}
    owners = [{**owner, "controller": True, "blockOwnerDeletion": True}]
    for child in answered(parent, *related)[0]["children"]:
        child["metadata"].setdefault("labels", {})["controller-uid"] = metadata["uid"]
        child["metadata"]["namespace"] = namespace
        record = json.dumps(child, sort_keys=True, separators=(",", ":"))
        annotations = {**child["metadata"].get("annotations", {}), LAST_APPLIED: record}
        made = {**child, "metadata": {**child["metadata"], "annotations": annotations, "ownerReferences": owners}}
        create(cluster, namespace, made, manager="metacontroller")


def settled(cluster: ControlPlane, namespace: str, **spec: Any) -> Object:
    """A server with all its children as the hooks want them."""
    made = server(cluster, namespace, **spec)
    as_metacontroller_would(cluster, namespace, made)
    return made


def test_where_all_is_as_it_shall_be_nothing_is_shown(cluster: ControlPlane, namespace: str) -> None:
    settled(cluster, namespace)

    result = diff(cluster, namespace)

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_labels_choose_what_is_compared(cluster: ControlPlane, namespace: str) -> None:
    for name, team in (("one", "a"), ("two", "b")):
        manifest = obj(SERVER, name, spec={"image": "example.test/mcp:1"})
        create(cluster, namespace, {**manifest, "metadata": {"name": name, "labels": {"team": team}}})

    result = diff(cluster, namespace, "-l", "team=b")

    assert (result.returncode, result.stderr) == (1, "")
    assert f"Deployment {namespace}/two" in result.stdout
    assert f"Deployment {namespace}/one" not in result.stdout


def test_an_edit_is_shown_with_the_api_servers_defaults_on_both_sides(cluster: ControlPlane, namespace: str) -> None:
    settled(cluster, namespace)
    patch(cluster, namespace, SERVER, "demo", {"spec": {"port": 9000}})

    result = diff(cluster, namespace, "demo")

    assert (result.returncode, result.stderr) == (1, "")
    [service] = [text for text in result.stdout.split("--- ") if text.startswith("live Service")]
    assert service == (
        f"live Service {namespace}/mcp-demo-proxy\n"
        f"+++ hooks Service {namespace}/mcp-demo-proxy\n"
        "@@ -15,8 +15,8 @@\n"
        "   ports:\n"
        "   - name: http\n"
        "     protocol: TCP\n"
        "-    port: 8080\n"
        "-    targetPort: 8080\n"
        "+    port: 9000\n"
        "+    targetPort: 9000\n"
        "   selector:\n"
        "     app: mcpserver\n"
        "     app.kubernetes.io/instance: demo\n"
    )
    titles = [line for line in result.stdout.splitlines() if line.startswith("--- ")]
    assert titles == [
        f"--- live Deployment {namespace}/demo",
        f"--- live Service {namespace}/mcp-demo-proxy",
        f"--- live ConfigMap {namespace}/demo-runconfig",
    ]
    assert result.stdout.count("\n+        toolhive.stacklok.dev/runconfig-checksum: ") == 1


def test_what_would_be_made_and_what_would_go_are_shown_whole(cluster: ControlPlane, namespace: str) -> None:
    settled(cluster, namespace, authzConfig={"type": "inline", "inline": {"policies": ["permit(principal);"]}})
    cluster.resource("v1/ServiceAccount").delete(name="demo-sa", namespace=namespace)
    patch(cluster, namespace, SERVER, "demo", {"spec": {"authzConfig": None}})

    result = diff(cluster, namespace)

    assert result.returncode == 1
    texts = {text.partition("\n")[0]: text.splitlines() for text in result.stdout.split("--- ")}
    made = texts[f"live ServiceAccount {namespace}/demo-sa"]
    gone = texts[f"live ConfigMap {namespace}/demo-authz-inline"]
    assert made[3:] == [
        *("+apiVersion: v1", "+kind: ServiceAccount", "+metadata:", "+  name: demo-sa", f"+  namespace: {namespace}")
    ]
    assert all(line.startswith("-") for line in gone[3:])


def test_nothing_is_written(cluster: ControlPlane, namespace: str, tmp_path: Path) -> None:
    settled(cluster, namespace)
    cluster.resource("v1/ServiceAccount").delete(name="demo-sa", namespace=namespace)
    patch(cluster, namespace, SERVER, "demo", {"spec": {"port": 9000}})
    before = [cluster.objects(kind, namespace) for kind in (SERVER, "apps/v1/Deployment", "v1/Service", "v1/ConfigMap")]
    with api_relay(cluster, tmp_path) as relay:
        assert run("diff", relay.kubeconfig, "-n", namespace).returncode == 1

    assert [request.partition("?")[2].split("&")[0] for request in relay.writes] == ["dryRun=All"] * 4
    kinds = (SERVER, "apps/v1/Deployment", "v1/Service", "v1/ConfigMap")
    assert [cluster.objects(kind, namespace) for kind in kinds] == before
    assert cluster.get("v1/ServiceAccount", "demo-sa", namespace) is None


def test_a_judged_config_keeps_its_digest_whatever_key_is_known_here(cluster: ControlPlane, namespace: str) -> None:
    """The installation's key isn't known to whoever compares; a wrong one would look like a new secret."""
    create(cluster, namespace, obj("v1/Secret", "oauth", stringData={"client-secret": "canary-1"}))
    config = create(
        cluster, namespace, obj(CONFIG_KIND, "tx", spec={"type": "tokenExchange", "tokenExchange": EXCHANGE})
    )
    secret = cluster.get("v1/Secret", "oauth", namespace)
    assert secret is not None
    status = {**judged(config, secret)["status"], "credentialDigest": "the-installations"}
    cluster.resource(CONFIG_KIND).status.patch(
        name="tx", namespace=namespace, body={"status": status}, content_type=old_operator.MERGE
    )
    made = server(cluster, namespace, externalAuthConfigRef={"name": "tx"})
    seen = cluster.get(CONFIG_KIND, "tx", namespace)
    assert seen is not None
    as_metacontroller_would(cluster, namespace, made, seen)

    result = diff(cluster, namespace, TOOLHIVE_HOOKS_DIGEST_KEY="another")

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_no_secret_is_shown(cluster: ControlPlane, namespace: str) -> None:
    """Neither a Secret's value, nor one that stands in a RunConfig in clear: but that it changed is."""
    create(cluster, namespace, obj("v1/Secret", "oauth", stringData={"client-secret": "canary-1"}))
    create(cluster, namespace, obj(CONFIG_KIND, "tx", spec={"type": "tokenExchange", "tokenExchange": EXCHANGE}))
    inline = {"issuer": "https://idp.acme.test", "clientId": "c", "clientSecret": 'canary-2 "\\<'}
    settled(cluster, namespace, oidcConfig={"type": "inline", "inline": inline})
    changed = {"oidcConfig": {"inline": {"clientSecret": "canary-3"}}, "externalAuthConfigRef": {"name": "tx"}}
    patch(cluster, namespace, SERVER, "demo", {"spec": changed})

    result = diff(cluster, namespace, TOOLHIVE_HOOKS_DIGEST_KEY="key")

    assert (result.returncode, result.stderr) == (1, "")
    assert "canary" not in result.stdout
    assert b"canary".hex() not in result.stdout
    assert '-        "ClientSecret": "*** (before)",\n' in result.stdout
    assert '+        "ClientSecret": "*** (after)",\n' in result.stdout
    assert "client-secret" in result.stdout, "the reference to the Secret is shown"


def test_before_the_migration_it_shows_what_comes_after_it(cluster: ControlPlane, namespace: str) -> None:
    old_operator.lay_down(cluster, namespace, "resource-overrides")

    places = ("-n", namespace, "--operator-namespace", namespace)

    before = diff(cluster, namespace)
    assert run("migrate", cluster.kubeconfig(), *places, "--apply").returncode == 0
    after = diff(cluster, namespace)

    assert (before.returncode, after.returncode) == (1, 1)
    assert before.stderr == "note: shown is what happens after `toolhive-hooks migrate --apply`\n"
    assert (after.stdout, after.stderr) == (before.stdout, "")
    assert "-    pl: '1'\n" in before.stdout, "the record is reckoned with"


def test_a_server_that_is_held_says_why(cluster: ControlPlane, namespace: str) -> None:
    settled(cluster, namespace)
    patch(cluster, namespace, SERVER, "demo", {"spec": {"toolConfigRef": {"name": "gone"}}})

    result = diff(cluster, namespace)

    assert result.stderr == (
        f"note: MCPServer {namespace}/demo is Failed: MCPToolConfig 'gone' not found in namespace '{namespace}': "
        "create it, or remove spec.toolConfigRef\n"
    )
    assert result.stdout.splitlines()[3:] == [
        *(" metadata:", "   name: demo-proxy-runner", f"   namespace: {namespace}"),
        *("+  labels:", "+    toolhive.stacklok.dev/tool-config: gone"),
    ]


def test_what_the_api_server_would_refuse_is_an_error(cluster: ControlPlane, namespace: str) -> None:
    """Another roleRef: nobody can change one."""
    settled(cluster, namespace)
    kind, name = "rbac.authorization.k8s.io/v1/RoleBinding", "demo-proxy-runner"
    binding = cluster.get(kind, name, namespace)
    assert binding is not None
    cluster.resource(kind).delete(name=name, namespace=namespace)
    del binding["metadata"]["resourceVersion"], binding["metadata"]["uid"]
    create(cluster, namespace, {**binding, "roleRef": {**binding["roleRef"], "name": "another"}})

    result = diff(cluster, namespace)

    assert (result.returncode, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert result.stderr.startswith(f"error: RoleBinding {namespace}/{name}: the API server refuses (422): ")
    assert "cannot change roleRef" in result.stderr


def test_only_the_server_that_is_named_is_compared(cluster: ControlPlane, namespace: str) -> None:
    settled(cluster, namespace)
    create(cluster, namespace, obj(SERVER, "other", spec={"image": "example.test/mcp:1"}))

    assert diff(cluster, namespace, "demo").returncode == 0
    assert diff(cluster, namespace, "other").returncode == 1
    missing = diff(cluster, namespace, "nobody")
    said = f"toolhive-hooks: MCPServer {namespace}/nobody not found, nor an MCPRemoteProxy of this name\n"
    assert (missing.returncode, missing.stderr) == (2, said)
    elsewhere = run("diff", cluster.kubeconfig(), "demo")
    assert elsewhere.stderr == "toolhive-hooks: MCPServer default/demo not found, nor an MCPRemoteProxy of this name\n"
    assert run("diff", cluster.kubeconfig(namespace=namespace), "demo").returncode == 0
    unclear = run("diff", cluster.kubeconfig(), "-A", "demo")
    assert unclear.returncode == 2
    assert "which namespace? Give -n with NAME" in unclear.stderr


@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colours_unless_it_wants_none(
    cluster: ControlPlane, namespace: str, env: dict[str, str], coloured: bool
) -> None:
    settled(cluster, namespace)
    cluster.resource("v1/ServiceAccount").delete(name="demo-sa", namespace=namespace)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "hooks", "diff", "-n", namespace]
    environment = old_operator.environment(cluster.kubeconfig(), {"TERM": "xterm", **env})
    done = subprocess.run(command, stdout=theirs, env=environment, check=False, timeout=120)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)

    assert done.returncode == 1
    assert ("\x1b[32m+kind: ServiceAccount" in shown) == coloured
    assert ("\x1b" in shown) == coloured
