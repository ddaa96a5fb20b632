"""Any spec that the CRD admits: its server is Failed with the field named, or the API server takes every child."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from hooks.kubernetes.objects import Object
from tests.apiserver.objects import Refusal, causes, dry_run
from tests.controlplane import ControlPlane
from tests.neighbours import CLUSTER
from tests.strategies import specs
from tests.world import server, sync

pytestmark = pytest.mark.apiserver


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(specs("MCPServer"))
def test_it_is_failed_with_the_field_or_every_child_is_admitted(cluster: ControlPlane, spec: Object) -> None:
    answer = sync({**server(), "spec": spec}, related=CLUSTER)

    if answer["status"]["phase"] == "Failed":
        named = ("spec.", "spec: ", "not found")
        assert [cause for cause in causes(answer) if not any(name in cause for name in named)] == []
        return
    for child in answer["children"]:
        if child["kind"] in ("Deployment", "Service", "ConfigMap"):
            made = dry_run(cluster, child)
            assert not isinstance(made, Refusal), (child["kind"], made)
