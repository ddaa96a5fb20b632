"""The RunConfig: each part of a ProxySpec in its place, keys and middlewares in release 0.44's order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hooks import go_json
from hooks.api.meta import EnvVar
from hooks.api.workload import Volume
from hooks.installation import Installation
from hooks.kubernetes.objects import Object
from hooks.proxy.backing_services import SessionRedis, Webhooks
from hooks.proxy.runconfig.document import make_run_config
from hooks.proxy.spec import Authorization, CABundle, SecretHeader, Telemetry, ToolOverride, Tools
from tests.proxies import CONTAINER, OIDC, OTEL, REMOTE, WEBHOOK, auth_server, key, outgoing, proxy

CEDAR = {"version": "1.0", "type": "cedarv1", "cedar": {"policies": ["permit(p,a,r);"], "entities_json": "[]"}}
EXCHANGE = {"tokenUrl": "https://idp.acme.test/token", "audience": "api"}
LIMITS = {"shared": {"maxTokens": 100, "refillPeriod": "1m0s"}}
EVERYTHING: dict[str, Any] = {
    "transport": "streamable-http",
    "proxy_mode": "streamable-http",
    "endpoint_prefix": "/mcp-demo",
    "incoming_auth": replace(
        OIDC, scopes=["a"], ca_cert_path="/config/certs/ca/ca.crt", auth_token_file="/token", allow_private_ip=True
    ),
    "outgoing_auth": outgoing("tokenExchange", **EXCHANGE),
    "auth_server": auth_server(),
    "authorization": Authorization(CEDAR),
    "tools": Tools(["fetch"], {"fetch": ToolOverride("get", "", {})}),
    "telemetry": Telemetry("demo", OTEL, prometheus=False),
    "audit": True,
    "webhooks": Webhooks([WEBHOOK], [replace(WEBHOOK, name="shape")]),
    "session_redis": SessionRedis("redis:6379", 2, "thv:", key("redis", "password")),
    "rate_limits": LIMITS,
    "trust_proxy_headers": True,
}


def run_config(**changes: Any) -> Object:
    return make_run_config(proxy(**changes), Installation())


def chain(**changes: Any) -> list[str]:
    return [middleware["type"] for middleware in run_config(**changes)["middleware_configs"]]


def parameters(type_: str, **changes: Any) -> Object:
    configs = run_config(**changes)["middleware_configs"]
    [found] = [config["parameters"] for config in configs if config["type"] == type_]
    return found


def test_the_whole_run_config_of_a_small_server() -> None:
    assert (
        go_json.indented(run_config())
        == """\
{
  "schema_version": "v0.1.0",
  "image": "ghcr.io/acme/mcp-demo:1.2.3",
  "name": "demo",
  "container_name": "demo",
  "base_name": "demo",
  "transport": "stdio",
  "host": "0.0.0.0",
  "port": 8080,
  "target_port": 8080,
  "permission_profile": {
    "name": "network",
    "network": {
      "outbound": {
        "insecure_allow_all": true
      },
      "inbound": {}
    }
  },
  "env_vars": {
    "MCP_TRANSPORT": "stdio"
  },
  "container_labels": {
    "controller-uid": "uid-demo",
    "toolhive": "true",
    "toolhive-basename": "demo",
    "toolhive-name": "demo",
    "toolhive-port": "8080",
    "toolhive-transport": "stdio"
  },
  "proxy_mode": "streamable-http",
  "middleware_configs": [
    {
      "type": "bodylimit",
      "parameters": {
        "max_bytes": 8388608
      }
    },
    {
      "type": "auth",
      "parameters": {}
    },
    {
      "type": "mcp-parser",
      "parameters": {}
    },
    {
      "type": "recovery",
      "parameters": null
    }
  ]
}"""
    )


def test_all_keys_stand_in_the_operators_order() -> None:
    backend = replace(
        CONTAINER,
        args=["-v"],
        env=[EnvVar(name="B", value="1"), EnvVar(name="A", value="<&>")],
        volumes=[Volume(name="v", host_path="/a", mount_path="/b", read_only=True)],
        target_port=3001,
        replicas=0,
        pod_template={"metadata": {"annotations": {"vault.hashicorp.com/agent-inject": "true"}}},
        permission_profile=replace(CONTAINER.permission_profile, builtin_name="network"),
    )

    run = run_config(**EVERYTHING, backend=backend)

    assert list(run) == [
        *("schema_version", "image", "cmd_args", "name", "container_name", "base_name", "transport", "host", "port"),
        *("target_port", "permission_profile_name_or_path", "permission_profile", "env_vars", "env_file_dir"),
        *("volumes", "container_labels", "oidc_config", "token_exchange_config", "authz_config", "audit_config"),
        *("telemetry_config", "rate_limit_config", "rate_limit_namespace", "trust_proxy_headers", "proxy_mode"),
        *("thv_ca_bundle", "jwks_auth_token_file", "tools_filter", "tools_override", "middleware_configs"),
        *("validating_webhooks", "mutating_webhooks", "endpoint_prefix", "embedded_auth_server_config"),
        "scaling_config",
    ]
    assert run["env_vars"] == {
        "A": "<&>",
        "B": "1",
        "FASTMCP_PORT": "3001",
        "MCP_PORT": "3001",
        "MCP_TRANSPORT": "streamable-http",
    }
    assert run["volumes"] == ["/a:/b:ro"]
    assert run["permission_profile"]["read"] == ["/a:/b"]
    assert run["oidc_config"] == {
        "Issuer": "https://auth.acme.test",
        "Audience": "https://mcp.acme.test",
        "JWKSURL": "",
        "ClientID": "",
        "ClientSecret": "",
        "CACertPath": "/config/certs/ca/ca.crt",
        "AuthTokenFile": "/token",
        "AllowPrivateIP": True,
        "InsecureAllowHTTP": False,
        "IntrospectionURL": "",
        "ResourceURL": "https://mcp.acme.test",
        "Scopes": ["a"],
    }
    assert run["scaling_config"] == {
        "backend_replicas": 0,
        "session_redis": {"address": "redis:6379", "db": 2, "key_prefix": "thv:"},
    }
    assert (run["rate_limit_config"], run["rate_limit_namespace"]) == (LIMITS, "team-a")
    assert run["audit_config"] == {"detectApplicationErrors": True, "maxDataSize": 1024}


def test_all_middlewares_are_in_release_044s_order() -> None:
    """As release 0.44.0 writes it, less `usagemetrics`, and plus nothing."""
    assert chain(**EVERYTHING) == [
        *("bodylimit", "audit", "auth", "upstreamswap", "tokenexchange", "tool-filter", "tool-call-filter"),
        *("mcp-parser", "telemetry", "ratelimit", "mutating-webhook", "validating-webhook", "authorization"),
        "recovery",
    ]


@pytest.mark.parametrize(
    ("part", "added"),
    [
        ("audit", ["audit"]),
        ("tools", ["tool-filter", "tool-call-filter"]),
        ("telemetry", ["telemetry"]),
        ("webhooks", ["mutating-webhook", "validating-webhook"]),
        ("authorization", ["authorization"]),
        ("outgoing_auth", ["tokenexchange"]),
        ("auth_server", ["upstreamswap"]),
        ("incoming_auth", []),
        ("rate_limits", ["ratelimit"]),
    ],
)
def test_each_part_adds_its_own_middlewares(part: str, added: list[str]) -> None:
    given = {part: EVERYTHING[part], "session_redis": EVERYTHING["session_redis"]}

    assert sorted(chain(**given)) == sorted([*chain(), *added])
    assert [type_ for type_ in chain(**EVERYTHING) if type_ in chain(**given)] == chain(**given)


def test_parameters_repeat_what_stands_at_the_top() -> None:
    run = run_config(**EVERYTHING)
    named = {"server_name": "demo", "transport": "streamable-http"}
    found = {config["type"]: config["parameters"] for config in run["middleware_configs"]}

    assert found["audit"] == {"config_data": run["audit_config"], "transport_type": "streamable-http"}
    assert found["auth"] == {"oidc_config": run["oidc_config"]}
    assert found["tokenexchange"] == {"token_exchange_config": run["token_exchange_config"]}
    assert found["telemetry"] == {"config": run["telemetry_config"], **named}
    assert found["mutating-webhook"] == {"webhooks": run["mutating_webhooks"], **named}
    assert found["validating-webhook"] == {"webhooks": run["validating_webhooks"], **named}
    assert found["ratelimit"] == {
        "namespace": "team-a",
        "server_name": "demo",
        "config": LIMITS,
        "redis_addr": "redis:6379",
        "redis_db": 2,
    }


def test_an_authorization_server_names_its_scopes() -> None:
    without = replace(OIDC, scopes=())

    assert run_config(incoming_auth=without)["oidc_config"]["Scopes"] is None
    assert run_config(incoming_auth=without, auth_server=auth_server())["oidc_config"]["Scopes"] == [
        *("openid", "profile", "email", "offline_access")
    ]


class TestAuthorization:
    def test_behind_an_authorization_server_cedar_judges_the_upstreams_claims(self) -> None:
        cedar = {"multi_valued_claims": ["scp"], "group_claim_name": "groups", **CEDAR["cedar"], "unknown": 1}
        document = {"cedar": cedar, "type": "cedarv1", "version": "1.0"}

        found = parameters(
            "authorization", incoming_auth=OIDC, auth_server=auth_server(), authorization=Authorization(document)
        )

        assert go_json.compact(found["config_data"]) == (
            '{"version":"1.0","type":"cedarv1","cedar":{"policies":["permit(p,a,r);"],"entities_json":"[]",'
            '"primary_upstream_provider":"corp-idp","group_claim_name":"groups","multi_valued_claims":["scp"]}}'
        )

    @pytest.mark.parametrize("server", [None, auth_server()])
    def test_another_document_stays_as_it_is(self, server: Any) -> None:
        document = {"pdp": {"http": {"url": "https://pdp"}}, "type": "httpv1", "version": "1.0"}

        found = parameters(
            "authorization", incoming_auth=OIDC, auth_server=server, authorization=Authorization(document)
        )

        assert found == {"config_data": document}


class TestTools:
    OVERRIDES = {
        "b": ToolOverride("", "Gets a page", {}),
        "a": ToolOverride("get", "", {"title": "T"}),
        "only-annotations": ToolOverride("", "", {"readOnlyHint": True}),
    }

    def test_the_middlewares_have_both_keys(self) -> None:
        tools = Tools((), self.OVERRIDES)

        assert run_config(tools=tools)["tools_override"] == {"a": {"name": "get"}, "b": {"description": "Gets a page"}}
        assert parameters("tool-filter", tools=tools) == {
            "filter_tools": None,
            "tools_override": {
                "a": {"name": "get", "description": ""},
                "b": {"name": "", "description": "Gets a page"},
            },
        }

    def test_annotations_alone_change_nothing(self) -> None:
        """Runner 0.44.0 doesn't know them, and would refuse an override with neither name nor description."""
        tools = Tools((), {"only-annotations": self.OVERRIDES["only-annotations"]})

        assert run_config(tools=tools) == run_config()


