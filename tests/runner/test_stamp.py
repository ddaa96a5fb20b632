"""What the real proxy runner makes of the generation stamp, and of Pod Security's level `restricted`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.controlplane import ControlPlane, eventually
from tests.runner.backend import Backend
from tests.runner.manifests import NAME, server
from tests.runner.runner import Proxy, Start

pytestmark = pytest.mark.runner

STAMP = "toolhive.stacklok.dev/mcpserver-generation"
OLD, NEW = "acme/weather:1", "acme/weather:2"


def runs(proxy: Proxy) -> tuple[str, str]:
    """The image of the StatefulSet, and the stamp on its pod template."""
    template = proxy.made("apps/v1/StatefulSet")[NAME]["spec"]["template"]
    [container] = template["spec"]["containers"]
    return container["image"], template["metadata"]["annotations"][STAMP]


@pytest.mark.parametrize("transport", ["streamable-http", "stdio"])
def test_a_stale_proxy_that_starts_again_leaves_the_newer_statefulset_alone(
    start: Start, backend: Backend, transport: str
) -> None:
    """It reads the newest RunConfig, which the kubelet keeps up to date; its environment says that it is old."""
    old = start(server(backend, transport=transport)).wait_started()
    assert runs(old) == (OLD, "1")
    new = old.edited(image=NEW).wait_started()
    assert runs(new) == (NEW, "2")
    new.process.stop()

    stale = old.again().wait_started()

    assert runs(stale) == (NEW, "2")


def test_a_proxy_with_the_same_stamp_applies_its_own(start: Start, cluster: ControlPlane, backend: Backend) -> None:
    """So a server that was restored beside an old StatefulSet takes that one's stamp, and gets its own image."""
    proxy = start(server(backend)).wait_started()
    proxy.process.stop()
    leave_behind(cluster, proxy, image="acme/weather:0", stamp="7")

    restored = proxy.edited(args=["-v"]).wait_started()

    assert restored.run_config["mcpserver_generation"] == 7
    assert runs(restored) == (OLD, "7")


def test_a_proxy_with_a_lower_stamp_starts_and_applies_nothing(
    start: Start, cluster: ControlPlane, backend: Backend
) -> None:
    """What BackendOutdated says: the old image would run on, and nothing in the runner's log would say so."""
    proxy = start(server(backend)).wait_started()
    leave_behind(cluster, proxy, image="acme/weather:0", stamp="7")

    again = proxy.again().wait_started()
    assert runs(again) == ("acme/weather:0", "7")

    cluster.resource("apps/v1/StatefulSet").delete(name=NAME, namespace=proxy.namespace)
    anew = again.again().wait_started()
    assert runs(anew) == (OLD, "1")


def leave_behind(cluster: ControlPlane, proxy: Proxy, *, image: str, stamp: str) -> None:
    """Make the StatefulSet that of another server."""
    annotations = {"metadata": {"annotations": {STAMP: stamp}}}
    container = {"spec": {"containers": [{"name": "mcp", "image": image}]}}
    cluster.resource("apps/v1/StatefulSet").patch(
        name=NAME,
        namespace=proxy.namespace,
        body={"spec": {"template": annotations | container}},
        content_type="application/strategic-merge-patch+json",
    )


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"transport": "sse"},
        {"transport": "stdio"},
        {"secrets": [{"name": "keys", "key": "token"}]},
        {"podTemplateSpec": {"spec": {"containers": [{"name": "mcp", "securityContext": {}}], "securityContext": {}}}},
    ],
)
def test_the_servers_own_pod_is_admitted_under_pod_security_restricted(
    start: Start, cluster: ControlPlane, namespace: str, backend: Backend, spec: dict[str, Any]
) -> None:
    found = cluster.get("v1/Namespace", namespace) or {}
    assert found["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"

    start(server(backend, **spec)).wait_started()

    [pod] = eventually(lambda: cluster.objects("v1/Pod", namespace, f"app={NAME}"))
    assert pod["spec"]["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "fsGroup": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    [container] = pod["spec"]["containers"]
    assert container["securityContext"] == {
        "privileged": False,
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "RuntimeDefault"},
        "capabilities": {"drop": ["ALL"]},
    }
