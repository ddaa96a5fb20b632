"""Where the sessions of several proxies are kept, and how often callers may call."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hooks.api.meta import MapList, Model, Rule, RuledModel, SecretKeyRef
from hooks.api.scalars import Count, Duration, NonEmpty, Positive


class SessionStorage(RuledModel):
    """Where sessions are kept, so that several proxies can share them."""

    rules = (
        Rule(
            "self.provider == 'redis' ? has(self.address) : true",
            "address is required",
            lambda storage: storage.provider != "redis" or storage.address != "",
        ),
    )
    provider: Literal["memory", "redis"]
    """Where sessions are kept: in each proxy's own memory, or in a Redis that all of them share."""
    address: NonEmpty = ""
    """Address of the Redis server as HOST:PORT, for provider "redis"."""
    db: Count = 0
    """Number of the Redis database."""
    key_prefix: str = ""
    """Prefix of every key in Redis."""
    password_ref: SecretKeyRef | None = None
    """The key of a Secret that contains the password of the Redis server."""


class Bucket(Model):
    """A token bucket: each call takes a token, and one without a token is refused."""

    max_tokens: Positive
    """How many calls may come at once: the size of the bucket."""
    refill_period: Duration
    """Time in which an empty bucket refills, such as "1m"."""


class ToolLimit(RuledModel):
    """How often one tool may be called."""

    rules = (
        Rule(
            "has(self.shared) || has(self.perUser)",
            "at least one of shared or perUser must be configured",
            lambda limit: limit.shared is not None or limit.per_user is not None,
        ),
    )
    name: NonEmpty
    """Name of the tool."""
    shared: Bucket | None = None
    """The bucket that all callers share."""
    per_user: Bucket | None = None
    """The bucket that each caller has; it needs callers that authenticate."""


class RateLimiting(RuledModel):
    """How often callers may call."""

    rules = (
        Rule(
            "has(self.shared) || has(self.perUser) || (has(self.tools) && size(self.tools) > 0)",
            "at least one of shared, perUser, or tools must be configured",
            lambda limits: limits.shared is not None or limits.per_user is not None or limits.tools != [],
        ),
    )
    shared: Bucket | None = None
    """The bucket that all callers share."""
    per_user: Bucket | None = None
    """The bucket that each caller has; it needs callers that authenticate."""
    tools: Annotated[list[ToolLimit], MapList("name")] = Field(default_factory=list)
    """Further buckets for calls of single tools."""
