"""Fields of an MCPServer's spec, one by one: what each makes of RunConfig and Deployment, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hooks.controllers.kinds import CONFIG_MAP, DEPLOYMENT
from hooks.controllers.mcpserver.authz import read_authz
from hooks.controllers.mcpserver.validation import RESERVED_PATHS, RESERVED_VOLUMES
from hooks.protocol import Object
from tests.world import CONFIG, child, condition, config_map, external_auth, judged, observed, secret, server, sync

POLICY = 'permit(principal, action == Action::"call_tool", resource);'
CEDAR = {"version": "1.0", "type": "cedarv1", "cedar": {"policies": [POLICY], "entities_json": "[]"}}
OPENSHIFT = replace(CONFIG, openshift=True)
RESTART = "mcpserver.toolhive.stacklok.dev/restarted-at"
STRATEGY = "mcpserver.toolhive.stacklok.dev/restart-strategy"


def run_config(answer: Object) -> Object:
    return json.loads(child(answer, CONFIG_MAP, "demo-runconfig")["data"]["runconfig.json"])


def made_of(*related: Object, **spec: Any) -> Object:
    return run_config(sync(server(**spec), related=related))


def deployment(owner: Object, *children: Object) -> Object:
    return child(sync(owner, children), DEPLOYMENT, "demo")


def container(**spec: Any) -> Object:
    [proxy] = deployment(server(**spec))["spec"]["template"]["spec"]["containers"]
    return proxy


def patch_of(**spec: Any) -> Object | None:
    args = container(**spec)["args"]
    patches = [arg.removeprefix("--k8s-pod-patch=") for arg in args if arg.startswith("--k8s-pod-patch=")]
    return json.loads(patches[0]) if patches else None


@pytest.mark.parametrize(
    ("spec", "port"),
    [
        ({"transport": "sse"}, 8080),
        ({"transport": "streamable-http", "targetPort": 3000}, 3000),
        ({"transport": "stdio", "targetPort": 3000}, 3000),
        ({"transport": "stdio"}, None),
    ],
)
def test_a_direct_transport_always_has_a_target_port(spec: Object, port: int | None) -> None:
    run = made_of(**spec)

    assert run.get("target_port") == port
    ports = {"MCP_PORT": str(port), "FASTMCP_PORT": str(port)} if spec["transport"] != "stdio" else {}
    assert run["env_vars"] == {"MCP_TRANSPORT": spec["transport"], **ports}


class TestAuthz:
    def test_policies_in_the_spec(self) -> None:
        inline = {"type": "inline", "inline": {"policies": [POLICY]}}

        assert made_of(authzConfig=inline)["authz_config"] == {**CEDAR, "version": "v1"}

    @pytest.mark.parametrize(
        "text",
        [
            json.dumps({**CEDAR, "unknown": {}}),
            f"version: '1.0'\ntype: cedarv1\ncedar:\n  policies:\n  - '{POLICY}'\n  entities_json: '[]'\n",
        ],
    )
    def test_a_configmap_holds_json_or_yaml(self, text: str) -> None:
        owner = {"type": "configMap", "configMap": {"name": "authz", "key": "policy"}}

        answer = sync(server(authzConfig=owner), related=[config_map("authz", policy=text)])

        assert run_config(answer)["authz_config"] == CEDAR
        assert condition(answer, "AuthzConfigRefValidated") == ("True", "Valid", "ConfigMap 'authz' is used")

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("[]", "is neither a JSON nor a YAML object"),
            ("a: 1" + ":1" * 400_000, "is neither a JSON nor a YAML object"),
            ("version: !!timestamp x", "type is required"),
            ('{"version": "\\ud800"}', "is neither a JSON nor a YAML object"),
            ("a: &a [x]\nb: *a", "is neither a JSON nor a YAML object"),
            ("[" * 1_000_000, "is neither a JSON nor a YAML object"),
            ("\t", "is neither a JSON nor a YAML object"),
            ("{}", "version is required"),
            ('{"version": "1"}', "type is required"),
            ('{"version": "1", "type": "other"}', "unsupported configuration type: only cedarv1 is known"),
            ('{"version": "1", "type": "cedarv1"}', "cedar configuration is required for type cedarv1"),
            (
                '{"version": "1", "type": "cedarv1", "cedar": {"policies": []}}',
                "at least one policy is required for type cedarv1, and each is a string",
            ),
            (
                '{"version": "1", "type": "cedarv1", "cedar": {"policies": ["p"], "entities_json": []}}',
                "cedar.entities_json must be a string that holds a JSON list of objects",
            ),
        ],
    )
    def test_what_the_runner_could_not_read_is_named(self, text: str, fault: str) -> None:
        assert read_authz(text) == fault

    @pytest.mark.parametrize(
        ("related", "reason", "message"),
        [
            (
                [],
                "ConfigMapNotFound",
                "ConfigMap 'authz' not found in namespace 'team-a': create it, or correct "
                "spec.authzConfig.configMap.name",
            ),
            (
                [config_map("authz", **{"authz.json": " "})],
                "ConfigMapKeyNotFound",
                "ConfigMap 'authz' has nothing at key 'authz.json': add it, or correct spec.authzConfig.configMap.key",
            ),
            (
                [config_map("authz", **{"authz.json": "{}"})],
                "AuthzConfigInvalid",
                "ConfigMap 'authz' key 'authz.json' (spec.authzConfig.configMap): version is required",
            ),
        ],
    )
    def test_a_configmap_that_cannot_be_used_is_named(self, related: list[Object], reason: str, message: str) -> None:
        owner = server(authzConfig={"type": "configMap", "configMap": {"name": "authz"}})

        answer = sync(owner, related=related)

        assert condition(answer, "AuthzConfigRefValidated") == ("False", reason, message)
        assert answer["status"]["phase"] == "Failed"


class TestPermissionProfile:
    PROFILE = {"name": "mine", "read": ["/a:/a"], "network": {"outbound": {"allow_host": ["a.test"]}}}

    def test_a_configmap_is_inlined_and_volumes_are_added(self) -> None:
        volumes = [
            {"name": "r", "hostPath": "/r", "mountPath": "/r", "readOnly": True},
            {"name": "w", "hostPath": "/w", "mountPath": "/w"},
        ]
        profile = {"type": "configmap", "name": "profiles", "key": "p.json"}

        run = made_of(
            config_map("profiles", **{"p.json": json.dumps(self.PROFILE)}), permissionProfile=profile, volumes=volumes
        )

        assert run["permission_profile"] == {**self.PROFILE, "read": ["/a:/a", "/r:/r"], "write": ["/w:/w"]}
        assert run["permission_profile_name_or_path"] == "/etc/toolhive/profiles/p.json"

    def test_a_name_that_is_no_builtin_is_refused(self) -> None:
        answer = sync(server(permissionProfile={"type": "builtin", "name": "/etc/passwd"}))

        assert condition(answer, "PermissionProfileValidated") == (
            "False",
            "UnknownProfile",
            "spec.permissionProfile.name: '/etc/passwd' is no builtin profile: use 'none' or 'network'",
        )

    @pytest.mark.parametrize(
        "text", ["[]", "{", "x", "[" * 100_000, '{"read": 5}', '{"write": ["a", 1]}', '{"a": NaN}', '{"a": 1e999}']
    )
    def test_a_configmap_without_a_profile_is_refused(self, text: str) -> None:
        owner = server(permissionProfile={"type": "configmap", "name": "profiles", "key": "p"})

        found = condition(sync(owner, related=[config_map("profiles", p=text)]), "PermissionProfileValidated")

        assert found == (
            "False",
            "ProfileInvalid",
            "ConfigMap 'profiles' key 'p' (spec.permissionProfile) is no permission profile: "
            "put one there, as a JSON object",
        )


class TestTelemetry:
    @pytest.mark.parametrize(
        ("rate", "written"),
        [("0.25", "0.25"), ("0.50", "0.5"), ("1", "1"), ("1e-7", "0.0000001"), ("much", "0.05"), ("nan", "0.05")],
    )
    def test_the_sampling_rate_is_a_string(self, rate: str, written: str) -> None:
        otel = {"enabled": True, "endpoint": "otel:4318", "tracing": {"enabled": True, "samplingRate": rate}}

        assert made_of(telemetry={"openTelemetry": otel})["telemetry_config"]["samplingRate"] == written

    def test_an_endpoint_with_nothing_to_send_there_is_left_out_and_said(self) -> None:
        owner = server(telemetry={"openTelemetry": {"enabled": True, "endpoint": "otel:4318"}})

        answer = sync(owner)

        assert "telemetry_config" not in run_config(answer)
        found = condition(answer, "TelemetryValid")
        assert found is not None
        assert found[:2] == ("False", "EndpointUnused")

    def test_prometheus_stays_when_the_endpoint_is_left_out(self) -> None:
        telemetry = {
            "openTelemetry": {"enabled": True, "endpoint": "https://otel:4318", "headers": ["b=2", "a=1=1", "x"]},
            "prometheus": {"enabled": True},
        }

        assert made_of(telemetry=telemetry)["telemetry_config"] == {
            "endpoint": "",
            "serviceName": "demo",
            "serviceVersion": "v0.44.0",
            "tracingEnabled": False,
            "metricsEnabled": False,
            "samplingRate": "0.05",
            "headers": {"a": "1=1", "b": "2"},
            "insecure": False,
            "enablePrometheusMetricsPath": True,
            "environmentVariables": None,
        }

    def test_prometheus_alone(self) -> None:
        config = made_of(telemetry={"prometheus": {"enabled": True}})["telemetry_config"]

        assert (config["serviceName"], config["enablePrometheusMetricsPath"]) == ("toolhive-mcp-proxy", True)

    def test_nothing_enabled_is_nothing_written(self) -> None:
        answer = sync(server(telemetry={"openTelemetry": {"endpoint": "otel:4318"}}))

        assert "telemetry_config" not in run_config(answer)
        assert condition(answer, "TelemetryValid") == ("True", "Valid", "The telemetry settings are used")


def test_the_whole_chain() -> None:
    config = judged(external_auth(), secret())
    spec: Object = {
        "transport": "streamable-http",
        "externalAuthConfigRef": {"name": "tx"},
        "oidcConfig": {"type": "kubernetes"},
        "audit": {"enabled": True},
        "tools": ["fetch"],
        "authzConfig": {"type": "inline", "inline": {"policies": [POLICY]}},
        "telemetry": {"prometheus": {"enabled": True}},
    }

    run = made_of(config, **spec)

    assert run["middleware_configs"] == [
        {"type": "bodylimit", "parameters": {"max_bytes": 8388608}},
        {
            "type": "audit",
            "parameters": {
                "config_data": {"detectApplicationErrors": True, "maxDataSize": 1024},
                "transport_type": "streamable-http",
            },
        },
        {"type": "auth", "parameters": {"oidc_config": run["oidc_config"]}},
        {"type": "tokenexchange", "parameters": {"token_exchange_config": run["token_exchange_config"]}},
        {"type": "tool-filter", "parameters": {"filter_tools": ["fetch"], "tools_override": {}}},
        {"type": "tool-call-filter", "parameters": {"filter_tools": ["fetch"], "tools_override": {}}},
        {"type": "mcp-parser", "parameters": {}},
        {
            "type": "telemetry",
            "parameters": {"config": run["telemetry_config"], "server_name": "demo", "transport": "streamable-http"},
        },
        {"type": "authorization", "parameters": {"config_data": run["authz_config"]}},
        {"type": "recovery", "parameters": {}},
    ]
    assert (
        run["oidc_config"]["CACertPath"]
        == run["thv_ca_bundle"]
        == "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
    )


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
    def test_the_patch(self, spec: Object, patch: Object | None) -> None:
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


@pytest.mark.parametrize(
    "spec",
    [
        {"podTemplateSpec": {"metadata": {"annotations": {"vault.hashicorp.com/agent-inject": "true"}}}},
        {
            "resourceOverrides": {
                "proxyDeployment": {
                    "podTemplateMetadataOverrides": {"annotations": {"vault.hashicorp.com/agent-inject": "true"}}
                }
            }
        },
    ],
)
def test_vault_is_seen_in_either_place(spec: Object) -> None:
    assert made_of(**spec)["env_file_dir"] == "/vault/secrets"


def test_overrides_add_and_never_change_what_is_ours() -> None:
    overrides = {
        "proxyDeployment": {
            "annotations": {"d": "1", "toolhive.stacklok.dev/managed-by": "me"},
            "labels": {"team": "x", "app": "hijack"},
            "podTemplateMetadataOverrides": {"annotations": {"p": "1"}, "labels": {"pod": "y", "toolhive-name": "z"}},
            "env": [{"name": "HOME", "value": "/home"}, {"name": "A", "value": "1"}, {"name": "A", "value": "2"}],
            "imagePullSecrets": [{"name": "registry"}],
        },
    }

    made = deployment(server(resourceOverrides=overrides))

    base = made["spec"]["selector"]["matchLabels"]
    assert made["metadata"]["labels"] == {"team": "x", **base}
    assert made["metadata"]["annotations"] == {"d": "1", "toolhive.stacklok.dev/managed-by": "toolhive-hooks"}
    metadata = made["spec"]["template"]["metadata"]
    assert metadata["labels"] == {"pod": "y", **base}
    assert metadata["annotations"].items() >= {"p": "1", "d": "1"}.items()
    pod = made["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert pod["containers"][0]["env"] == [
        {"name": "HOME", "value": "/home"},
        {"name": "A", "value": "2"},
        {"name": "XDG_CONFIG_HOME", "value": "/tmp"},
        {"name": "TOOLHIVE_RUNTIME", "value": "kubernetes"},
        {"name": "UNSTRUCTURED_LOGS", "value": "false"},
    ]


def test_security_contexts_of_openshift() -> None:
    made = child(sync(server(), config=OPENSHIFT), DEPLOYMENT, "demo")

    pod = made["spec"]["template"]["spec"]
    assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert pod["containers"][0]["securityContext"] == {
        "privileged": False,
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "RuntimeDefault"},
        "capabilities": {"drop": ["ALL"]},
    }


class TestRestart:
    IMMEDIATE = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "100%"}}
    ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}

    def asked(self, time: str, strategy: str = "immediate") -> Object:
        return server(annotations={RESTART: time, STRATEGY: strategy})

    def seen(self, owner: Object, **status: int) -> list[Object]:
        children = [observed(made, owner) for made in sync(owner)["children"]]
        counts = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, **status}
        return [{**obj, "status": counts} if obj["kind"] == "Deployment" else obj for obj in children]

    @pytest.mark.parametrize("time", ["2026-11-01T00:00:00Z", "2026-11-01T00:00:00+01:00"])
    def test_a_time_is_copied_to_the_pods(self, time: str) -> None:
        annotations = deployment(self.asked(time, "rolling"))["spec"]["template"]["metadata"]["annotations"]

        assert annotations[RESTART] == time

    @pytest.mark.parametrize("time", ["", "now", "2026-11-01", "2026-11-01T00:00:00"])
    def test_what_is_no_time_is_ignored(self, time: str) -> None:
        assert deployment(self.asked(time)) == deployment(server())

    def test_immediate_lasts_until_that_rollout_is_complete(self) -> None:
        before = self.seen(server())
        begun = deployment(self.asked("2026-11-01T00:00:00Z"), *before)
        assert begun["spec"]["strategy"] == self.IMMEDIATE

        rolling = [observed(begun, server()) if obj["kind"] == "Deployment" else obj for obj in before]
        assert deployment(self.asked("2026-11-01T00:00:00Z"), *rolling)["spec"]["strategy"] == self.IMMEDIATE

        counts = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
        done = [
            {**o, "status": counts, "metadata": {**o["metadata"], "generation": 1}} if o["kind"] == "Deployment" else o
            for o in rolling
        ]
        assert deployment(self.asked("2026-11-01T00:00:00Z"), *done)["spec"]["strategy"] == self.ROLLING

    def test_a_new_server_is_not_restarted(self) -> None:
        assert deployment(self.asked("2026-11-01T00:00:00Z"))["spec"]["strategy"] == self.ROLLING


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({"image": ""}, "spec.image: image is required"),
        ({"image": "--help"}, "spec.image: must not begin with a hyphen"),
        (
            {"transport": "sse", "targetPort": 30080},
            "spec.targetPort: must not be from 30000 to 32767, the range of node ports",
        ),
        ({"serviceAccount": "Not A Name"}, "spec.serviceAccount: must be the name of a ServiceAccount"),
        (
            {"authzConfig": {"type": "inline", "inline": {"policies": [POLICY], "entitiesJson": "[1]"}}},
            "spec.authzConfig.inline.entitiesJson: must be a JSON list of objects",
        ),
        (
            {"env": [{"name": "TOKEN", "value": ""}], "secrets": [{"name": "s", "key": "k", "targetEnvName": "TOKEN"}]},
            "spec.secrets[0]: environment variable 'TOKEN' is set elsewhere too",
        ),
        (
            {
                "podTemplateSpec": {"spec": {"containers": [{"name": "mcp", "env": [{"name": "k"}]}]}},
                "secrets": [{"name": "s", "key": "k"}],
            },
            "spec.secrets[0]: environment variable 'k' is set elsewhere too",
        ),
        (
            {"resourceOverrides": {"proxyService": {"labels": {"controller-uid": "x"}}}},
            "spec.resourceOverrides.proxyService.labels: 'controller-uid' is Metacontroller's",
        ),
        (
            {"resourceOverrides": {"proxyDeployment": {"annotations": {"deployment.kubernetes.io/revision": "9"}}}},
            "spec.resourceOverrides.proxyDeployment.annotations: 'deployment.kubernetes.io/revision' is its "
            "controller's",
        ),
        ({"env": [{"name": "", "value": ""}]}, "spec.env[0].name: environment variable key cannot be empty"),
        ({"env": [{"name": "A=B", "value": ""}]}, "spec.env[0].name: invalid environment variable key: 'A=B'"),
        (
            {"env": [{"name": "A", "value": "x\ny"}]},
            "spec.env[0].value: environment variable value for A contains invalid characters",
        ),
        ({"tools": ["a", ""]}, "spec.tools[1]: tool filter cannot contain empty values"),
        ({"tools": ["a,b"]}, "spec.tools[0]: invalid tool name: 'a,b', cannot contain commas or newlines"),
        (
            {"volumes": [{"name": "v", "hostPath": "", "mountPath": "/v"}]},
            "spec.volumes[0]: volume mount paths cannot be empty in: :/v",
        ),
        (
            {"volumes": [{"name": "v", "hostPath": "/a:b", "mountPath": "/v"}]},
            "spec.volumes[0]: invalid volume mount format: /a:b:/v, expected host-path:container-path[:ro]",
        ),
        (
            {"volumes": [{"name": "runconfig", "hostPath": "/a", "mountPath": "/v"}]},
            "spec.volumes[0].name: 'runconfig' is taken by another volume",
        ),
        (
            {"volumes": [{"name": n, "hostPath": "/a", "mountPath": "/v"} for n in "ab"]},
            "spec.volumes[1].mountPath: '/v' is taken by another volume",
        ),
        (
            {"resources": {"limits": {"memory": "1Gi"}, "requests": {"memory": "1025Mi"}}},
            "spec.resources.requests.memory: must not be more than the limit, 1Gi",
        ),
        (
            {"resourceOverrides": {"proxyService": {"labels": {"a": "b c"}}}},
            "spec.resourceOverrides.proxyService.labels: the value of 'a' must be at most 63 letters, digits, "
            "'-', '_' and '.'",
        ),
        (
            {"resourceOverrides": {"proxyDeployment": {"annotations": {"a/b/c": "x"}}}},
            "spec.resourceOverrides.proxyDeployment.annotations: 'a/b/c' is no annotation key",
        ),
        (
            {"resourceOverrides": {"proxyDeployment": {"env": [{"name": "A=B", "value": ""}]}}},
            "spec.resourceOverrides.proxyDeployment.env[0].name: must be printable ASCII without '='",
        ),
    ],
)
def test_a_spec_that_could_not_be_carried_out_is_refused_by_field(spec: Object, fault: str) -> None:
    answer = sync(server(**spec))

    assert condition(answer, "Valid") == ("False", "SpecInvalid", fault)
    assert answer["status"]["phase"] == "Failed"


def test_the_reserved_volumes_are_those_of_the_proxys_own_pod() -> None:
    profile = {"type": "configmap", "name": "profiles", "key": "p.json"}
    authz = {"type": "inline", "inline": {"policies": [POLICY]}}
    related = [config_map("profiles", **{"p.json": "{}"})]

    answer = sync(server(permissionProfile=profile, authzConfig=authz), related=related)

    pod = child(answer, DEPLOYMENT, "demo")["spec"]["template"]["spec"]
    assert tuple(volume["name"] for volume in pod["volumes"]) == RESERVED_VOLUMES
    assert tuple(mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]) == RESERVED_PATHS


@pytest.mark.parametrize(
    ("limit", "request_"),
    [("1", "1000m"), ("1Ki", "1024"), ("1k", "1e3"), ("1E", "1000P"), ("0.1", "100000u")],
)
def test_quantities_are_compared_by_their_amount(limit: str, request_: str) -> None:
    answer = sync(server(resources={"limits": {"memory": limit}, "requests": {"memory": request_}}))

    assert condition(answer, "Valid") == ("True", "Valid", "The spec is valid")


def test_what_could_not_be_stored_is_refused_and_nothing_is_touched() -> None:
    before = [observed(made, server()) for made in sync(server())["children"]]

    answer = sync(server(args=["x" * 300_000]), before)

    found = condition(answer, "Valid")
    assert found is not None
    assert found[:2] == ("False", "TooLarge")
    assert child(answer, DEPLOYMENT, "demo") == child(sync(server()), DEPLOYMENT, "demo")


def test_a_deeply_nested_template_is_refused() -> None:
    deep: Any = {}
    for _ in range(300):
        deep = {"a": deep}

    found = condition(sync(server(podTemplateSpec=deep)), "Valid")

    assert found == ("False", "SpecInvalid", "spec.podTemplateSpec is nested deeper than about 150 levels")


@pytest.mark.parametrize("inline", [True, False])
def test_a_client_secret_in_clear_is_pointed_out(inline: bool) -> None:
    data = {"issuer": "https://idp.acme.test", "clientSecret": "plain-to-see"}
    oidc = {"type": "inline", "inline": data} if inline else {"type": "configMap", "configMap": {"name": "oidc"}}

    found = condition(sync(server(oidcConfig=oidc), related=[config_map("oidc", **data)]), "OIDCConfigRefValidated")

    where = "spec.oidcConfig.inline" if inline else "ConfigMap 'oidc'"
    message = f"{where} has a client secret in clear, which all can read who can read it or the RunConfig"
    assert found == ("True", "ClientSecretInClear", message)


def test_a_restart_that_was_done_is_not_taken_back() -> None:
    """An unreadable time, or none any more, would otherwise roll the pods once more."""
    asked = server(annotations={RESTART: "2026-11-01T00:00:00Z"})
    before = [observed(made, asked) for made in sync(asked)["children"]]

    for later in (server(), server(annotations={RESTART: "soon"})):
        template = deployment(later, *before)["spec"]["template"]
        assert template["metadata"]["annotations"][RESTART] == "2026-11-01T00:00:00Z"