class TestTelemetry:
    def config(self, **changes: Any) -> Object:
        found: Object = run_config(telemetry=Telemetry("svc", replace(OTEL, **changes), prometheus=True))
        return found["telemetry_config"]

    def test_all_settings_of_telemetry_are_in_release_044s_order(self) -> None:
        config = self.config(
            headers={"x-b": "2", "x-a": "1"},
            insecure=True,
            metrics=True,
            resource_attributes={"team": "a"},
            ca_bundle=CABundle("otel-ca", "bundle.pem"),
        )

        assert go_json.compact(config) == (
            '{"endpoint":"otel.acme.test:4318","serviceName":"svc","tracingEnabled":true,"metricsEnabled":true,'
            '"samplingRate":"0.05","headers":{"x-a":"1","x-b":"2"},"insecure":true,"enablePrometheusMetricsPath":true,'
            '"customAttributes":{"team":"a"},"useLegacyAttributes":true,'
            '"caCertPath":"/config/certs/otel/otel-ca/bundle.pem"}'
        )

    def test_telemetry_that_is_not_enabled_is_off(self) -> None:
        assert self.config(enabled=False, headers={"a": "b"}, insecure=True) == {
            "serviceName": "svc",
            "tracingEnabled": False,
            "metricsEnabled": False,
            "enablePrometheusMetricsPath": True,
            "useLegacyAttributes": False,
        }

    def test_beside_secret_headers_the_plain_ones_are_in_the_environment(self) -> None:
        secret = SecretHeader("authorization", key("otel", "token"))

        assert "headers" not in self.config(headers={"x-a": "1"}, sensitive_headers=[secret])

    @pytest.mark.parametrize(
        ("given", "written"),
        [("0.25", "0.25"), ("1.0", "1"), ("0", "0"), ("2", "1"), ("-1", "0"), ("0.000001", "0.000001")],
    )
    def test_the_sampling_rate_is_written_as_go_writes_it(self, given: str, written: str) -> None:
        assert self.config(sampling_rate=given)["samplingRate"] == written


