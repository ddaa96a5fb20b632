"""The proxy's pods in a namespace under Pod Security's level `restricted`: what admission says of real ones."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from kubernetes.dynamic.exceptions import ForbiddenError

from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.kubernetes.objects import Object
from tests.controlplane import ControlPlane
from tests.neighbours import CLUSTER
from tests.reference.cases import CASES, answer
from tests.strategies import GOOD_VALUES
from tests.world import CONFIG, child, server, sync

pytestmark = pytest.mark.apiserver

OPENSHIFT = replace(CONFIG, openshift=True)
TRANSPORTS = GOOD_VALUES["transport"]
# Limits and an authorization server want other fields beside them: tests/reference_v1beta1 has such servers.
SPECS = {
    f"{transport} {field} {number}": {"transport": transport, field: value}
    for transport in TRANSPORTS
    for field, values in GOOD_VALUES.items()
    if field not in ("transport", "volumes", "rateLimiting", "authServerRef")
    for number, value in enumerate(values)
}


@pytest.fixture(scope="module")
def restricted(cluster: ControlPlane) -> str:
    """A namespace that admits nothing beyond that level."""
    labels = {
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "latest",
    }
    name = "restricted"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    cluster.resource("v1/Namespace").create(body=body)
    return name


def template(answered: Object, name: str = "demo") -> Object:
    return child(answered, DEPLOYMENT, name)["spec"]["template"]


def run(cluster: ControlPlane, namespace: str, template: Object) -> Object:
    """Make a Pod as the Deployment's controller would."""
    pod: Object = {"apiVersion": "v1", "kind": "Pod", **template}
    pod["metadata"] = {**template["metadata"], "generateName": "proxy-"}
    made: Object = cluster.resource("v1/Pod").create(body=pod, namespace=namespace).to_dict()
    return made


@pytest.mark.parametrize("config", [CONFIG, OPENSHIFT], ids=["Kubernetes", "OpenShift"])
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_proxys_pod_is_admitted_with_any_field_of_the_spec(
    cluster: ControlPlane, restricted: str, spec: dict[str, Any], config: Any
) -> None:
    answered = sync(server(**spec), related=CLUSTER, config=config)

    made = run(cluster, restricted, template(answered))

    assert made["metadata"]["annotations"] == template(answered)["metadata"]["annotations"]


@pytest.mark.parametrize("case", [case for case in CASES if case != "volumes-resources"])
def test_the_pod_of_each_case_of_the_reference_is_admitted(cluster: ControlPlane, restricted: str, case: str) -> None:
    run(cluster, restricted, template(answer(case), case))


def test_a_hostpath_is_all_that_admission_refuses(cluster: ControlPlane, restricted: str) -> None:
    """No level but `privileged` admits one; users ask for it by spec.volumes."""
    with pytest.raises(ForbiddenError) as refused:
        run(cluster, restricted, template(sync(server(volumes=GOOD_VALUES["volumes"][0]))))

    _, _, why = json.loads(refused.value.body)["message"].partition(" is forbidden: ")
    types = 'restricted volume types (volume "v" uses restricted volume type "hostPath")'
    assert why == f'violates PodSecurity "restricted:latest": {types}'
