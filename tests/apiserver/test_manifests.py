"""metacontroller/: it builds, a real API server takes it, and its CompositeControllers are those of the code."""

from __future__ import annotations

import copy
import os
from pathlib import Path

import pytest
import yaml
from kubernetes.dynamic.exceptions import ForbiddenError

from hooks.api.crd import crds
from hooks.controllers import CONTROLLERS
from hooks.controllers.controller import HOOKS, RULES_VERSION, Controller
from hooks.protocol import Object
from hooks.render.composite import composite_controller
from tests.controlplane import ControlPlane, eventually
from tests.controlplane.assets import ROOT
from tests.controlplane.components import metacontroller_crds

pytestmark = pytest.mark.apiserver

NAMESPACE = "toolhive-hooks"  # and the name of everything in it
Manifests = dict[tuple[str, str], Object]
GIVEN = [name for name in ("METACONTROLLER_CRDS", "METACONTROLLER") if os.environ.get(name)]


def built(cluster: ControlPlane, folder: str) -> list[Object]:
    """What `kubectl apply -k` would send."""
    result = cluster.kubectl("kustomize", ROOT / folder)
    assert result.stderr == ""
    return list(yaml.safe_load_all(result.stdout))


def named(objects: list[Object]) -> Manifests:
    """Objects by kind and name."""
    by_name = {(obj["kind"], obj["metadata"]["name"]): obj for obj in objects}
    assert len(by_name) == len(objects)
    return by_name


def strictly(cluster: ControlPlane, *command: str, objects: list[Object]) -> list[str]:
    """What kubectl says that it did, sorted; unknown fields and warnings are faults."""
    result = cluster.kubectl(*command, "--validate=strict", "-f", "-", input=yaml.safe_dump_all(objects))
    assert result.stderr == ""
    return sorted(result.stdout.splitlines())


@pytest.fixture(scope="module")
def manifests(cluster: ControlPlane) -> Manifests:
    """metacontroller/without-crds, by kind and name."""
    return named(built(cluster, "metacontroller/without-crds"))


@pytest.fixture(scope="module")
def installation(cluster: ControlPlane, manifests: Manifests) -> str:
    """The namespace of the hooks, with the labels that it has there; it really exists."""
    assert strictly(cluster, "create", objects=[manifests["Namespace", NAMESPACE]]) == [
        f"namespace/{NAMESPACE} created"
    ]
    return NAMESPACE


def test_there_is_everything_with_the_crds_and_without(cluster: ControlPlane) -> None:
    without = named(built(cluster, "metacontroller/without-crds"))

    assert named(built(cluster, "metacontroller")) == without | named(crds())
    assert sorted(without) == sorted(
        [
            ("Namespace", NAMESPACE),
            ("Deployment", NAMESPACE),
            ("Service", NAMESPACE),
            *(("CompositeController", controller.path) for controller in CONTROLLERS),
        ]
    )


def test_what_kubernetes_knows_is_admitted(cluster: ControlPlane, installation: str) -> None:
    objects = [
        obj for obj in built(cluster, "metacontroller") if obj["kind"] not in ("CompositeController", "Namespace")
    ]

    assert strictly(cluster, "apply", "--dry-run=server", objects=objects) == sorted(
        [
            "deployment.apps/toolhive-hooks created (server dry run)",
            "service/toolhive-hooks created (server dry run)",
            *(
                f"customresourcedefinition.apiextensions.k8s.io/{crd['metadata']['name']} unchanged (server dry run)"
                for crd in crds()
            ),
        ]
    )


def test_pod_security_takes_the_hooks_pod_and_no_other(
    cluster: ControlPlane, manifests: Manifests, installation: str
) -> None:
    template = manifests["Deployment", NAMESPACE]["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", **copy.deepcopy(template)}
    pod["metadata"]["name"] = "hooks"
    pods = cluster.resource("v1/Pod")

    created = pods.create(body=pod, namespace=installation, dry_run="All").to_dict()
    del pod["spec"]["containers"][0]["securityContext"]
    with pytest.raises(ForbiddenError) as refused:
        pods.create(body=pod, namespace=installation, dry_run="All")

    assert created["metadata"]["labels"] == template["metadata"]["labels"]
    assert 'violates PodSecurity "restricted:latest"' in refused.value.summary()


@pytest.mark.parametrize("controller", CONTROLLERS, ids=lambda controller: controller.path)
def test_a_composite_controller_says_what_the_code_says(manifests: Manifests, controller: Controller) -> None:
    composite = copy.deepcopy(manifests["CompositeController", controller.path])
    for hook in composite["spec"]["hooks"].values():
        hook["webhook"] = {"path": hook["webhook"]["path"]}  # where the hooks run is the installation's affair

    assert in_any_order(composite) == in_any_order(composite_controller(controller))
    assert composite["spec"]["parentResource"]["ignoreStatusChanges"] is True
    assert {name: hook["webhook"]["path"] for name, hook in composite["spec"]["hooks"].items()} == {
        name: f"/{controller.path}/{name}?rules={RULES_VERSION}" for name in HOOKS
    }


def in_any_order(composite: Object) -> Object:
    """A CompositeController with its childResources sorted."""
    spec = composite["spec"]
    children = sorted(spec.get("childResources", []), key=lambda rule: (rule["apiVersion"], rule["resource"]))
    return {**composite, "spec": {**spec, "childResources": children}}


def test_webhooks_reach_the_hooks_pods(manifests: Manifests) -> None:
    """From CompositeController to Service to port of the container: every link by name."""
    service = manifests["Service", NAMESPACE]
    template = manifests["Deployment", NAMESPACE]["spec"]["template"]
    (port,) = service["spec"]["ports"]
    (container,) = template["spec"]["containers"]

    called = [
        hook["webhook"]["service"]
        for controller in CONTROLLERS
        for hook in manifests["CompositeController", controller.path]["spec"]["hooks"].values()
    ]
    assert called == [{"name": NAMESPACE, "namespace": NAMESPACE, "port": port["port"]}] * len(HOOKS) * len(CONTROLLERS)
    assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
    assert port["targetPort"] in [listening["name"] for listening in container["ports"]]


@pytest.mark.skipif(not GIVEN, reason="neither METACONTROLLER_CRDS (their file) nor METACONTROLLER (the binary) is set")
def test_composite_controllers_are_valid_by_metacontrollers_crds(cluster: ControlPlane, manifests: Manifests) -> None:
    cluster.kubectl("apply", "-f", metacontroller_crds(Path(os.environ.get("METACONTROLLER", ""))))
    eventually(lambda: cluster.kubectl("get", "compositecontrollers"), message="CompositeControllers are not served")
    composites = [obj for (kind, _), obj in manifests.items() if kind == "CompositeController"]

    assert strictly(cluster, "apply", "--dry-run=server", objects=composites) == sorted(
        f"compositecontroller.metacontroller.k8s.io/{controller.path} created (server dry run)"
        for controller in CONTROLLERS
    )
