"""Names that meet, on a real cluster: the first keeps everything, and the other waits and then goes on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.e2e.backend import as_the_runner
from tests.e2e.chaos.fleet import server
from tests.e2e.installation import CHILD_KINDS, TOOLHIVE, Installation
from tests.e2e.relay import Fault
from tests.e2e.taken_names import TAKEN, gains_nothing, plain
from tests.e2e.tenants import apply
from tests.pods import pod_spec

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("theirs", TAKEN.values(), ids=TAKEN)
def test_a_tenant_gains_nothing_by_an_administrators_name(
    installation: Installation, namespace: str, theirs: list[dict[str, Any]]
) -> None:
    gains_nothing(installation, namespace, theirs)


def test_a_deployment_of_another_is_left_alone_and_said_to_have_the_name(
    installation: Installation, namespace: str
) -> None:
    """Deployments aren't looked up: that its own one stays away tells a server so."""
    cluster = installation.cluster
    labels = {"app": "theirs"}
    template = {"metadata": {"labels": labels}, "spec": pod_spec("c", "example.test/theirs:1")}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    apply(cluster, namespace, plain("apps/v1/Deployment", "vault", spec=spec))
    before = eventually(lambda: rolled_out(cluster, namespace))

    apply(cluster, namespace, server("vault", None))
    uid = installation.server(namespace, "vault")["metadata"]["uid"]
    message = (
        f"Deployment 'vault' isn't among this server's objects: `kubectl get deployment vault -n {namespace} "
        "--show-labels` shows whether there is one. If it has the label toolhive-name=vault, Metacontroller released "
        f"it: `kubectl label deployment/vault controller-uid={uid} -n {namespace}`. If it is another's, rename this "
        f"server. If there is none, `kubectl describe mcpserver vault -n {namespace}` shows who refuses it"
    )
    expect(installation, namespace, "vault", "FailedCreate", message)
    assert rolled_out(cluster, namespace) == before

    cluster.kubectl("delete", "deployment", "vault", "-n", namespace)
    expect(installation, namespace, "vault", "Ready")


def rolled_out(cluster: ControlPlane, namespace: str) -> dict[str, Any]:
    """Metadata and spec of Deployment `vault`, once its pod runs."""
    found = cluster.get("apps/v1/Deployment", "vault", namespace) or {}
    assert found["status"].get("availableReplicas") == 1
    return {"uid": found["metadata"]["uid"], "labels": found["metadata"].get("labels"), "spec": found["spec"]}


def ready(installation: Installation, namespace: str, name: str) -> tuple[str, str]:
    """Reason and message of a server, and that it has a URL only where it is Ready."""
    status = installation.server(namespace, name).get("status", {})
    assert status, name
    reason = status["conditions"][0]["reason"]
    assert ("url" in status) == (reason != "NameConflict")
    return reason, status["message"]


def expect(installation: Installation, namespace: str, name: str, reason: str, message: str | None = None) -> None:
    def check() -> bool:
        said = ready(installation, namespace, name)
        assert said == (reason, message or said[1])
        return True

    eventually(check)


def stateful_set(cluster: ControlPlane, namespace: str, name: str) -> dict[str, Any]:
    """What runner 0.44.0 makes of a server, as it is observed."""
    uid = (cluster.get(f"{TOOLHIVE}/MCPServer", name, namespace) or {})["metadata"]["uid"]
    labels = {"app": name, "toolhive": "true", "toolhive-name": name, "controller-uid": uid}
    template = {"metadata": {"labels": labels}, "spec": pod_spec("mcp", "example.test/mcp:1")}
    spec = {"selector": {"matchLabels": {"app": name}}, "serviceName": name, "template": template}
    as_the_runner(
        cluster,
        namespace,
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name, "labels": labels}, "spec": spec},
    )
    found = cluster.get("apps/v1/StatefulSet", name, namespace)
    assert found is not None
    return found


