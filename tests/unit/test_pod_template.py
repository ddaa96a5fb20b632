"""What keeps spec.podTemplateSpec from being a pod template: found before the runner finds it."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.api.pod_template import PodTemplate, read_pod_template
from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.kubernetes.objects import Object
from tests.world import child, child_names, condition, observed, server, sync

USED = "spec.podTemplateSpec is used"


def mcp(**container: Any) -> Object:
    """A podTemplateSpec with one container."""
    return {"spec": {"containers": [{"name": "mcp", **container}]}}


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ({"metadata": "x"}, "metadata must be an object, is a string"),
        ({"metadata": {"annotations": {"a": 1}}}, "metadata.annotations.a must be a string, is an integer"),
        ({"metadata": {"labels": ["a"]}}, "metadata.labels must be an object, is a list"),
        ({"metadata": {"labels": []}}, "metadata.labels must be an object, is a list"),
        (
            {"metadata": {"creationTimestamp": "today"}},
            "metadata.creationTimestamp must be a time such as '2026-01-31T12:00:00Z'",
        ),
        ({"spec": []}, "spec must be an object, is a list"),
        ({"spec": {"initContainers": {"name": "x"}}}, "spec.initContainers must be a list, is an object"),
        ({"spec": {"initContainers": True}}, "spec.initContainers must be a list, is a boolean"),
        ({"spec": {"tolerations": "no list"}}, "spec.tolerations must be a list, is a string"),
        ({"spec": {"hostNetwork": "true"}}, "spec.hostNetwork must be a boolean, is a string"),
        ({"spec": {"hostNetwork": 0}}, "spec.hostNetwork must be a boolean, is an integer"),
        ({"spec": {"activeDeadlineSeconds": 1.5}}, "spec.activeDeadlineSeconds must be an integer, is a number"),
        ({"spec": {"activeDeadlineSeconds": True}}, "spec.activeDeadlineSeconds must be an integer, is a boolean"),
        ({"spec": {"priority": 1 << 31}}, "spec.priority must be from -2147483648 to 2147483647"),
        ({"spec": {"containers": {"a": 1}}}, "spec.containers must be a list, is an object"),
        ({"spec": {"containers": [1]}}, "spec.containers[0] must be an object, is an integer"),
        ({"spec": {"containers": [{}]}}, "spec.containers[0].name must be a string"),
        ({"spec": {"containers": [None]}}, "spec.containers[0].name must be a string"),
        (mcp(env=[{"name": {"a": 1}}]), "spec.containers[0].env[0].name must be a string, is an object"),
        (mcp(env=[{"name": "A", "value": 5}]), "spec.containers[0].env[0].value must be a string, is an integer"),
        (mcp(ports=8), "spec.containers[0].ports must be a list, is an integer"),
        (
            mcp(livenessProbe={"httpGet": {"port": True}}),
            "spec.containers[0].livenessProbe.httpGet.port must be a string or an integer, is a boolean",
        ),
        (
            mcp(resources={"limits": {"cpu": "a lot"}}),
            "spec.containers[0].resources.limits.cpu must be a quantity such as '500m', '1.5' or '256Mi'",
        ),
        (
            mcp(resources={"limits": {"cpu": "-1"}}),
            "spec.containers[0].resources.limits.cpu must not be negative",
        ),
        (
            mcp(resources={"limits": {"cpu": "1" * 5000}}),
            "spec.containers[0].resources.limits.cpu must have at most 100 characters",
        ),
        (mcp(Env=5), "spec.containers[0].env must be a list, is an integer"),
        (mcp(Args=["a"], args=["b"]), "spec.containers[0].args is there twice, in two spellings: remove one"),
        ({"metadata": {"labels": {"a\nb": 1}}}, r"metadata.labels.a\nb must be a string, is an integer"),
        ({"metadata": {"labels": {"a" * 999: 1}}}, f"metadata.labels.{'a' * 162}… must be a string, is an integer"),
    ],
)
def test_a_wrong_type_is_named_by_its_place(template: Object, fault: str) -> None:
    answer = sync(server(podTemplateSpec=template))

    message = f"spec.podTemplateSpec.{fault}"
    assert condition(answer, "PodTemplateValid") == ("False", "InvalidPodTemplateSpec", message)
    assert condition(answer, "Ready") == ("False", "InvalidPodTemplateSpec", message)
    assert answer["status"]["phase"] == "Failed"
    assert "Deployment/demo" not in child_names(answer)


def test_a_running_deployment_is_held_beside_a_wrong_template() -> None:
    owner = server(podTemplateSpec=mcp(env=[{"name": "A", "value": "5"}]))
    before = [observed(made, owner) for made in sync(owner)["children"]]

    answer = sync(server(podTemplateSpec=mcp(env=[{"name": "A", "value": 5}])), before)

    assert child(answer, DEPLOYMENT, "demo")["spec"] == child({"children": before}, DEPLOYMENT, "demo")["spec"]


@pytest.mark.parametrize(
    ("template", "read"),
    [
        ({}, {}),
        ({"metadata": None, "spec": None}, {}),
        (
            {"metadata": {"creationTimestamp": "2026-01-31T12:00:00.5+01:00"}},
            {"metadata": {"creationTimestamp": "2026-01-31T11:00:00Z"}},
        ),
        (mcp(ports=[{"containerPort": 8080}]), None),
        (mcp(livenessProbe={"httpGet": {"port": "http"}}), None),
        (mcp(livenessProbe={"httpGet": {"port": 8080}}), None),
        (
            mcp(resources={"limits": {"cpu": 1, "memory": " 1.5Gi", "example.com/x": 0.5, "example.com/y": "1000m"}}),
            mcp(resources={"limits": {"cpu": "1", "memory": "1536Mi", "example.com/x": "500m", "example.com/y": "1"}}),
        ),
        (
            {"spec": {"volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1024Mi"}}]}},
            {"spec": {"volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}]}},
        ),
        ({"spec": {"nodeSelector": {"a": None}, "hostNetwork": None}}, {"spec": {"nodeSelector": {"a": ""}}}),
        ({"spec": {"tolerations": [None]}}, {"spec": {"tolerations": [{}]}}),
        (
            {"spec": {"securityContext": {"supplementalGroups": [None]}}},
            {"spec": {"securityContext": {"supplementalGroups": [0]}}},
        ),
        ({"spec": {"terminationGracePeriodSecond\u017f": 5}}, {"spec": {"terminationGracePeriodSeconds": 5}}),
        ({"spec": {"restartPolicy": "no such policy"}}, None),
    ],
)
def test_a_template_that_go_takes_is_read_as_go_reads_it(template: Object, read: Object | None) -> None:
    assert read_pod_template(template) == PodTemplate(template if read is None else read, [])


def test_fields_without_effect_are_named() -> None:
    template = {"kind": "Pod", **mcp(imagePullPolice="Always", image="x")}

    answer = sync(server(podTemplateSpec=template))

    unknown = "spec.podTemplateSpec.kind, spec.podTemplateSpec.spec.containers[0].imagePullPolice"
    message = f"{USED}, but a pod template has no field {unknown}"
    assert condition(answer, "PodTemplateValid") == ("True", "ValidPodTemplateSpec", message)


def test_of_many_unknown_fields_some_are_said() -> None:
    answer = sync(server(podTemplateSpec={f"x{number}": {} for number in range(9)}))

    unknown = ", ".join(f"spec.podTemplateSpec.x{number}" for number in range(5))
    message = f"{USED}, but a pod template has no field {unknown} and 4 more"
    assert condition(answer, "PodTemplateValid") == ("True", "ValidPodTemplateSpec", message)
