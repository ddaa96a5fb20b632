"""Settings of an MCPServer with several proxies: the limits that they share, and the cap on those of a stdio server."""

from __future__ import annotations

from collections.abc import Iterator

from hooks import go_duration
from hooks.api.mcpserver import MCPServerSpec
from hooks.api.sessions import Bucket, RateLimiting
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.objects import Object
from hooks.references.resolution import Resolution, failed

RATE_LIMITS = "RateLimitConfigValid"


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


def stdio_condition(spec: MCPServerSpec) -> Condition:
    """Return what release 0.44 says of replicas of a stdio server, in its words."""
    if spec.transport == "stdio" and (spec.replicas or 0) > 1:
        message = "stdio transport requires exactly 1 replica; deployment will use 1 regardless of spec.replicas"
        return conditions.true("StdioReplicaCapped", "StdioTransportCapAt1", message)
    return conditions.false("StdioReplicaCapped", "StdioReplicaCapNotActive", "stdio replica cap is not active")


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