def runners_service(name: str, owner: dict[str, Any]) -> dict[str, Any]:
    reference = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }
    labels = owner["metadata"]["labels"]
    metadata = {"name": name, "labels": labels, "ownerReferences": [reference]}
    spec = {"selector": {"app": labels["app"]}, "ports": [{"name": "http", "port": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def test_a_server_whose_runners_service_would_be_anothers_waits_for_that_one(
    installation: Installation, namespace: str
) -> None:
    cluster = installation.cluster
    apply(cluster, namespace, server("demo", None))
    expect(installation, namespace, "demo", "Ready")

    with WatchLog(cluster, CHILD_KINDS, namespace) as log:
        apply(cluster, namespace, server("demo-proxy", None))
        message = (
            "Service 'mcp-demo-proxy' belongs to MCPServer 'demo': "
            "rename this server, or delete that MCPServer if nothing needs it"
        )
        expect(installation, namespace, "demo-proxy", "NameConflict", message)
        log.wait_quiet(1)
        assert {event.kind for event in log.events(type="ADDED")} == {"Role", "ServiceAccount"}
        assert log.events(name="mcp-demo-proxy") == []

    cluster.kubectl("delete", "mcpserver", "demo", "-n", namespace)
    expect(installation, namespace, "demo-proxy", "Ready")


@pytest.mark.parametrize(
    ("first", "service"), [("demo-proxy", "mcp-demo-proxy"), ("demo-headless", "mcp-demo-headless")]
)
def test_a_server_whose_service_is_another_runners_publishes_no_url(
    installation: Installation, namespace: str, first: str, service: str
) -> None:
    """The address would lead to the other server's own port, past every token."""
    cluster = installation.cluster
    apply(cluster, namespace, server(first, None))
    expect(installation, namespace, first, "Ready")
    as_the_runner(cluster, namespace, runners_service(service, stateful_set(cluster, namespace, first)))

    apply(cluster, namespace, server("demo", None))
    message = (
        f"Service {service!r} belongs to StatefulSet {first!r}: "
        "rename this server, or delete that StatefulSet if nothing needs it"
    )
    expect(installation, namespace, "demo", "NameConflict", message)
    assert cluster.get("apps/v1/Deployment", "demo", namespace) is None
    assert (cluster.get("v1/Service", service, namespace) or {})["spec"]["selector"] == {"app": first}

    cluster.kubectl("delete", "mcpserver", first, "-n", namespace)
    expect(installation, namespace, "demo", "Ready")


def test_a_running_server_that_loses_a_name_keeps_its_pods(installation: Installation, namespace: str) -> None:
    """Its Service is deleted while the hooks are away, and another's is there before Metacontroller makes it anew."""
    cluster = installation.cluster
    apply(cluster, namespace, server("demo", None))
    expect(installation, namespace, "demo", "Ready")

    with WatchLog(cluster, [*CHILD_KINDS, "v1/Pod"], namespace) as log:
        relay = installation.relay
        assert relay is not None
        with relay.failing(Fault(answer=(503, b""))):
            cluster.kubectl("delete", "service", "mcp-demo-proxy", "-n", namespace)
            cluster.kubectl("create", "service", "clusterip", "mcp-demo-proxy", "--tcp=80", "-n", namespace)
        expect(installation, namespace, "demo", "NameConflict")
        log.wait_quiet(1)
        cluster.kubectl("delete", "service", "mcp-demo-proxy", "-n", namespace)
        expect(installation, namespace, "demo", "Ready")
        log.wait_quiet(1)

    assert {(event.kind, event.type) for event in log.events() if event.type != "MODIFIED"} == {
        ("Service", "ADDED"),
        ("Service", "DELETED"),
    }


@pytest.mark.parametrize("first", ["MCPServer", "MCPRemoteProxy"])
def test_of_a_server_and_a_proxy_of_one_name_the_first_keeps_all(
    installation: Installation, namespace: str, first: str
) -> None:
    cluster = installation.cluster
    spec = {"remoteUrl": "https://mcp.example.com/mcp"}
    proxy = {"apiVersion": TOOLHIVE, "kind": "MCPRemoteProxy", "metadata": {"name": "demo"}, "spec": spec}
    both = {"MCPServer": server("demo", None), "MCPRemoteProxy": proxy}
    [second] = both.keys() - {first}

    def said(kind: str, reason: str) -> bool:
        status = (cluster.get(f"{TOOLHIVE}/{kind}", "demo", namespace) or {}).get("status", {})
        assert status.get("conditions", [{}])[0].get("reason") == reason, status
        assert ("url" in status) == (reason != "NameConflict")
        return True

    apply(cluster, namespace, both[first])
    eventually(lambda: said(first, "Ready"))
    with WatchLog(cluster, ["apps/v1/Deployment", "v1/ConfigMap"], namespace) as log:
        apply(cluster, namespace, both[second])
        eventually(lambda: said(second, "NameConflict"))
        log.wait_quiet(2)
        assert said(first, "Ready")
        assert [log.events("ConfigMap", type=change) for change in ("MODIFIED", "DELETED")] == [[], []]
    cluster.kubectl("delete", first.lower(), "demo", "-n", namespace, "--wait=false")

    eventually(lambda: said(second, "Ready"), timeout=150)
