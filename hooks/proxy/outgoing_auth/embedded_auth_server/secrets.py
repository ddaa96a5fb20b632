"""The secrets of an embedded authorization server: variables and files of the proxy's pod, each name once."""

from __future__ import annotations

from hooks.api.external_auth.embedded_auth_server import EmbeddedAuthServer
from hooks.api.external_auth.upstreams import UpstreamProvider
from hooks.api.meta import SecretKeyRef
from hooks.kubernetes.objects import Object
from hooks.proxy.outgoing_auth.base import from_secret

KEYS_PATH = "/etc/toolhive/authserver/keys"
HMAC_PATH = "/etc/toolhive/authserver/hmac"
REDIS_CA = "/etc/toolhive/authserver/redis-tls/ca.crt"
SENTINEL_CA = "/etc/toolhive/authserver/redis-tls/sentinel-ca.crt"
REDIS_USERNAME = "TOOLHIVE_AUTH_SERVER_REDIS_USERNAME"
REDIS_PASSWORD = "TOOLHIVE_AUTH_SERVER_REDIS_PASSWORD"  # noqa: S105  # a name, not a secret
OWNER_READS = 0o400


def key_file(index: int) -> str:
    """Return the file name of a signing key."""
    return f"key-{index}.pem"


def hmac_path(index: int) -> str:
    """Return the path of an HMAC secret."""
    return f"{HMAC_PATH}/hmac-{index}"


def upstream_client_secret(upstream: str) -> str:
    """Return the variable with an upstream's client secret."""
    return f"TOOLHIVE_UPSTREAM_CLIENT_SECRET_{_in_capitals(upstream)}"


def initial_access_token(upstream: str) -> str:
    """Return the variable with the token by which the proxy registers itself at an upstream."""
    return f"TOOLHIVE_UPSTREAM_DCR_INITIAL_ACCESS_TOKEN_{_in_capitals(upstream)}"


def delegate_client_secret(index: int) -> str:
    """Return the variable with a delegate client's secret."""
    return f"TOOLHIVE_DELEGATE_CLIENT_SECRET_{index}"


def env(server: EmbeddedAuthServer) -> dict[str, Object]:
    """Return the variables, in the operator's order."""
    secrets: dict[str, SecretKeyRef | None] = {}
    for upstream in server.upstream_providers:
        secrets |= _of_upstream(upstream)
    for index, client in enumerate(server.delegate_clients):
        secrets[delegate_client_secret(index)] = client.client_secret_ref
    redis = server.storage.redis if server.storage and server.storage.type == "redis" else None
    if redis:
        secrets[REDIS_USERNAME] = redis.acl_user_config.username_secret_ref
        secrets[REDIS_PASSWORD] = redis.acl_user_config.password_secret_ref
    return {name: from_secret(secret) for name, secret in secrets.items() if secret}


def volumes(server: EmbeddedAuthServer) -> list[tuple[Object, Object]]:
    """Return each mount with its volume: signing keys, HMAC secrets, certificates of Redis' authorities."""
    made = [
        _volume(f"authserver-signing-key-{index}", secret, f"{KEYS_PATH}/{key_file(index)}")
        for index, secret in enumerate(server.signing_key_secret_refs)
    ]
    made += [
        _volume(f"authserver-hmac-secret-{index}", secret, hmac_path(index))
        for index, secret in enumerate(server.hmac_secret_refs)
    ]
    redis = server.storage.redis if server.storage else None
    if redis and redis.tls and redis.tls.ca_cert_secret_ref:
        made.append(_volume("redis-tls-ca-master", redis.tls.ca_cert_secret_ref, REDIS_CA))
    if redis and redis.sentinel_tls and redis.sentinel_tls.ca_cert_secret_ref:
        made.append(_volume("redis-tls-ca-sentinel", redis.sentinel_tls.ca_cert_secret_ref, SENTINEL_CA))
    return made


def _of_upstream(upstream: UpstreamProvider) -> dict[str, SecretKeyRef | None]:
    config = upstream.oidc_config or upstream.oauth2_config
    registration = upstream.oauth2_config.dcr_config if upstream.oauth2_config else None
    return {
        upstream_client_secret(upstream.name): config.client_secret_ref if config else None,
        initial_access_token(upstream.name): registration.initial_access_token_ref if registration else None,
    }


def _volume(name: str, secret: SecretKeyRef, path: str) -> tuple[Object, Object]:
    file = path.rpartition("/")[2]
    source = {
        "secretName": secret.name,
        "items": [{"key": secret.key, "path": file}],
        "defaultMode": OWNER_READS,
    }
    return (
        {"name": name, "mountPath": path, "subPath": file, "readOnly": True},
        {"name": name, "secret": source},
    )


def _in_capitals(name: str) -> str:
    return name.upper().replace("-", "_")