class TestRemote:
    def test_a_remote_server_has_its_url_and_headers_and_no_image(self) -> None:
        remote = replace(REMOTE, headers={"X-Tenant": "a"}, secret_headers=[SecretHeader("X-Api-Key", key("hf", "k"))])

        run = run_config(backend=remote, transport="sse", proxy_mode="sse", incoming_auth=OIDC)

        assert list(run) == [
            *("schema_version", "image", "remote_url", "name", "container_name", "base_name", "transport", "host"),
            *("port", "permission_profile", "env_vars", "container_labels", "oidc_config", "proxy_mode"),
            *("middleware_configs", "header_forward"),
        ]
        assert (run["image"], run["remote_url"]) == ("", "https://mcp.acme.test/mcp")
        assert run["env_vars"] == {"MCP_TRANSPORT": "sse"}
        assert "controller-uid" not in run["container_labels"]
        assert run["header_forward"] == {
            "add_plaintext_headers": {"X-Tenant": "a"},
            "add_headers_from_secret": {"X-Api-Key": "HEADER_FORWARD_X_API_KEY_DEMO"},
        }
        assert run["middleware_configs"][-2:] == [
            {"type": "header-forward", "parameters": {"add_headers": {"X-Tenant": "a"}}},
            {"type": "recovery", "parameters": None},
        ]

    def test_secret_headers_alone_are_filled_in_by_the_runner(self) -> None:
        remote = replace(REMOTE, secret_headers=[SecretHeader("X-Api-Key", key("hf", "k"))])

        assert parameters("header-forward", backend=remote) == {"add_headers": None}
