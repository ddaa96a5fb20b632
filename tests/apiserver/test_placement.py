"""Where the proxy's pods run is refused when the API server would refuse the Deployment, and at no other time."""

from __future__ import annotations

import pytest

from hooks.api.workload import ProxyDeploymentOverrides
from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.kubernetes.objects import Object
from hooks.proxy.placement import placement
from tests.apiserver.objects import custom
from tests.apiserver.test_names import refused
from tests.controlplane import ControlPlane
from tests.placements import FAULTS, GOOD
from tests.unit.workload_specs import PLACEMENT
from tests.world import child, server, sync

pytestmark = pytest.mark.apiserver


def deployment(overrides: Object) -> Object:
    """The Deployment as it would be, were there no check."""
    made = child(sync(server()), DEPLOYMENT, "demo")
    made["metadata"].pop("namespace", None)
    made["spec"]["template"]["spec"] |= placement(ProxyDeploymentOverrides.parse(overrides))
    return made


@pytest.mark.parametrize("overrides", [PLACEMENT, *GOOD])
def test_the_api_server_takes_each_good_placement(cluster: ControlPlane, overrides: Object) -> None:
    """The CRD takes it too, and stores each field."""
    spec = {"image": "mcp:1", "resourceOverrides": {"proxyDeployment": overrides}}
    made = cluster.resource("toolhive.stacklok.dev/v1beta1/MCPServer").create(
        body=custom("MCPServer", spec), namespace="default", dry_run="All"
    )

    assert made.to_dict()["spec"]["resourceOverrides"]["proxyDeployment"] == overrides
    assert not refused(cluster, deployment(overrides), namespace="default")


@pytest.mark.parametrize("overrides", [PLACEMENT, *GOOD])
def test_a_placement_is_stored_as_it_is_made(cluster: ControlPlane, overrides: Object) -> None:
    """Else Metacontroller would write the Deployment at every sync."""
    made = deployment(overrides)
    stored = cluster.resource("apps/v1/Deployment").create(body=made, namespace="default", dry_run="All").to_dict()

    pod = stored["spec"]["template"]["spec"]
    wanted = made["spec"]["template"]["spec"]
    fields = ("nodeSelector", "tolerations", "affinity", "topologySpreadConstraints", "priorityClassName")
    assert {field: pod.get(field) for field in fields} == {field: wanted.get(field) for field in fields}


@pytest.mark.parametrize(("overrides", "fault"), FAULTS, ids=[fault for _, fault in FAULTS])
def test_the_api_server_refuses_each_fault_that_the_hooks_name(
    cluster: ControlPlane, overrides: Object, fault: str
) -> None:
    assert refused(cluster, deployment(overrides), namespace="default"), fault
