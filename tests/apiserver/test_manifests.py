"""metacontroller/ as it is by default: it builds, a real API server takes it, and it says what the code says."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from kubernetes.dynamic.exceptions import ForbiddenError

from hooks import __version__
from hooks.api.crd import crds
from hooks.controllers import CONTROLLERS
from hooks.kubernetes.objects import Object
from hooks.metacontroller.composite import composite_controller
from hooks.metacontroller.controller import HOOKS, RULES_VERSION, Controller
from hooks.server.settings import described
from tests.apiserver.manifests import BASE, NAMESPACE, Manifests, built, named, strictly
from tests.controlplane import ControlPlane
from tests.controlplane.assets import ROOT

pytestmark = pytest.mark.apiserver


@pytest.fixture(scope="module")
def manifests(cluster: ControlPlane) -> Manifests:
    """metacontroller/, by kind and name."""
    return named(built(cluster, BASE))


def test_there_is_everything_and_the_crds_are_apart(cluster: ControlPlane, manifests: Manifests) -> None:
    assert named(built(cluster, ROOT / "crds")) == named(crds())
    assert sorted(manifests) == sorted(
        [
            *((kind, NAMESPACE) for kind in ("Namespace", "Deployment", "Service", "NetworkPolicy")),
            ("PodDisruptionBudget", NAMESPACE),
            *(("CompositeController", controller.slug) for controller in CONTROLLERS),
        ]
    )


def test_what_kubernetes_knows_is_admitted(cluster: ControlPlane, hooks_namespace: str) -> None:
    objects = [obj for obj in built(cluster, BASE) if obj["kind"] != "CompositeController"]

    assert strictly(cluster, "apply", "--dry-run=server", objects=objects) == sorted(
        [
            "namespace/toolhive-hooks unchanged (server dry run)",
            "deployment.apps/toolhive-hooks created (server dry run)",
            "networkpolicy.networking.k8s.io/toolhive-hooks created (server dry run)",
            "poddisruptionbudget.policy/toolhive-hooks created (server dry run)",
            "service/toolhive-hooks created (server dry run)",
        ]
    )


# Each breaks another rule of the level `restricted`.
BROKEN = [
    ("runAsNonRoot", lambda pod: pod["spec"]["securityContext"].pop("runAsNonRoot")),
    ("seccompProfile", lambda pod: pod["spec"]["securityContext"].pop("seccompProfile")),
    ("runAsUser=0", lambda pod: pod["spec"]["securityContext"].update(runAsUser=0)),
    ("allowPrivilegeEscalation", lambda pod: container(pod)["securityContext"].pop("allowPrivilegeEscalation")),
    ("capabilities", lambda pod: container(pod)["securityContext"].pop("capabilities")),
    ("hostPath", lambda pod: pod["spec"]["volumes"].append({"name": "host", "hostPath": {"path": "/"}})),
]


def container(pod: Object) -> Any:
    return pod["spec"]["containers"][0]


@pytest.fixture
def pod(manifests: Manifests) -> Object:
    """A Pod as the hooks' Deployment makes them."""
    template = copy.deepcopy(manifests["Deployment", NAMESPACE]["spec"]["template"])
    return {"apiVersion": "v1", "kind": "Pod", **template, "metadata": {**template["metadata"], "name": "hooks"}}


def test_pod_security_takes_the_hooks_pod(cluster: ControlPlane, pod: Object, hooks_namespace: str) -> None:
    created = cluster.resource("v1/Pod").create(body=pod, namespace=hooks_namespace, dry_run="All").to_dict()

    assert created["metadata"]["labels"] == pod["metadata"]["labels"]


@pytest.mark.parametrize("broken", BROKEN, ids=[why for why, _ in BROKEN])
def test_pod_security_takes_no_pod_that_is_less_careful(
    cluster: ControlPlane, manifests: Manifests, pod: Object, hooks_namespace: str, broken: tuple[str, Any]
) -> None:
    """The Pod is refused, and whoever applies the Deployment is told so."""
    why, spoil = broken
    spoil(pod)
    deployment = copy.deepcopy(manifests["Deployment", NAMESPACE])
    deployment["spec"]["template"]["spec"] = pod["spec"]

    with pytest.raises(ForbiddenError) as refused:
        cluster.resource("v1/Pod").create(body=pod, namespace=hooks_namespace, dry_run="All")
    with pytest.raises(AssertionError, match="would violate PodSecurity"):
        strictly(cluster, "apply", "--dry-run=server", objects=[deployment])

    assert 'violates PodSecurity "restricted:latest"' in refused.value.summary()
    assert why in refused.value.summary()


