"""What the schemas leave open, and the API server stores: each sync of it is answered, with the field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from hooks.kubernetes.objects import Object
from tests.apiserver.objects import Refusal, custom, dry_run
from tests.controlplane import ControlPlane
from tests.pod_templates import pod_templates
from tests.world import condition, server, sync

pytestmark = pytest.mark.apiserver


def mcp(**container: Any) -> Object:
    return {"podTemplateSpec": {"spec": {"containers": [{"name": "mcp", **container}]}}}


@pytest.mark.parametrize(
    ("spec", "type_", "fault"),
    [
        (
            mcp(env=[{"name": "A", "value": 5}]),
            "PodTemplateValid",
            "spec.podTemplateSpec.spec.containers[0].env[0].value must be a string, is an integer",
        ),
        (
            mcp(env=[{"name": ["a"]}]),
            "PodTemplateValid",
            "spec.podTemplateSpec.spec.containers[0].env[0].name must be a string, is a list",
        ),
        (
            {"podTemplateSpec": {"spec": {"initContainers": 5}}},
            "PodTemplateValid",
            "spec.podTemplateSpec.spec.initContainers must be a list, is an integer",
        ),
        (
            {"podTemplateSpec": {"spec": {"activeDeadlineSeconds": 1e30}}},
            "PodTemplateValid",
            "spec.podTemplateSpec.spec.activeDeadlineSeconds must be an integer, is a number",
        ),
        (
            {"resources": {"requests": {"memory": "1" * 1300}}},
            "Valid",
            "spec.resources.requests.memory: must have at most 100 characters",
        ),
        (
            {"image": "acme/$(TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET)"},
            "Valid",
            "spec.image: must not have a '$': write out the name of the image, no variable is put in",
        ),
    ],
)
def test_it_is_admitted_and_failed_with_the_field(cluster: ControlPlane, spec: Object, type_: str, fault: str) -> None:
    stored = dry_run(cluster, custom("MCPServer", {"image": "acme/demo:1", **spec}))
    assert not isinstance(stored, Refusal)

    answer = sync({**server(), "spec": stored["spec"]})

    found = condition(answer, type_)
    assert found is not None
    assert (answer["status"]["phase"], found[0], found[2]) == ("Failed", "False", fault)


def test_a_whole_number_that_was_written_with_a_point_is_stored_without(cluster: ControlPlane) -> None:
    spec = {"image": "acme/demo:1", "podTemplateSpec": {"spec": {"activeDeadlineSeconds": 5.0}}}

    stored = dry_run(cluster, custom("MCPServer", spec))

    assert not isinstance(stored, Refusal)
    assert repr(stored["spec"]["podTemplateSpec"]) == "{'spec': {'activeDeadlineSeconds': 5}}"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pod_templates())
def test_any_template_is_stored_and_answered(cluster: ControlPlane, template: Object) -> None:
    stored = dry_run(cluster, custom("MCPServer", {"image": "acme/demo:1", "podTemplateSpec": template}))
    assert not isinstance(stored, Refusal)

    answer = sync({**server(), "spec": stored["spec"]})

    assert condition(answer, "PodTemplateValid") is not None
    assert answer["status"]["phase"] in ("Pending", "Failed")
