"""Replicas, the Redis that proxies share, and rate limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.kubernetes.objects import Object
from tests.world import CONFIG, child, condition, run_config, server, sync

REDIS = {"provider": "redis", "address": "redis:6379"}
NOT_CAPPED = ("False", "StdioReplicaCapNotActive", "stdio replica cap is not active")
CAPPED = (
    "True",
    "StdioTransportCapAt1",
    "stdio transport requires exactly 1 replica; deployment will use 1 regardless of spec.replicas",
)
NOT_APPLICABLE = ("False", "SessionStorageWarningNotApplicable", "session storage warning is not active")
CONFIGURED = ("False", "SessionStorageConfigured", "Redis session storage is configured")
MISSING = (
    "True",
    "SessionStorageMissingForReplicas",
    "replicas > 1 but sessionStorage.provider is not redis; sessions are not shared across replicas",
)


def bucket(tokens: int, period: str) -> Object:
    return {"maxTokens": tokens, "refillPeriod": period}


@pytest.mark.parametrize(
    ("spec", "replicas", "cap", "storage"),
    [
        ({"transport": "sse"}, None, NOT_CAPPED, NOT_APPLICABLE),
        ({"transport": "sse", "replicas": 1}, 1, NOT_CAPPED, NOT_APPLICABLE),
        ({"transport": "sse", "replicas": 2}, 2, NOT_CAPPED, MISSING),
        ({"transport": "sse", "replicas": 2, "sessionStorage": {"provider": "memory"}}, 2, NOT_CAPPED, MISSING),
        ({"transport": "sse", "replicas": 2, "sessionStorage": REDIS}, 2, NOT_CAPPED, CONFIGURED),
        ({"replicas": 3}, 1, CAPPED, MISSING),
        ({"replicas": 0}, 0, NOT_CAPPED, NOT_APPLICABLE),
    ],
)
def test_replicas_are_the_specs_and_one_at_most_for_stdio(
    spec: Any, replicas: int | None, cap: object, storage: object
) -> None:
    answer = sync(server(**spec))

    assert child(answer, DEPLOYMENT, "demo")["spec"].get("replicas") == replicas
    assert condition(answer, "StdioReplicaCapped") == cap
    assert condition(answer, "SessionStorageWarning") == storage


def test_a_server_without_a_redis_has_the_installations() -> None:
    shared = replace(CONFIG, default_redis_address="redis.infra:6379")
    own = {"provider": "redis", "address": "mine:6379", "db": 2, "keyPrefix": "demo:"}

    def redis(**spec: Any) -> Object | None:
        found: Object | None = run_config(sync(server(**spec), config=shared))["scaling_config"].get("session_redis")
        return found

    assert "scaling_config" not in run_config(sync(server()))
    assert redis() == {"address": "redis.infra:6379"}
    assert redis(sessionStorage={"provider": "memory"}) == {"address": "redis.infra:6379"}
    assert redis(sessionStorage=own) == {"address": "mine:6379", "db": 2, "key_prefix": "demo:"}
    scaled = sync(server(transport="sse", replicas=2), config=shared)
    assert condition(scaled, "SessionStorageWarning") == CONFIGURED


def test_rate_limits_reach_the_runconfig_with_durations_as_go_prints_them() -> None:
    tools = [{"name": "search", "shared": bucket(5, "1h"), "perUser": bucket(1, "500ms")}]
    limits = {"shared": bucket(100, "1m"), "perUser": bucket(10, "90s"), "tools": tools}
    oidc = {"type": "inline", "inline": {"issuer": "https://idp.acme.test", "audience": "demo"}}

    answer = sync(server(sessionStorage=REDIS, rateLimiting=limits, oidcConfig=oidc))

    assert run_config(answer)["rate_limit_config"] == {
        "shared": bucket(100, "1m0s"),
        "perUser": bucket(10, "1m30s"),
        "tools": [{"name": "search", "shared": bucket(5, "1h0m0s"), "perUser": bucket(1, "500ms")}],
    }
    assert run_config(answer)["rate_limit_namespace"] == "team-a"
    valid = ("True", "RateLimitConfigValid", "rate limit configuration is valid")
    assert condition(answer, "RateLimitConfigValid") == valid


def test_a_bucket_that_never_refills_is_no_limit_that_the_proxy_starts_with() -> None:
    limits = {"shared": bucket(100, "0s"), "tools": [{"name": "search", "shared": bucket(5, "0ms")}]}

    answer = sync(server(sessionStorage=REDIS, rateLimiting=limits))

    message = (
        'spec.rateLimiting.shared.refillPeriod must be a duration above zero, such as "1m30s"; '
        'spec.rateLimiting.tools[0].shared.refillPeriod must be a duration above zero, such as "1m30s"'
    )
    assert condition(answer, "RateLimitConfigValid") == ("False", "RefillPeriodInvalid", message)
    assert (answer["status"]["phase"], answer["status"]["message"]) == ("Failed", message)
