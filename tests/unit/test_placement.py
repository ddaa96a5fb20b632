"""Where the proxy's pods run: what the Deployment gets of the spec, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hooks.api.workload import ProxyDeploymentOverrides
from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.kubernetes.objects import Object
from hooks.proxy.placement import placement, placement_faults
from tests.placements import FAULTS, FAULTS_OF_PODS, GOOD, PREFERRED, REQUIRED
from tests.remote import remote
from tests.unit.workload_specs import PLACEMENT
from tests.world import child, condition, running, server, sync


def pod(workload: Object) -> Object:
    return child(sync(workload), DEPLOYMENT, "demo")["spec"]["template"]["spec"]


@pytest.mark.parametrize("make", [server, remote])
def test_the_pod_has_each_field_as_it_is_written(make: Callable[..., Object]) -> None:
    placed = pod(make(resourceOverrides={"proxyDeployment": PLACEMENT}))

    assert placed == {**pod(make()), **PLACEMENT}


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({}, {}),
        ({"nodeSelector": {}, "tolerations": [], "topologySpreadConstraints": [], "priorityClassName": ""}, {}),
        (
            {"tolerations": [{"key": "", "operator": "Exists", "value": ""}]},
            {"tolerations": [{"operator": "Exists"}]},
        ),
        (
            {"affinity": {"podAntiAffinity": {REQUIRED: [{"topologyKey": "zone", "labelSelector": {}}]}}},
            {"affinity": {"podAntiAffinity": {REQUIRED: [{"topologyKey": "zone", "labelSelector": {}}]}}},
        ),
    ],
)
def test_values_that_the_api_server_would_not_store_are_left_out(given: Object, made: Object) -> None:
    """Else each sync would change the Deployment. An empty selector is every pod, a missing one is none."""
    assert placement(ProxyDeploymentOverrides.parse(given)) == made


def test_the_pod_template_of_a_remote_proxy_wins() -> None:
    """As in ToolHive: maps are merged, and lists without a key are replaced."""
    placed = pod(
        remote(
            resourceOverrides={
                "proxyDeployment": {
                    "nodeSelector": {"pool": "mcp", "disk": "ssd"},
                    "tolerations": [{"key": "mcp", "operator": "Exists"}],
                    "priorityClassName": "low",
                }
            },
            podTemplateSpec={
                "spec": {
                    "nodeSelector": {"pool": "edge"},
                    "tolerations": [{"key": "edge", "operator": "Exists"}],
                    "priorityClassName": "high",
                }
            },
        )
    )

    assert {key: placed[key] for key in ("nodeSelector", "tolerations", "priorityClassName")} == {
        "nodeSelector": {"pool": "edge", "disk": "ssd"},
        "tolerations": [{"key": "edge", "operator": "Exists"}],
        "priorityClassName": "high",
    }


@pytest.mark.parametrize("given", GOOD)
def test_values_that_kubernetes_takes_have_no_fault(given: Object) -> None:
    assert list(placement_faults(ProxyDeploymentOverrides.parse(given))) == []


def test_a_preferred_term_may_name_values_that_no_node_has() -> None:
    term = {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b c"]}]}
    given = {"affinity": {"nodeAffinity": {PREFERRED: [{"weight": 1, "preference": term}]}}}

    assert list(placement_faults(ProxyDeploymentOverrides.parse(given))) == []


ALL = [*FAULTS, *FAULTS_OF_PODS]


@pytest.mark.parametrize(("given", "fault"), ALL, ids=[fault for _, fault in ALL])
def test_values_that_the_api_server_would_refuse_are_told(given: Object, fault: str) -> None:
    assert list(placement_faults(ProxyDeploymentOverrides.parse(given))) == [fault]


@pytest.mark.parametrize("make", [server, remote])
def test_a_workload_with_a_fault_is_failed_and_keeps_its_pods(make: Callable[..., Object]) -> None:
    tolerations = {"tolerations": [{"key": "mcp", "operator": "Exists", "value": "yes"}]}

    answer = sync(make(resourceOverrides={"proxyDeployment": tolerations}), running(make()))

    assert answer["status"]["phase"] == "Failed"
    assert condition(answer, "Valid") == (
        "False",
        "SpecInvalid",
        "spec.resourceOverrides.proxyDeployment.tolerations[0].value: must be left out where operator is Exists",
    )
    held = child(answer, DEPLOYMENT, "demo")["spec"]["template"]["spec"]
    assert held == child(sync(make(), running(make())), DEPLOYMENT, "demo")["spec"]["template"]["spec"]
