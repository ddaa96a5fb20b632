"""The whole cluster does what the tests on it take for granted."""

import pytest

from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.e2e.installation import is_ready
from tests.pods import pod_spec

pytestmark = pytest.mark.e2e

POD_TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": pod_spec("web", "example.test/web")}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": POD_TEMPLATE},
}


def test_a_deployment_gets_ready_pods_and_takes_them_along(cluster: ControlPlane, namespace: str) -> None:
    deployments = cluster.resource("apps/v1/Deployment")

    with WatchLog(cluster, ["apps/v1/Deployment", "apps/v1/ReplicaSet", "v1/Pod"], namespace) as log:
        deployments.create(body=DEPLOYMENT, namespace=namespace)
        eventually(
            lambda: sum(map(is_ready, cluster.objects("v1/Pod", namespace, "app=web"))) == 2,
            message="the pods are not ready",
        )
        deployments.delete(name="web", namespace=namespace)
        eventually(lambda: len(log.events("Pod", type="DELETED")) == 2, message="the pods are still there")
        eventually(lambda: len(log.events("ReplicaSet", type="DELETED")) == 1, message="the ReplicaSet is still there")

    assert cluster.objects("apps/v1/ReplicaSet", namespace) == []
    assert log.rollouts("web") == 0


def test_a_namespace_goes_for_good(cluster: ControlPlane) -> None:
    cluster.kubectl("create", "namespace", "short-lived")
    cluster.kubectl("create", "configmap", "inside", "-n", "short-lived")
    cluster.kubectl("delete", "namespace", "short-lived", "--wait=false")

    eventually(lambda: cluster.get("v1/Namespace", "short-lived") is None, message="the namespace is still there")


def test_metacontroller_is_up(cluster: ControlPlane) -> None:
    cluster.processes["metacontroller"].check()

    cluster.objects("metacontroller.k8s.io/v1alpha1/CompositeController")
