"""Why no hook makes the StatefulSet beforehand, although that would close a window.

A StatefulSet that a runner makes after its server's deletion began is never adopted. One that a hook made in the first
sync would be; but as these tests show, the runner leaves its `replicas` as they are.
"""

from __future__ import annotations

import pytest

from hooks.kubernetes.objects import Object
from tests.controlplane import ControlPlane, eventually
from tests.pods import pod_spec
from tests.runner.backend import Backend
from tests.runner.manifests import NAME, server
from tests.runner.runner import Start

pytestmark = pytest.mark.runner


def skeleton(replicas: int) -> Object:
    """The least that a runner could apply its own over: selector and serviceName can't change later."""
    labels = {"app": NAME}
    template = {"metadata": {"labels": labels}, "spec": pod_spec("mcp", "example.test/mcp:1")}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": NAME, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "serviceName": NAME,
            "template": template,
        },
    }


def test_a_skeleton_without_pods_keeps_the_runner_down(
    start: Start, cluster: ControlPlane, namespace: str, backend: Backend
) -> None:
    cluster.resource("apps/v1/StatefulSet").create(body=skeleton(0), namespace=namespace)

    proxy = start(server(backend))

    eventually(lambda: not proxy.process.alive, message="the runner goes on")
    assert cluster.objects("v1/Pod", namespace, f"app={NAME}") == []


def test_a_skeleton_with_a_pod_starts_the_image_before_the_runner_configured_it(
    start: Start, cluster: ControlPlane, namespace: str, backend: Backend
) -> None:
    cluster.resource("apps/v1/StatefulSet").create(body=skeleton(1), namespace=namespace)
    [unconfigured] = eventually(lambda: cluster.objects("v1/Pod", namespace, f"app={NAME}"))

    start(server(backend)).wait_started()

    [container] = unconfigured["spec"]["containers"]
    assert "env" not in container
    made = cluster.get("apps/v1/StatefulSet", NAME, namespace)
    assert made is not None
    assert made["spec"]["replicas"] == 1
    assert "env" in made["spec"]["template"]["spec"]["containers"][0]
