"""How many MCP servers there are, and where proxies share their sessions: the `scaling_config` of the RunConfig."""

from __future__ import annotations

from hooks.kubernetes.objects import Object
from hooks.proxy.backing_services import SessionRedis
from hooks.proxy.spec import Container, ProxySpec


def scaling_config(proxy: ProxySpec) -> Object | None:
    """Return both parts, each where the spec has it; None without any. The password comes from the environment."""
    replicas = proxy.backend.replicas if isinstance(proxy.backend, Container) else None
    scaling: Object = {}
    if replicas is not None:
        scaling["backend_replicas"] = replicas
    if proxy.session_redis:
        scaling["session_redis"] = _session_redis(proxy.session_redis)
    return scaling or None


def _session_redis(redis: SessionRedis) -> Object:
    settings = {"address": redis.address, "db": redis.db, "key_prefix": redis.key_prefix}
    return {key: value for key, value in settings.items() if value}