def test_labels_say_what_each_object_is(manifests: Manifests) -> None:
    """The version stands on the Deployment alone: on its pods it would say no more than the image."""
    labels = {kind: manifests[kind, NAMESPACE]["metadata"]["labels"] for kind, name in manifests if name == NAMESPACE}
    level = {key: value for key, value in labels.pop("Namespace").items() if not key.startswith("pod-security.")}
    ours = {
        "app.kubernetes.io/name": NAMESPACE,
        "app.kubernetes.io/part-of": NAMESPACE,
        "app.kubernetes.io/component": "webhooks",
    }

    assert labels.pop("Deployment") == {**ours, "app.kubernetes.io/version": __version__}
    assert labels == dict.fromkeys(("Service", "NetworkPolicy", "PodDisruptionBudget"), ours)
    assert level == {"app.kubernetes.io/part-of": NAMESPACE}


@pytest.mark.parametrize("controller", CONTROLLERS, ids=lambda controller: controller.slug)
def test_a_composite_controller_says_what_the_code_says(manifests: Manifests, controller: Controller) -> None:
    composite = copy.deepcopy(manifests["CompositeController", controller.slug])
    labels = composite["metadata"].pop("labels")
    for hook in composite["spec"]["hooks"].values():
        hook["webhook"] = {"path": hook["webhook"]["path"]}  # where the hooks run is the installation's affair

    assert labels == {"app.kubernetes.io/part-of": NAMESPACE}  # by which the components find it
    assert in_any_order(composite) == in_any_order(composite_controller(controller))
    assert composite["spec"]["parentResource"]["ignoreStatusChanges"] is True
    assert {name: hook["webhook"]["path"] for name, hook in composite["spec"]["hooks"].items()} == {
        name: f"/{controller.slug}/{name}?rules={RULES_VERSION}" for name in HOOKS
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
        for hook in manifests["CompositeController", controller.slug]["spec"]["hooks"].values()
    ]
    assert called == [{"name": NAMESPACE, "namespace": NAMESPACE, "port": port["port"]}] * len(HOOKS) * len(CONTROLLERS)
    assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
    assert port["targetPort"] in [listening["name"] for listening in container["ports"]]


def test_nobody_reaches_the_pods_but_metacontroller_and_the_kubelet(manifests: Manifests) -> None:
    """Probes come from the node, which no NetworkPolicy keeps out; egress is listed, and there is none."""
    template = manifests["Deployment", NAMESPACE]["spec"]["template"]
    spec = manifests["NetworkPolicy", NAMESPACE]["spec"]
    ports = {port["name"]: port["containerPort"] for port in container(template)["ports"]}

    assert ports == {"hooks": 8080, "probes": 9090}
    assert {container(template)[f"{probe}Probe"]["httpGet"]["port"] for probe in ("readiness", "liveness")} == {
        "probes"
    }
    assert spec == {
        "podSelector": {"matchLabels": manifests["Service", NAMESPACE]["spec"]["selector"]},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {
                "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "metacontroller"}}}],
                "ports": [{"protocol": "TCP", "port": ports["hooks"]}],
            }
        ],
    }


def test_every_selector_is_the_pods(manifests: Manifests) -> None:
    spec = manifests["Deployment", NAMESPACE]["spec"]
    labels = {"app.kubernetes.io/name": NAMESPACE}

    assert labels.items() <= spec["template"]["metadata"]["labels"].items()
    assert spec["selector"] == {"matchLabels": labels}
    assert manifests["Service", NAMESPACE]["spec"]["selector"] == labels
    assert manifests["PodDisruptionBudget", NAMESPACE]["spec"]["selector"] == {"matchLabels": labels}
    assert [rule["labelSelector"] for rule in spec["template"]["spec"]["topologySpreadConstraints"]] == [
        {"matchLabels": labels}
    ] * 2


def test_the_pod_is_made_for_the_servers_defaults(manifests: Manifests) -> None:
    """Its ports, and the time that it takes to stop: the delay, then 20 seconds for running calls."""
    spec = manifests["Deployment", NAMESPACE]["spec"]["template"]["spec"]
    defaults = {setting.variable: setting.default for setting in described()}
    ports = {port["name"]: str(port["containerPort"]) for port in container({"spec": spec})["ports"]}

    assert ports == {
        "hooks": defaults["TOOLHIVE_HOOKS_BIND"].rpartition(":")[2],
        "probes": defaults["TOOLHIVE_HOOKS_PROBES_BIND"].rpartition(":")[2],
    }
    assert (
        spec["terminationGracePeriodSeconds"]
        > container({"spec": spec})["lifecycle"]["preStop"]["sleep"]["seconds"] + 20
    )
