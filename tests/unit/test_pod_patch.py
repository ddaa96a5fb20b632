"""What of spec.podTemplateSpec reaches the MCP server's pod, as the proxy runner's argument."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT
from hooks.kubernetes.objects import Object
from tests.expansion import arguments, environment
from tests.world import child, server, sync


def deployment(owner: Object, *children: Object) -> Object:
    return child(sync(owner, children), DEPLOYMENT, "demo")


def container(**spec: Any) -> Object:
    [proxy] = deployment(server(**spec))["spec"]["template"]["spec"]["containers"]
    return proxy


def patch_of(**spec: Any) -> Object | None:
    """The patch that the runner gets: the kubelet has put in the proxy's variables."""
    proxy = container(**spec)
    args = arguments(proxy, environment(proxy, secret=lambda _: "s3cr3t"))
    patches = [arg.removeprefix("--k8s-pod-patch=") for arg in args if arg.startswith("--k8s-pod-patch=")]
    return json.loads(patches[0]) if patches else None


class TestPodPatch:
    @pytest.mark.parametrize(
        ("spec", "patch"),
        [
            ({}, {"metadata": {}, "spec": {"containers": [], "serviceAccountName": "demo-sa"}}),
            ({"serviceAccount": "mine"}, {"metadata": {}, "spec": {"containers": [], "serviceAccountName": "mine"}}),
            ({"serviceAccount": ""}, None),
            (
                {"serviceAccount": "", "podTemplateSpec": {"spec": {"nodeSelector": {"a": "b"}}}},
                {"metadata": {}, "spec": {"containers": None, "nodeSelector": {"a": "b"}}},
            ),
            (
                {"podTemplateSpec": {"spec": {"containers": []}}},
                {"metadata": {}, "spec": {"containers": [], "serviceAccountName": "demo-sa"}},
            ),
            (
                {"serviceAccount": "", "podTemplateSpec": {"metadata": {"annotations": {"a": "b"}}}},
                {"metadata": {"annotations": {"a": "b"}}, "spec": {"containers": None}},
            ),
            ({"serviceAccount": "", "podTemplateSpec": {"spec": {"hostNetwork": True}}}, None),
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
            *(
                (
                    {"serviceAccount": "", "podTemplateSpec": {"spec": alone}},
                    {"metadata": {}, "spec": {"containers": None, **alone}},
                )
                for alone in ({"priorityClassName": "high"}, {"securityContext": {}})
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

    def test_the_patch_does_not_depend_on_the_order_in_a_manifest(self) -> None:
        one = {"spec": {"tolerations": [{"key": "a", "operator": "Exists"}], "nodeSelector": {"x": "1", "y": "2"}}}
        other = {"spec": {"nodeSelector": {"y": "2", "x": "1"}, "tolerations": [{"operator": "Exists", "key": "a"}]}}

        assert container(podTemplateSpec=one)["args"] == container(podTemplateSpec=other)["args"]

    def test_values_behind_pointers_stay_although_they_are_zero(self) -> None:
        pod = {
            "automountServiceAccountToken": False,
            "containers": [{"name": "mcp", "securityContext": {"runAsUser": 0, "privileged": False}}],
            "volumes": [{"name": "v", "emptyDir": {}}],
        }

        assert patch_of(podTemplateSpec={"spec": pod}) == {
            "metadata": {},
            "spec": {
                **pod,
                "containers": [{**pod["containers"][0], "resources": {}}],
                "serviceAccountName": "demo-sa",
            },
        }

    def test_keys_of_maps_are_not_taken_for_fields(self) -> None:
        labels = {"value": "", "hostname": "", "readOnly": "", "A": "", "a": ""}

        assert patch_of(podTemplateSpec={"metadata": {"labels": labels}}) == {
            "metadata": {"labels": labels},
            "spec": {"containers": None, "serviceAccountName": "demo-sa"},
        }

    def test_keys_in_another_spelling_are_written_as_go_spells_them(self) -> None:
        template = {"Spec": {"CONTAINERS": [{"Name": "mcp", "Args": ["a", None], "env": None}], "containres": [1]}}

        assert patch_of(podTemplateSpec=template, secrets=[{"name": "s", "key": "k"}]) == {
            "metadata": {},
            "spec": {
                "containers": [
                    {
                        "name": "mcp",
                        "args": ["a", ""],
                        "env": [{"name": "k", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
                        "resources": {},
                    }
                ],
                "serviceAccountName": "demo-sa",
            },
        }

    def test_a_null_in_a_map_is_a_zero_value(self) -> None:
        template = {
            "metadata": {"labels": {"a": None}},
            "spec": {"containers": [{"name": "mcp", "resources": {"limits": {"cpu": None}}}], "nodeSelector": None},
        }

        assert patch_of(podTemplateSpec=template) == {
            "metadata": {"labels": {"a": ""}},
            "spec": {
                "containers": [{"name": "mcp", "resources": {"limits": {"cpu": "0"}}}],
                "serviceAccountName": "demo-sa",
            },
        }

    def test_the_runner_gets_what_the_user_wrote_however_the_kubelet_reads_it(self) -> None:
        args = ["--home=$(HOME)", "costs 5$$", "$", "$(", "$$(HOME)", "$(TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET)"]

        patch = patch_of(podTemplateSpec={"spec": {"containers": [{"name": "mcp", "args": args}]}})

        assert patch is not None
        assert patch["spec"]["containers"] == [{"name": "mcp", "args": args, "resources": {}}]


def test_a_vault_agent_is_found_in_any_spelling() -> None:
    template = {"Metadata": {"Annotations": {"vault.hashicorp.com/agent-inject": "true"}}}

    run_config = child(sync(server(podTemplateSpec=template)), CONFIG_MAP, "demo-runconfig")["data"]["runconfig.json"]

    assert json.loads(run_config)["env_file_dir"] == "/vault/secrets"
