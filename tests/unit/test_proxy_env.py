"""The environment and the volumes of the proxy's container, in the operator's order."""

from __future__ import annotations

from dataclasses import replace

from hooks.api.meta import EnvVar
from hooks.api.workload import ProxyDeploymentOverrides, Volume
from hooks.kubernetes.objects import Object
from hooks.proxy.backing_services import SessionRedis, Webhooks
from hooks.proxy.env import make_env
from hooks.proxy.spec import Authorization, CABundle, SecretHeader, Telemetry
from hooks.proxy.volumes import make_volumes
from tests.expansion import environment
from tests.proxies import CONTAINER, OIDC, OTEL, REMOTE, WEBHOOK, auth_server, from_secret, key, outgoing, proxy

EXCHANGE = {
    "tokenUrl": "https://idp.acme.test/token",
    "audience": "api",
    "clientSecretRef": {"name": "tx", "key": "secret"},
}
DEFAULTS = [
    {"name": "XDG_CONFIG_HOME", "value": "/tmp"},
    {"name": "HOME", "value": "/tmp"},
    {"name": "TOOLHIVE_RUNTIME", "value": "kubernetes"},
    {"name": "UNSTRUCTURED_LOGS", "value": "false"},
]
GENERATION = {
    "name": "THV_MCPSERVER_GENERATION",
    "valueFrom": {
        "fieldRef": {
            "apiVersion": "v1",
            "fieldPath": "metadata.annotations['toolhive.stacklok.dev/mcpserver-generation']",
        }
    },
}
SECRET_HEADERS = [SecretHeader("Authorization", key("otel", "token")), SecretHeader("x-key", key("otel", "key"))]


def users_env(*names: str) -> ProxyDeploymentOverrides:
    return ProxyDeploymentOverrides(env=[EnvVar(name=name, value="mine") for name in names])


def test_variables_of_a_server_are_in_the_operators_order() -> None:
    env = make_env(
        proxy(
            telemetry=Telemetry("svc", replace(OTEL, sensitive_headers=SECRET_HEADERS, headers={"a": "1,2"}), False),
            outgoing_auth=outgoing("tokenExchange", **EXCHANGE),
            incoming_auth=replace(OIDC, client_secret_ref=key("oidc", "secret")),
            deployment_overrides=users_env("HTTP_PROXY", "THV_SESSION_REDIS_PASSWORD"),
            session_redis=SessionRedis("redis:6379", 0, "", key("redis", "password")),
            auth_server=auth_server(
                delegateClients=[
                    {
                        "clientId": "d",
                        "clientSecretRef": {"name": "dc", "key": "s"},
                        "scopes": ["openid"],
                        "audiences": ["https://mcp.acme.test"],
                    }
                ]
            ),
        )
    )

    assert env == [
        {"name": "OTEL_RESOURCE_ATTRIBUTES", "value": "service.name=svc,service.namespace=team-a"},
        {"name": "TOOLHIVE_OTEL_HEADER_AUTHORIZATION", **from_secret("otel", "token")},
        {"name": "TOOLHIVE_OTEL_HEADER_X_KEY", **from_secret("otel", "key")},
        {
            "name": "OTEL_EXPORTER_OTLP_HEADERS",
            "value": "a=1%2C2,Authorization=$(TOOLHIVE_OTEL_HEADER_AUTHORIZATION),x-key=$(TOOLHIVE_OTEL_HEADER_X_KEY)",
        },
        {"name": "TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET", **from_secret("tx", "secret")},
        {"name": "TOOLHIVE_OIDC_CLIENT_SECRET", **from_secret("oidc", "secret")},
        {"name": "HTTP_PROXY", "value": "mine"},
        {"name": "THV_SESSION_REDIS_PASSWORD", **from_secret("redis", "password")},
        GENERATION,
        {"name": "TOOLHIVE_DELEGATE_CLIENT_SECRET_0", **from_secret("dc", "s")},
        *DEFAULTS,
    ]


def test_the_kubelet_puts_the_secrets_into_the_list_of_headers() -> None:
    env = make_env(proxy(telemetry=Telemetry("svc", replace(OTEL, sensitive_headers=SECRET_HEADERS), False)))

    found = environment({"env": env}, secret=lambda reference: f"Bearer {reference['key']}")

    assert found["OTEL_EXPORTER_OTLP_HEADERS"] == "Authorization=Bearer token,x-key=Bearer key"


def test_two_headers_of_similar_names_have_variables_of_their_own() -> None:
    headers = [SecretHeader(name, key("otel", name)) for name in ("x-a", "x_a")]

    env = make_env(proxy(telemetry=Telemetry("svc", replace(OTEL, sensitive_headers=headers), False)))

    found = environment({"env": env[:-5]}, secret=lambda reference: f"value of {reference['key']}")
    assert found["OTEL_EXPORTER_OTLP_HEADERS"] == "x-a=value of x-a,x_a=value of x_a"


def test_telemetry_that_is_off_sends_no_headers() -> None:
    otel = replace(OTEL, enabled=False, sensitive_headers=SECRET_HEADERS[:1])

    assert make_env(proxy(telemetry=Telemetry("svc", otel, False)))[:3] == [
        {"name": "OTEL_RESOURCE_ATTRIBUTES", "value": "service.name=svc,service.namespace=team-a"},
        {"name": "TOOLHIVE_OTEL_HEADER_AUTHORIZATION", **from_secret("otel", "token")},
        GENERATION,
    ]


