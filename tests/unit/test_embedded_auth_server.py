"""An embedded authorization server: what its config makes of RunConfig, environment and volumes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hooks import go_json
from hooks.installation import Installation
from hooks.kubernetes.objects import Object
from hooks.proxy.env import make_env
from hooks.proxy.outgoing_auth import auth_server_effect
from hooks.proxy.runconfig.document import make_run_config
from hooks.proxy.volumes import make_volumes
from tests.proxies import OIDC, auth_server, from_secret, proxy

FULL: dict[str, Any] = {
    "issuer": "https://auth.acme.test",
    "authorizationEndpointBaseUrl": "https://login.acme.test",
    "signingKeySecretRefs": [{"name": "keys", "key": "new"}, {"name": "keys", "key": "old"}],
    "hmacSecretRefs": [{"name": "hmac", "key": "a"}, {"name": "hmac", "key": "b"}],
    "tokenLifespans": {"accessTokenLifespan": "30m", "authCodeLifespan": "5m"},
    "upstreamProviders": [
        {
            "name": "git-hub",
            "type": "oauth2",
            "oauth2Config": {
                "authorizationEndpoint": "https://github.test/authorize",
                "tokenEndpoint": "https://github.test/token",
                "clientId": "cid",
                "clientSecretRef": {"name": "up", "key": "secret"},
                "redirectUri": "https://mcp.acme.test/callback",
                "scopes": ["user"],
                "userInfo": {
                    "endpointUrl": "https://github.test/user",
                    "httpMethod": "GET",
                    "additionalHeaders": {"Accept": "application/json"},
                    "fieldMapping": {"subjectFields": ["id"], "emailFields": ["email", "mail"]},
                },
                "tokenResponseMapping": {"accessTokenPath": "authed.token", "scopePath": "authed.scope"},
                "identityFromToken": {"subjectPath": "authed.id", "namePath": "authed.name"},
                "additionalAuthorizationParams": {"b": "2", "a": "1"},
                "insecureAllowHTTP": True,
                "allowPrivateIPs": True,
            },
        }
    ],
    "storage": {
        "type": "redis",
        "redis": {
            "sentinelConfig": {"masterName": "m", "sentinelService": {"name": "sentinel"}, "db": 1},
            "aclUserConfig": {
                "usernameSecretRef": {"name": "rd", "key": "user"},
                "passwordSecretRef": {"name": "rd", "key": "pass"},
            },
            "readTimeout": "9s",
            "tls": {"caCertSecretRef": {"name": "rd", "key": "ca"}},
            "sentinelTls": {"insecureSkipVerify": True, "caCertSecretRef": {"name": "rd", "key": "sca"}},
        },
    },
    "baselineClientScopes": ["openid"],
    "cimd": {"enabled": True, "cacheMaxSize": 10, "cacheFallbackTtl": "5m"},
    "trustedIssuers": [
        {
            "issuerUrl": "https://other.acme.test",
            "expectedAudience": "aud",
            "jwksUrl": "https://other.acme.test/jwks",
            "allowPrivateIPs": True,
            "actorClaim": "azp",
            "allowedActors": ["agent"],
            "allowedDelegateClients": ["d1"],
            "allowMayAct": True,
        }
    ],
    "allowConfidentialClientRegistration": True,
    "forceConfidentialRedirectUris": ["https://app.acme.test/cb"],
    "delegateClients": [
        {
            "clientId": "d1",
            "clientSecretRef": {"name": "dc", "key": "s"},
            "scopes": ["openid"],
            "audiences": ["https://mcp.acme.test"],
        }
    ],
}


def config(scopes: tuple[str, ...] = (), **block: Any) -> Object:
    server = proxy(auth_server=auth_server(**block), incoming_auth=replace(OIDC, scopes=scopes))
    found: Object = auth_server_effect(server).run_config["embedded_auth_server_config"]
    return found


def test_an_auth_server_with_one_upstream_has_these_settings() -> None:
    assert config() == {
        "schema_version": "v0.1.0",
        "issuer": "https://auth.acme.test",
        "upstreams": [
            {
                "name": "corp-idp",
                "type": "oidc",
                "oidc_config": {
                    "issuer_url": "https://idp.acme.test",
                    "client_id": "cid",
                    "redirect_uri": "https://mcp.acme.test/oauth/callback",
                },
            }
        ],
        "allowed_audiences": ["https://mcp.acme.test"],
    }


def test_all_settings_are_written_in_the_operators_order() -> None:
    expected = {
        "schema_version": "v0.1.0",
        "issuer": "https://auth.acme.test",
        "authorization_endpoint_base_url": "https://login.acme.test",
        "signing_key_config": {
            "key_dir": "/etc/toolhive/authserver/keys",
            "signing_key_file": "key-0.pem",
            "fallback_key_files": ["key-1.pem"],
        },
        "hmac_secret_files": ["/etc/toolhive/authserver/hmac/hmac-0", "/etc/toolhive/authserver/hmac/hmac-1"],
        "token_lifespans": {"access_token_lifespan": "30m", "auth_code_lifespan": "5m"},
        "upstreams": [
            {
                "name": "git-hub",
                "type": "oauth2",
                "oauth2_config": {
                    "authorization_endpoint": "https://github.test/authorize",
                    "token_endpoint": "https://github.test/token",
                    "client_id": "cid",
                    "client_secret_env_var": "TOOLHIVE_UPSTREAM_CLIENT_SECRET_GIT_HUB",
                    "redirect_uri": "https://mcp.acme.test/callback",
                    "scopes": ["user"],
                    "userinfo": {
                        "endpoint_url": "https://github.test/user",
                        "http_method": "GET",
                        "additional_headers": {"Accept": "application/json"},
                        "field_mapping": {"subject_fields": ["id"], "email_fields": ["email", "mail"]},
                    },
                    "token_response_mapping": {"access_token_path": "authed.token", "scope_path": "authed.scope"},
                    "identity_from_token": {"subject_path": "authed.id", "name_path": "authed.name"},
                    "additional_authorization_params": {"a": "1", "b": "2"},
                    "allow_private_ips": True,
                    "insecure_allow_http": True,
                },
            }
        ],
        "scopes_supported": ["openid", "mcp"],
        "baseline_client_scopes": ["openid"],
        "allowed_audiences": ["https://mcp.acme.test"],
        "storage": {
            "type": "redis",
            "redis_config": {
                "sentinel_config": {
                    "master_name": "m",
                    "sentinel_addrs": ["sentinel.team-a.svc.cluster.local:26379"],
                    "db": 1,
                },
                "auth_type": "aclUser",
                "acl_user_config": {
                    "username_env_var": "TOOLHIVE_AUTH_SERVER_REDIS_USERNAME",
                    "password_env_var": "TOOLHIVE_AUTH_SERVER_REDIS_PASSWORD",
                },
                "key_prefix": "thv:auth:{team-a:demo}:",
                "dial_timeout": "5s",
                "read_timeout": "9s",
                "write_timeout": "3s",
                "tls": {"ca_cert_file": "/etc/toolhive/authserver/redis-tls/ca.crt"},
                "sentinel_tls": {
                    "insecure_skip_verify": True,
                    "ca_cert_file": "/etc/toolhive/authserver/redis-tls/sentinel-ca.crt",
                },
            },
        },
        "cimd": {"enabled": True, "cache_max_size": 10, "cache_fallback_ttl": "5m"},
        "trusted_issuers": [
            {
                "issuer_url": "https://other.acme.test",
                "expected_audience": "aud",
                "jwks_url": "https://other.acme.test/jwks",
                "allow_private_ips": True,
                "actor_claim": "azp",
                "allowed_actors": ["agent"],
                "allowed_delegate_clients": ["d1"],
                "allow_may_act": True,
            }
        ],
        "allow_confidential_client_registration": True,
        "force_confidential_redirect_uris": ["https://app.acme.test/cb"],
        "delegate_clients": [
            {
                "client_id": "d1",
                "client_secret_env_var": "TOOLHIVE_DELEGATE_CLIENT_SECRET_0",
                "scopes": ["openid"],
                "audiences": ["https://mcp.acme.test"],
            }
        ],
    }

    assert go_json.indented(config(("openid", "mcp"), **FULL)) == go_json.indented(expected)


def test_a_client_that_registers_itself_has_no_id() -> None:
    upstream = {
        "name": "dyn",
        "type": "oauth2",
        "oauth2Config": {
            "authorizationEndpoint": "https://a.test",
            "tokenEndpoint": "https://t.test",
            "dcrConfig": {
                "registrationEndpoint": "https://r.test/register",
                "initialAccessTokenRef": {"name": "up", "key": "iat"},
                "softwareId": "s",
            },
        },
    }

    server = proxy(auth_server=auth_server(upstreamProviders=[upstream]), incoming_auth=OIDC)

    effect = auth_server_effect(server)
    assert effect.run_config["embedded_auth_server_config"]["upstreams"][0]["oauth2_config"] == {
        "authorization_endpoint": "https://a.test",
        "token_endpoint": "https://t.test",
        "client_id": "",
        "redirect_uri": "https://mcp.acme.test/oauth/callback",
        "dcr_config": {
            "registration_endpoint": "https://r.test/register",
            "initial_access_token_env_var": "TOOLHIVE_UPSTREAM_DCR_INITIAL_ACCESS_TOKEN_DYN",
            "software_id": "s",
        },
    }
    assert effect.env == {"TOOLHIVE_UPSTREAM_DCR_INITIAL_ACCESS_TOKEN_DYN": from_secret("up", "iat")}


@pytest.mark.parametrize("storage", [{}, {"type": "memory"}])
def test_memory_is_the_runners_default(storage: Object) -> None:
    assert "storage" not in config(storage=storage)


def test_one_redis_without_a_user_has_the_default_timeouts() -> None:
    redis = {
        "addr": "redis:6379",
        "clusterMode": True,
        "aclUserConfig": {"passwordSecretRef": {"name": "rd", "key": "pass"}},
        "tls": {},
        "sentinelTls": {},
    }

    assert config(storage={"type": "redis", "redis": redis})["storage"]["redis_config"] == {
        "addr": "redis:6379",
        "cluster_mode": True,
        "auth_type": "aclUser",
        "acl_user_config": {"username_env_var": "", "password_env_var": "TOOLHIVE_AUTH_SERVER_REDIS_PASSWORD"},
        "key_prefix": "thv:auth:{team-a:demo}:",
        "dial_timeout": "5s",
        "read_timeout": "3s",
        "write_timeout": "3s",
        "tls": {},
    }


def test_secrets_come_as_variables_after_the_generation_stamp() -> None:
    env = make_env(proxy(auth_server=auth_server(**FULL), incoming_auth=OIDC))

    assert [variable["name"] for variable in env] == [
        "THV_MCPSERVER_GENERATION",
        "TOOLHIVE_UPSTREAM_CLIENT_SECRET_GIT_HUB",
        "TOOLHIVE_DELEGATE_CLIENT_SECRET_0",
        "TOOLHIVE_AUTH_SERVER_REDIS_USERNAME",
        "TOOLHIVE_AUTH_SERVER_REDIS_PASSWORD",
        *("XDG_CONFIG_HOME", "HOME", "TOOLHIVE_RUNTIME", "UNSTRUCTURED_LOGS"),
    ]
    assert env[1:5] == [
        {"name": "TOOLHIVE_UPSTREAM_CLIENT_SECRET_GIT_HUB", **from_secret("up", "secret")},
        {"name": "TOOLHIVE_DELEGATE_CLIENT_SECRET_0", **from_secret("dc", "s")},
        {"name": "TOOLHIVE_AUTH_SERVER_REDIS_USERNAME", **from_secret("rd", "user")},
        {"name": "TOOLHIVE_AUTH_SERVER_REDIS_PASSWORD", **from_secret("rd", "pass")},
    ]


def test_keys_and_certificates_come_as_files() -> None:
    folder = "/etc/toolhive/authserver"
    expected = [
        ("authserver-signing-key-0", "keys", "new", f"{folder}/keys/key-0.pem"),
        ("authserver-signing-key-1", "keys", "old", f"{folder}/keys/key-1.pem"),
        ("authserver-hmac-secret-0", "hmac", "a", f"{folder}/hmac/hmac-0"),
        ("authserver-hmac-secret-1", "hmac", "b", f"{folder}/hmac/hmac-1"),
        ("redis-tls-ca-master", "rd", "ca", f"{folder}/redis-tls/ca.crt"),
        ("redis-tls-ca-sentinel", "rd", "sca", f"{folder}/redis-tls/sentinel-ca.crt"),
    ]

    made = make_volumes(proxy(auth_server=auth_server(**FULL), incoming_auth=OIDC))

    assert made[1:] == [
        (
            {"name": name, "mountPath": path, "subPath": path.rpartition("/")[2], "readOnly": True},
            {
                "name": name,
                "secret": {
                    "secretName": secret,
                    "items": [{"key": key, "path": path.rpartition("/")[2]}],
                    "defaultMode": 0o400,
                },
            },
        )
        for name, secret, key, path in expected
    ]


@pytest.mark.parametrize(
    ("disabled", "middleware"),
    [
        (False, {"type": "upstreamswap", "parameters": {"config": {"provider_name": "corp-idp"}}}),
        (True, {"type": "strip-auth", "parameters": {}}),
    ],
)
def test_the_upstreams_token_or_none_goes_on(disabled: bool, middleware: Object) -> None:
    server = auth_server(disableUpstreamTokenInjection=disabled)

    run = make_run_config(proxy(auth_server=server, incoming_auth=OIDC), Installation())

    assert run["middleware_configs"][2] == middleware
    assert run["embedded_auth_server_config"].get("disable_upstream_token_injection", False) is disabled
