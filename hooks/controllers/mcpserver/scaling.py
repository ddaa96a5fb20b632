"""How many proxies there are, and what they share: sessions in Redis, and the rate limits that are counted there."""

from __future__ import annotations

from collections.abc import Iterator

from hooks import go_duration
from hooks.api.mcpserver import MCPServerSpec
from hooks.api.sessions import Bucket, RateLimiting
from hooks.installation import Installation
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.objects import Object
from hooks.proxy.spec import SessionRedis
from hooks.references.resolution import Resolution, failed

RATE_LIMITS = "RateLimitConfigValid"


def replicas(spec: MCPServerSpec) -> int | None:
    """Return how many proxies there shall be; a stdio server has one process, and so one proxy at most."""
    if spec.replicas is None or spec.transport != "stdio":
        return spec.replicas
    return min(spec.replicas, 1)


def session_redis(spec: MCPServerSpec, installation: Installation) -> SessionRedis | None:
    """Return the Redis of the server, else that of the installation, which has no password."""
    storage = spec.session_storage
    if storage and storage.provider == "redis":
        return SessionRedis(storage.address, storage.db, storage.key_prefix, storage.password_ref)
    if installation.default_redis_address:
        return SessionRedis(installation.default_redis_address, 0, "", None)
    return None


def scaling_conditions(spec: MCPServerSpec, redis: SessionRedis | None) -> list[Condition]:
    """Return what release 0.44 says of replicas, in its words."""
    return [_stdio_cap(spec), _session_storage(spec, redis)]


def resolve_rate_limits(spec: MCPServerSpec) -> Resolution[Object]:
    """Return the rate limits as the RunConfig holds them, empty without any; always with a condition, as in 0.44."""
    limits = spec.rate_limiting
    if limits is None:
        return Resolution({}, conditions.true(RATE_LIMITS, "RateLimitNotApplicable", "rate limiting is not configured"))
    faults = [f"{where}.refillPeriod {fault}" for where, bucket in _buckets(limits) if (fault := _fault(bucket))]
    if faults:
        return failed(RATE_LIMITS, "RefillPeriodInvalid", "; ".join(faults))
    valid = conditions.true(RATE_LIMITS, "RateLimitConfigValid", "rate limit configuration is valid")
    return Resolution(_rate_limits(limits), valid)


def _stdio_cap(spec: MCPServerSpec) -> Condition:
    if spec.transport == "stdio" and (spec.replicas or 0) > 1:
        message = "stdio transport requires exactly 1 replica; deployment will use 1 regardless of spec.replicas"
        return conditions.true("StdioReplicaCapped", "StdioTransportCapAt1", message)
    return conditions.false("StdioReplicaCapped", "StdioReplicaCapNotActive", "stdio replica cap is not active")


def _session_storage(spec: MCPServerSpec, redis: SessionRedis | None) -> Condition:
    type_ = "SessionStorageWarning"
    if (spec.replicas or 0) <= 1:
        return conditions.false(type_, "SessionStorageWarningNotApplicable", "session storage warning is not active")
    if redis:
        return conditions.false(type_, "SessionStorageConfigured", "Redis session storage is configured")
    message = "replicas > 1 but sessionStorage.provider is not redis; sessions are not shared across replicas"
    return conditions.true(type_, "SessionStorageMissingForReplicas", message)


def _buckets(limits: RateLimiting) -> Iterator[tuple[str, Bucket]]:
    """Each bucket with the path of its field."""
    named = [("spec.rateLimiting", limits.shared, limits.per_user)]
    named += [
        (f"spec.rateLimiting.tools[{index}]", tool.shared, tool.per_user) for index, tool in enumerate(limits.tools)
    ]
    for where, shared, per_user in named:
        for field, bucket in (("shared", shared), ("perUser", per_user)):
            if bucket:
                yield f"{where}.{field}", bucket


def _fault(bucket: Bucket) -> str:
    period = go_duration.read(bucket.refill_period)
    return "" if period and period > 0 else 'must be a duration above zero, such as "1m30s"'


def _rate_limits(limits: RateLimiting) -> Object:
    tools = [{"name": tool.name, **_shared_and_per_user(tool.shared, tool.per_user)} for tool in limits.tools]
    return {**_shared_and_per_user(limits.shared, limits.per_user), **({"tools": tools} if tools else {})}


def _shared_and_per_user(shared: Bucket | None, per_user: Bucket | None) -> Object:
    given = {"shared": shared, "perUser": per_user}
    return {
        field: {
            "maxTokens": bucket.max_tokens,
            "refillPeriod": go_duration.write(go_duration.read(bucket.refill_period) or 0),
        }
        for field, bucket in given.items()
        if bucket
    }
