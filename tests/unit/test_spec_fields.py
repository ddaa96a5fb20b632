"""Fields of an MCPServer's spec, one by one: what each makes of RunConfig and Deployment."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.kubernetes.objects import Object
from hooks.references.authz import read_authz
from tests.world import CONFIG, USES_TX, child, condition, config_map, good_config, run_config, server, sync

POLICY = 'permit(principal, action == Action::"call_tool", resource);'
CEDAR = {"version": "1.0", "type": "cedarv1", "cedar": {"policies": [POLICY], "entities_json": "[]"}}
OPENSHIFT = replace(CONFIG, openshift=True)
STAMP = "metadata.annotations['toolhive.stacklok.dev/mcpserver-generation']"


def made_of(*related: Object, **spec: Any) -> Object:
    return run_config(sync(server(**spec), related=related))


def deployment(owner: Object, *children: Object) -> Object:
    return child(sync(owner, children), DEPLOYMENT, "demo")


@pytest.mark.parametrize(
    ("spec", "port"),
    [
        ({"transport": "sse"}, 8080),
        ({"transport": "streamable-http", "targetPort": 3000}, 3000),
        ({"transport": "stdio", "targetPort": 3000}, 3000),
        ({"transport": "stdio", "mcpPort": 3000}, 3000),
        ({"transport": "stdio"}, 8080),
    ],
)
def test_every_server_has_a_target_port(spec: Object, port: int) -> None:
    run = made_of(**spec)

    assert run["target_port"] == port
    ports = {"MCP_PORT": str(port), "FASTMCP_PORT": str(port)} if spec["transport"] != "stdio" else {}
    assert run["env_vars"] == {"MCP_TRANSPORT": spec["transport"], **ports}


class TestAuthz:
    def test_policies_of_the_spec_reach_the_runconfig(self) -> None:
        inline = {"type": "inline", "inline": {"policies": [POLICY]}}

        assert made_of(authzConfig=inline)["authz_config"] == CEDAR

    @pytest.mark.parametrize(
        "text",
        [
            json.dumps(CEDAR),
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
            (f"a: {'[' * 140}[x], {'[' * 20}{']' * 160}", "is neither a JSON nor a YAML object"),
            ("\t", "is neither a JSON nor a YAML object"),
            ("{}", "version is required"),
            ('{"version": "1"}', "type is required"),
            ('{"version": "1", "type": "other"}', "type must be cedarv1 or httpv1"),
            ('{"version": "1", "type": "cedarv1"}', "cedar configuration is required for type cedarv1"),
            (
                '{"version": "1", "type": "cedarv1", "cedar": {"policies": []}}',
                "cedar.policies must be a list of at least one Cedar policy, each a string",
            ),
            (
                '{"version": "1", "type": "cedarv1", "cedar": {"policies": ["p"], "entities_json": []}}',
                "cedar.entities_json must be a string that contains a JSON list of objects",
            ),
        ],
    )
    def test_a_document_that_the_runner_could_not_read_is_named(self, text: str, fault: str) -> None:
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
        assert "permission_profile_name_or_path" not in run

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
    WHERE = "spec.telemetry.openTelemetry"
    ENDPOINT = "endpoint must be HOST:PORT of an OTLP/HTTP collector, such as otel-collector.observability:4318"
    HEADER = "headers[0] must be an HTTP header as key=value, such as x-team=weather"
    RATE = 'tracing.samplingRate must be a number from "0" to "1", such as "0.1"'

    @pytest.mark.parametrize(
        ("rate", "written"),
        [("0.25", "0.25"), ("0.50", "0.5"), ("1", "1"), ("1e-7", "0.0000001")],
    )
    def test_the_sampling_rate_is_written_as_go_writes_it(self, rate: str, written: str) -> None:
        otel = {"enabled": True, "endpoint": "otel:4318", "tracing": {"enabled": True, "samplingRate": rate}}

        assert made_of(telemetry={"openTelemetry": otel})["telemetry_config"]["samplingRate"] == written

    def test_an_endpoint_with_nothing_to_send_there_is_left_out_and_said(self) -> None:
        owner = server(telemetry={"openTelemetry": {"enabled": True, "endpoint": "otel:4318"}})

        answer = sync(owner)

        assert "endpoint" not in run_config(answer)["telemetry_config"]
        assert condition(answer, "TelemetryValid") == (
            "False",
            "EndpointUnused",
            f"{self.WHERE} has an endpoint, but neither metrics nor tracing is enabled: the endpoint is left out, "
            "since the proxy would not start with it",
        )

    def test_prometheus_stays_when_the_endpoint_is_left_out(self) -> None:
        telemetry = {
            "openTelemetry": {"enabled": True, "endpoint": "https://otel:4318", "headers": ["b=2", "a=1=1", "x"]},
            "prometheus": {"enabled": True},
        }

        assert made_of(telemetry=telemetry)["telemetry_config"] == {
            "serviceName": "demo",
            "tracingEnabled": False,
            "metricsEnabled": False,
            "headers": {"a": "1=1", "b": "2"},
            "enablePrometheusMetricsPath": True,
            "useLegacyAttributes": True,
        }

    def test_prometheus_alone_needs_no_endpoint(self) -> None:
        assert made_of(telemetry={"prometheus": {"enabled": True}})["telemetry_config"] == {
            "serviceName": "demo",
            "tracingEnabled": False,
            "metricsEnabled": False,
            "enablePrometheusMetricsPath": True,
            "useLegacyAttributes": False,
        }

    def judged(self, **otel: Any) -> tuple[Object, tuple[str, str, str] | None]:
        """The answer to telemetry that is enabled and sends metrics, less what is given; and its condition."""
        settings = {"enabled": True, "endpoint": "otel:4318", "metrics": {"enabled": True}, **otel}
        answer = sync(server(telemetry={"openTelemetry": settings}))
        return answer, condition(answer, "TelemetryValid")

    @pytest.mark.parametrize(
        "endpoint",
        [
            *("http://", "grpc://otel:4317", "HTTP://otel:4318", "otel collector:4318", "otel:4318\n", "otel:99999"),
            *("${OTEL}:4318", "otel:port", "otel:4318?a=b", "me@otel:4318", "a..b", "https://{{ host }}"),
        ],
    )
    def test_an_endpoint_that_the_proxy_would_not_start_with_is_named(self, endpoint: str) -> None:
        answer, found = self.judged(endpoint=endpoint)

        message = f"{self.WHERE}.{self.ENDPOINT}"
        assert found == condition(answer, "Ready") == ("False", "TelemetryInvalid", message)
        assert answer["status"]["phase"] == "Failed"

    @pytest.mark.parametrize("endpoint", ["otel", "otel:4318", "https://otel:4318/a/b/", "[::1]:4318", "10.0.0.1:4318"])
    def test_an_endpoint_may_have_no_port_and_a_path(self, endpoint: str) -> None:
        assert self.judged(endpoint=endpoint)[1] == ("True", "Valid", "The telemetry settings are used")

    @pytest.mark.parametrize(
        ("header", "fault"),
        [
            ("Authorization: Bearer s3cr3t-x", "must be an HTTP header as key=value, such as x-team=weather"),
            ("", "must be an HTTP header as key=value, such as x-team=weather"),
            ("=s3cr3t-x", "must be an HTTP header as key=value, such as x-team=weather"),
            (" key=s3cr3t-x", "must be an HTTP header as key=value, such as x-team=weather"),
            ("x-key=s3cr3t-x\n", "must not have line breaks or control characters"),
            ("x-key=${OTEL_TOKEN}", "still has a placeholder in it: put the value in its place"),
        ],
    )
    def test_a_header_that_would_not_arrive_is_named_and_not_quoted(self, header: str, fault: str) -> None:
        answer, found = self.judged(headers=["x-team=a", header])

        assert found == condition(answer, "Ready") == ("False", "TelemetryInvalid", f"{self.WHERE}.headers[1] {fault}")
        assert answer["status"]["phase"] == "Failed"

    def test_a_header_that_stands_twice_is_said_and_the_last_counts(self) -> None:
        answer, found = self.judged(headers=["x-team=a", "X-Team=b"])

        message = f"{self.WHERE}.headers[1] gives a header a second value: leave one of them"
        assert found == ("False", "TelemetryInvalid", message)
        assert answer["status"]["phase"] == "Pending"

    @pytest.mark.parametrize(
        ("rate", "counts"),
        [
            *(("10%", "0.05"), ("abc", "0.05"), ("", "0.05"), (" 0.5", "0.05"), ("0,5", "0.05"), ("nan", "0.05")),
            *(("1.5", "1"), ("-1", "0"), ("1e400", "0.05")),
        ],
    )
    def test_a_sampling_rate_that_is_none_is_said_with_what_counts(self, rate: str, counts: str) -> None:
        answer, found = self.judged(tracing={"enabled": True, "samplingRate": rate})

        message = f"{self.WHERE}.{self.RATE}; until then it is {counts}"
        assert found == ("False", "TelemetryInvalid", message)
        assert answer["status"]["phase"] == "Pending"
        assert run_config(answer)["telemetry_config"]["samplingRate"] == counts

    def test_the_rate_that_counts_is_not_told_of_a_held_server(self) -> None:
        answer, found = self.judged(headers=["x"], tracing={"enabled": True, "samplingRate": "10%"})

        assert answer["status"]["phase"] == "Failed"
        assert found == ("False", "TelemetryInvalid", f"{self.WHERE}.{self.HEADER}; {self.WHERE}.{self.RATE}")

    def test_all_that_is_wrong_is_said_at_once(self) -> None:
        _, found = self.judged(endpoint="grpc://otel", headers=["x"], tracing={"enabled": True, "samplingRate": "10%"})

        faults = (self.ENDPOINT, self.HEADER, self.RATE)
        assert found == ("False", "TelemetryInvalid", "; ".join(f"{self.WHERE}.{fault}" for fault in faults))

    @pytest.mark.parametrize(
        ("endpoint", "insecure", "scheme"), [("http://otel:4318", False, "HTTPS"), ("https://otel:4318", True, "HTTP")]
    )
    def test_a_scheme_that_does_not_count_is_said(self, endpoint: str, insecure: bool, scheme: str) -> None:
        answer, found = self.judged(endpoint=endpoint, insecure=insecure)

        note = f"the proxy follows insecure and not the endpoint's scheme: it speaks {scheme} to the collector"
        assert found == ("True", "Valid", f"The telemetry settings are used; {note}")
        assert run_config(answer)["telemetry_config"]["endpoint"] == "otel:4318"

    def test_metrics_without_an_endpoint_are_said_to_go_nowhere(self) -> None:
        answer, found = self.judged(endpoint="")

        message = f"{self.WHERE} has no endpoint, so no metrics and traces are sent: add it"
        assert found == ("False", "EndpointMissing", message)
        assert answer["status"]["phase"] == "Pending"

    def test_telemetry_that_is_not_enabled_is_not_judged(self) -> None:
        assert self.judged(enabled=False, headers=["x"], endpoint="?")[1] == (
            "True",
            "Valid",
            "The telemetry settings are used",
        )

    def test_nothing_enabled_turns_everything_off(self) -> None:
        answer = sync(server(telemetry={"openTelemetry": {"endpoint": "otel:4318"}}))

        assert run_config(answer)["telemetry_config"] == {
            "serviceName": "demo",
            "tracingEnabled": False,
            "metricsEnabled": False,
            "useLegacyAttributes": False,
        }
        assert condition(answer, "TelemetryValid") == ("True", "Valid", "The telemetry settings are used")


def test_the_middleware_chain_is_whole_and_in_order() -> None:
    config = good_config()
    spec: Object = {
        "transport": "streamable-http",
        **USES_TX,
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
        {"type": "recovery", "parameters": None},
    ]
    assert (
        run["oidc_config"]["CACertPath"]
        == run["thv_ca_bundle"]
        == "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
    )


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
    assert metadata["annotations"]["p"] == "1"
    assert "d" not in metadata["annotations"]
    pod = made["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert pod["containers"][0]["env"] == [
        {"name": "HOME", "value": "/home"},
        {"name": "A", "value": "2"},
        {"name": "THV_MCPSERVER_GENERATION", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": STAMP}}},
        {"name": "XDG_CONFIG_HOME", "value": "/tmp"},
        {"name": "TOOLHIVE_RUNTIME", "value": "kubernetes"},
        {"name": "UNSTRUCTURED_LOGS", "value": "false"},
    ]


def test_pods_are_as_pod_security_restricted_wants_them() -> None:
    pod = deployment(server())["spec"]["template"]["spec"]

    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "fsGroup": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert pod["containers"][0]["securityContext"] == {
        "privileged": False,
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "RuntimeDefault"},
        "capabilities": {"drop": ["ALL"]},
    }


def test_annotations_that_roll_pods_cannot_be_set_by_a_user() -> None:
    """An edit would roll none, if the checksum were a text of the spec's."""
    owner = server(annotations={"mcpserver.toolhive.stacklok.dev/restarted-at": "2026-11-01T00:00:00Z"}, **USES_TX)
    usual = child(sync(owner, related=[good_config()]), DEPLOYMENT, "demo")
    ours = usual["spec"]["template"]["metadata"]["annotations"]
    assert len(ours) == 4
    theirs = {"annotations": dict.fromkeys(ours, "theirs")}
    proxy = {**theirs, "podTemplateMetadataOverrides": theirs}
    owner["spec"]["resourceOverrides"] = {"proxyDeployment": proxy}

    made = child(sync(owner, related=[good_config()]), DEPLOYMENT, "demo")

    assert made["spec"]["template"]["metadata"]["annotations"] == ours