def test_a_users_own_secret_variable_needs_the_secrets_provider() -> None:
    env = make_env(proxy(deployment_overrides=users_env("TOOLHIVE_SECRET_x")))

    assert env == [
        {"name": "TOOLHIVE_SECRET_x", "value": "mine"},
        GENERATION,
        *DEFAULTS,
        {"name": "TOOLHIVE_SECRETS_PROVIDER", "value": "environment"},
    ]


def test_variables_of_a_remote_server_have_no_generation() -> None:
    remote = replace(REMOTE, secret_headers=[SecretHeader("X-Api-Key", key("hf", "k"))])

    env = make_env(
        proxy(
            backend=remote,
            telemetry=Telemetry("svc", OTEL, False),
            outgoing_auth=outgoing("bearerToken", tokenSecretRef={"name": "bt-s", "key": "token"}),
            incoming_auth=replace(OIDC, client_secret_ref=key("oidc", "secret")),
            deployment_overrides=users_env("HOME"),
        )
    )

    assert env == [
        {"name": "TOOLHIVE_OIDC_CLIENT_SECRET", **from_secret("oidc", "secret")},
        {"name": "TOOLHIVE_SECRET_bt-s", **from_secret("bt-s", "token")},
        {"name": "TOOLHIVE_SECRET_HEADER_FORWARD_X_API_KEY_DEMO", **from_secret("hf", "k")},
        {"name": "HOME", "value": "mine"},
        *[variable for variable in DEFAULTS if variable["name"] != "HOME"],
        {"name": "TOOLHIVE_SECRETS_PROVIDER", "value": "environment"},
    ]


def test_a_remote_servers_authorization_server_comes_after_the_defaults() -> None:
    redis = {"addr": "redis:6379", "aclUserConfig": {"passwordSecretRef": {"name": "rd", "key": "p"}}}
    remote = replace(REMOTE, secret_headers=[SecretHeader("X-Api-Key", key("hf", "k"))])

    env = make_env(proxy(backend=remote, auth_server=auth_server(storage={"type": "redis", "redis": redis})))

    assert env == [
        {"name": "TOOLHIVE_SECRET_HEADER_FORWARD_X_API_KEY_DEMO", **from_secret("hf", "k")},
        *DEFAULTS,
        {"name": "TOOLHIVE_SECRETS_PROVIDER", "value": "environment"},
        {"name": "TOOLHIVE_AUTH_SERVER_REDIS_PASSWORD", **from_secret("rd", "p")},
    ]


def test_volumes_are_in_the_operators_order() -> None:
    def config_map(name: str, of: str, path: str, key_: str = "", file: str = "") -> tuple[Object, Object]:
        items = {"items": [{"key": key_, "path": file or key_}]} if key_ else {}
        return (
            {"name": name, "mountPath": path, "readOnly": True},
            {"name": name, "configMap": {"name": of, **items}},
        )

    folder = "/etc/toolhive/webhooks/webhook_validating_policy_check_hmac_d611e01"
    given = proxy(
        backend=replace(
            CONTAINER,
            volumes=[Volume(name="data", host_path="/data", mount_path="/mnt")],
        ),
        incoming_auth=replace(OIDC, ca_bundle=CABundle("my.ca", "ca.crt")),
        telemetry=Telemetry("svc", replace(OTEL, ca_bundle=CABundle("otel-ca", "bundle.pem")), False),
        authorization=Authorization({}, config_map="authz", key="policy"),
        webhooks=Webhooks([replace(WEBHOOK, hmac=key("whs", "hmac-key"))], []),
        auth_server=auth_server(hmacSecretRefs=[{"name": "hmac", "key": "a"}]),
    )

    assert make_volumes(given) == [
        config_map("runconfig", "demo-runconfig", "/etc/runconfig"),
        (
            {"name": "whsec-98ee62b7", "mountPath": f"{folder}/hmac", "subPath": "hmac", "readOnly": True},
            {
                "name": "whsec-98ee62b7",
                "secret": {"secretName": "whs", "items": [{"key": "hmac-key", "path": "hmac"}]},
            },
        ),
        ({"name": "data", "mountPath": "/mnt"}, {"name": "data", "hostPath": {"path": "/data"}}),
        config_map("authz-config", "authz", "/etc/toolhive/authz", "policy", "authz.json"),
        config_map("oidc-ca-bundle-my-ca", "my.ca", "/config/certs/my.ca", "ca.crt"),
        config_map("otel-ca-bundle-otel-ca", "otel-ca", "/config/certs/otel/otel-ca", "bundle.pem"),
        (
            {
                "name": "authserver-hmac-secret-0",
                "mountPath": "/etc/toolhive/authserver/hmac/hmac-0",
                "subPath": "hmac-0",
                "readOnly": True,
            },
            {
                "name": "authserver-hmac-secret-0",
                "secret": {"secretName": "hmac", "items": [{"key": "a", "path": "hmac-0"}], "defaultMode": 0o400},
            },
        ),
    ]


def test_policies_of_a_shared_config_are_no_file() -> None:
    assert make_volumes(proxy(authorization=Authorization({"type": "cedarv1"}))) == make_volumes(proxy())
