"""What of spec.podTemplateSpec reaches the MCP server's pod, as the proxy runner's argument."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.kubernetes.objects import Object
from tests.world import child, condition, server, sync


def deployment(owner: Object, *children: Object) -> Object:
    return child(sync(owner, children), DEPLOYMENT, "demo")


def container(**spec: Any) -> Object:
    [proxy] = deployment(server(**spec))["spec"]["template"]["spec"]["containers"]
    return proxy


def patch_of(**spec: Any) -> Object | None:
    args = container(**spec)["args"]
    patches = [arg.removeprefix("--k8s-pod-patch=") for arg in args if arg.startswith("--k8s-pod-patch=")]
    return json.loads(patches[0]) if patches else None


class TestPodPatch:
    @pytest.mark.parametrize(
        ("spec", "patch"),
        [
            ({}, {"metadata": {}, "spec": {"containers": [], "serviceAccountName": "demo-sa"}}),
            ({"serviceAccount": "mine"}, {"metadata": {}, "spec": {"containers": [], "serviceAccountName": "mine"}}),
            ({"serviceAccount": ""}, None),
            ({"serviceAccount": "", "podTemplateSpec": {"spec": {"nodeSelector": {"a": "b"}}}}, None),
            (
                {"podTemplateSpec": {"spec": {"initContainers": [{"name": "i"}], "containers": [{"name": "mcp"}]}}},
                {
                    "metadata": {},
                    "spec": {
                        "initContainers": [{"name": "i", "resources": {}}],
                        "containers": [{"name": "mcp", "resources": {}}],
                        "serviceAccountName": "demo-sa",
                    },
                },
            ),
            (
                {"podTemplateSpec": {"metadata": {"labels": {"a": "b"}}}},
                {
                    "metadata": {"labels": {"a": "b"}},
                    "spec": {"containers": None, "serviceAccountName": "demo-sa"},
                },
            ),
            (
                {
                    "serviceAccount": "",
                    "podTemplateSpec": {"spec": {"serviceAccountName": "theirs", "volumes": [], "hostNetwork": False}},
                },
                {"metadata": {}, "spec": {"containers": None, "serviceAccountName": "theirs"}},
            ),
            (
                {
                    "secrets": [{"name": "s", "key": "k", "targetEnvName": "T"}, {"name": "s", "key": "k2"}],
                    "podTemplateSpec": {
                        "spec": {"containers": [{"name": "a"}, {"name": "mcp", "env": [{"name": "E", "value": ""}]}]}
                    },
                },
                {
                    "metadata": {},
                    "spec": {
                        "containers": [
                            {"name": "a", "resources": {}},
                            {
                                "name": "mcp",
                                "env": [
                                    {"name": "E"},
                                    {"name": "T", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                                    {"name": "k2", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k2"}}},
                                ],
                                "resources": {},
                            },
                        ],
                        "serviceAccountName": "demo-sa",
                    },
                },
            ),
        ],
    )
    def test_the_patch_is_what_go_writes_of_the_template(self, spec: Object, patch: Object | None) -> None:
        assert patch_of(**spec) == patch

    def test_it_does_not_depend_on_how_the_manifest_was_written(self) -> None:
        one = {"spec": {"tolerations": [{"key": "a", "operator": "Exists"}], "nodeSelector": {"x": "1", "y": "2"}}}
        other = {"spec": {"nodeSelector": {"y": "2", "x": "1"}, "tolerations": [{"operator": "Exists", "key": "a"}]}}

        assert container(podTemplateSpec=one)["args"] == container(podTemplateSpec=other)["args"]

    @pytest.mark.parametrize(
        ("template", "fault"),
        [
            ({"metadata": "x"}, "spec.podTemplateSpec.metadata must be an object"),
            (
                {"metadata": {"annotations": {"a": 1}}},
                "spec.podTemplateSpec.metadata.annotations must be an object of strings",
            ),
            ({"spec": []}, "spec.podTemplateSpec.spec must be an object"),
            ({"spec": None}, None),
            ({"spec": [1]}, "spec.podTemplateSpec.spec must be an object"),
            ({"spec": {"containers": {"a": 1}}}, "spec.podTemplateSpec.spec.containers must be a list of objects"),
            ({"spec": {"containers": [{}]}}, "spec.podTemplateSpec.spec.containers[0].name must be a string"),
            (
                {"spec": {"containers": [{"name": "mcp", "env": [1]}]}},
                "spec.podTemplateSpec.spec.containers[0].env must be a list of objects",
            ),
        ],
    )
    def test_what_is_no_pod_template_is_refused(self, template: Object, fault: str | None) -> None:
        found = condition(sync(server(podTemplateSpec=template)), "PodTemplateValid")

        good = ("True", "ValidPodTemplateSpec", "spec.podTemplateSpec is used")
        assert found == (("False", "InvalidPodTemplateSpec", fault) if fault else good)
