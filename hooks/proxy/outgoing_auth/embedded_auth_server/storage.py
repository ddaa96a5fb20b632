"""Where an embedded authorization server keeps its sessions: in memory, or in Redis."""

from __future__ import annotations

from hooks.api.external_auth.redis_storage import AuthServerStorage, RedisStorage, RedisTLS, Sentinel
from hooks.kubernetes.objects import Object
from hooks.proxy.outgoing_auth.base import without_empty
from hooks.proxy.outgoing_auth.embedded_auth_server import secrets
from hooks.proxy.spec import ProxySpec

SENTINEL_PORT = 26379


def storage_config(storage: AuthServerStorage | None, proxy: ProxySpec) -> Object | None:
    """Return the settings of a Redis; None for memory, which is the runner's default."""
    if storage is None or storage.type != "redis" or storage.redis is None:
        return None
    return {"type": "redis", "redis_config": _redis(storage.redis, proxy)}


def _redis(redis: RedisStorage, proxy: ProxySpec) -> Object:
    sentinel = redis.sentinel_config
    has_user = redis.acl_user_config.username_secret_ref is not None
    sentinel_tls = redis.sentinel_tls if sentinel else None
    timeouts = {
        "dial_timeout": redis.dial_timeout,
        "read_timeout": redis.read_timeout,
        "write_timeout": redis.write_timeout,
    }
    return {
        **without_empty({"addr": redis.addr, "cluster_mode": redis.cluster_mode}),
        **({"sentinel_config": _sentinel(sentinel, proxy.namespace)} if sentinel else {}),
        "auth_type": "aclUser",
        "acl_user_config": {
            "username_env_var": secrets.REDIS_USERNAME if has_user else "",
            "password_env_var": secrets.REDIS_PASSWORD,
        },
        # The braces are part of the key: all keys of a server are in one slot of a Redis cluster.
        "key_prefix": f"thv:auth:{{{proxy.namespace}:{proxy.name}}}:",
        **without_empty(timeouts),
        **({"tls": _tls(redis.tls, secrets.REDIS_CA)} if redis.tls else {}),
        **({"sentinel_tls": _tls(sentinel_tls, secrets.SENTINEL_CA)} if sentinel_tls else {}),
    }


def _sentinel(sentinel: Sentinel, namespace: str) -> Object:
    service = sentinel.sentinel_service
    addresses = list(sentinel.sentinel_addrs)
    if not addresses and service:
        host = f"{service.name}.{service.namespace or namespace}.svc.cluster.local"
        addresses = [f"{host}:{service.port or SENTINEL_PORT}"]
    return {"master_name": sentinel.master_name, "sentinel_addrs": addresses, **without_empty({"db": sentinel.db})}


def _tls(tls: RedisTLS, ca_path: str) -> Object:
    ca = ca_path if tls.ca_cert_secret_ref else ""
    return without_empty({"insecure_skip_verify": tls.insecure_skip_verify, "ca_cert_file": ca})
