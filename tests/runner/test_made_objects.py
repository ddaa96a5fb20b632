"""What the proxy runner makes in the cluster, and with which rights."""

from __future__ import annotations

import pytest

from hooks.api.meta import API_VERSION
from hooks.kubernetes.objects import Object
from tests.controlplane import ControlPlane, eventually
from tests.runner.backend import Backend
from tests.runner.identity_provider import IdentityProvider
from tests.runner.manifests import NAME, exchanging, external_auth, server
from tests.runner.runner import Start, may_work

pytestmark = pytest.mark.runner

TRANSPORTS = ("streamable-http", "sse", "stdio")
SERVICES = ("mcp-weather", "mcp-weather-headless")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_the_runner_makes_has_our_labels_and_an_owner(
    start: Start, cluster: ControlPlane, namespace: str, backend: Backend, transport: str
) -> None:
    """By `controller-uid` Metacontroller adopts the StatefulSet; the Services are the StatefulSet's."""
    spec = server(backend, transport=transport)
    proxy = start(spec).wait_started()
    [parent] = cluster.objects(f"{API_VERSION}/MCPServer", namespace)
    labels = {
        "app": NAME,
        "controller-uid": parent["metadata"]["uid"],
        "toolhive": "true",
        "toolhive-basename": NAME,
        "toolhive-name": NAME,
        "toolhive-port": str(spec["spec"]["port"]),
        "toolhive-transport": transport,
    }

    assert list(proxy.made("apps/v1/StatefulSet")) == [NAME]
    stateful_set = proxy.made("apps/v1/StatefulSet")[NAME]
    assert stateful_set["metadata"]["labels"] == labels
    assert "ownerReferences" not in stateful_set["metadata"]
    assert stateful_set["spec"]["template"]["metadata"]["labels"] == labels
    assert stateful_set["spec"]["selector"] == {"matchLabels": {"app": NAME}}

    services = proxy.made("v1/Service")
    assert sorted(services) == ([] if transport == "stdio" else list(SERVICES))
    for service in services.values():
        assert service["metadata"]["labels"] == labels
        assert service["metadata"]["ownerReferences"] == [
            {
                "apiVersion": "apps/v1",
                "kind": "StatefulSet",
                "name": NAME,
                "uid": stateful_set["metadata"]["uid"],
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]


def test_the_servers_pod_is_as_the_spec_says(start: Start, backend: Backend) -> None:
    spec = server(
        backend,
        args=["--verbose"],
        env=[{"name": "LEVEL", "value": "debug"}],
        secrets=[{"name": "keys", "key": "token", "targetEnvName": "API_TOKEN"}],
        serviceAccount="weather-account",
        podTemplateSpec={"spec": {"containers": [{"name": "mcp", "resources": {"limits": {"cpu": "500m"}}}]}},
    )
    proxy = start(spec).wait_started()

    pod = proxy.made("apps/v1/StatefulSet")[NAME]["spec"]["template"]["spec"]

    [container] = pod["containers"]
    port = str(backend.port)
    assert pod["serviceAccountName"] == "weather-account"
    assert (container["name"], container["image"], container["args"]) == ("mcp", "acme/weather:1", ["--verbose"])
    assert container["resources"] == {"limits": {"cpu": "500m"}}
    assert container["env"] == [
        {"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}},
        {"name": "FASTMCP_PORT", "value": port},
        {"name": "LEVEL", "value": "debug"},
        {"name": "MCP_HOST"},
        {"name": "MCP_PORT", "value": port},
        {"name": "MCP_TRANSPORT", "value": "streamable-http"},
    ]


def test_what_the_spec_says_with_dollars_reaches_the_servers_pod(
    start: Start, provider: IdentityProvider, backend: Backend
) -> None:
    """The kubelet puts the proxy's own variables, its client secret among them, nowhere into it."""
    text = "$(HOME) costs 5$$, $(TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET)"
    container = {"name": "mcp", "env": [{"name": "TEXT", "value": text}]}
    template = {"metadata": {"annotations": {"text": text}}, "spec": {"containers": [container]}}
    proxy = start(exchanging(backend, provider, podTemplateSpec=template), *external_auth(provider)).wait_started()

    made = proxy.made("apps/v1/StatefulSet")[NAME]["spec"]["template"]

    assert {"name": "TEXT", "value": text} in made["spec"]["containers"][0]["env"]
    assert made["metadata"]["annotations"]["text"] == text


def test_a_runner_that_starts_again_changes_nothing(start: Start, provider: IdentityProvider, backend: Backend) -> None:
    proxy = start(exchanging(backend, provider), *external_auth(provider)).wait_started()
    before = proxy.made("apps/v1/StatefulSet")[NAME]["metadata"]

    again = proxy.again().wait_started()

    after = again.made("apps/v1/StatefulSet")[NAME]["metadata"]
    assert (after["uid"], after["generation"]) == (before["uid"], before["generation"])
    assert again.caller(provider.token()).post("initialize").status == 200


@pytest.mark.parametrize("transport", ["streamable-http", "stdio"])
def test_a_restart_of_the_stateful_set_is_the_one_that_reads_secrets_again_and_it_lasts(
    start: Start, cluster: ControlPlane, namespace: str, backend: Backend, transport: str
) -> None:
    """A proxy that starts again applies the same StatefulSet, and the MCP server's pod stays with its old variables."""
    names = [{"name": "keys", "key": "token", "targetEnvName": "API_TOKEN"}]
    keys: Object = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"token": "a"}}
    proxy = start(server(backend, transport=transport, secrets=names), keys).wait_started()

    def pod() -> str:
        [found] = cluster.objects("v1/Pod", namespace, f"app={NAME}")
        return str(found["metadata"]["uid"])

    first = pod()
    again = proxy.again().wait_started()
    assert pod() == first

    cluster.kubectl("rollout", "restart", f"statefulset/{NAME}", "-n", namespace)
    cluster.kubectl("rollout", "status", f"statefulset/{NAME}", "-n", namespace, "--timeout=110s")
    second, made = pod(), again.made("apps/v1/StatefulSet")[NAME]
    assert second != first

    restarted = again.again().wait_started().made("apps/v1/StatefulSet")[NAME]
    assert (pod(), restarted["metadata"]["generation"]) == (second, made["metadata"]["generation"])
    assert "kubectl.kubernetes.io/restartedAt" in restarted["spec"]["template"]["metadata"]["annotations"]


def test_the_runner_has_no_rights_but_those_of_our_role(
    start: Start, cluster: ControlPlane, namespace: str, backend: Backend
) -> None:
    """Without the RoleBinding it can't start: so nothing else gave it rights in all of these tests."""
    proxy = start(server(backend)).wait_started()
    name = "weather-proxy-runner"
    cluster.resource("rbac.authorization.k8s.io/v1/RoleBinding").delete(name=name, namespace=namespace)
    eventually(lambda: not may_work(cluster, namespace, name))

    again = proxy.again()

    eventually(lambda: not again.process.alive, message="it goes on without rights")
    assert again.process.popen.returncode == 1
    assert f'User "system:serviceaccount:{namespace}:{name}" cannot get resource "statefulsets"' in again.output()