def test_an_empty_value_of_the_proxys_environment_is_left_out() -> None:
    """The API server drops it, so it would be sent with every sync."""
    made = deployment(server(resourceOverrides={"proxyDeployment": {"env": [{"name": "EMPTY", "value": ""}]}}))

    assert made["spec"]["template"]["spec"]["containers"][0]["env"] == [
        {"name": "EMPTY"},
        {
            "name": "THV_MCPSERVER_GENERATION",
            "valueFrom": {
                "fieldRef": {
                    "apiVersion": "v1",
                    "fieldPath": "metadata.annotations['toolhive.stacklok.dev/mcpserver-generation']",
                }
            },
        },
        {"name": "XDG_CONFIG_HOME", "value": "/tmp"},
        {"name": "HOME", "value": "/tmp"},
        {"name": "TOOLHIVE_RUNTIME", "value": "kubernetes"},
        {"name": "UNSTRUCTURED_LOGS", "value": "false"},
    ]


def test_on_openshift_pods_have_no_users_of_their_own() -> None:
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


@pytest.mark.parametrize("inline", [True, False])
def test_a_client_secret_in_clear_is_pointed_out(inline: bool) -> None:
    data = {"issuer": "https://idp.acme.test", "clientSecret": "plain-to-see"}
    oidc = {"type": "inline", "inline": data} if inline else {"type": "configMap", "configMap": {"name": "oidc"}}

    found = condition(sync(server(oidcConfig=oidc), related=[config_map("oidc", **data)]), "OIDCConfigRefValidated")

    where = "spec.oidcConfig.inline" if inline else "ConfigMap 'oidc'"
    message = (
        f"{where} contains a plaintext client secret, readable by anyone who can read it or the RunConfig: "
        "use oidcConfigRef"
    )
    assert found == ("True", "PlaintextClientSecret", message)
