"""Where an embedded authorization server keeps its sessions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hooks.api.meta import Model, Rule, RuledModel, SecretKeyRef
from hooks.api.scalars import Duration, Flag, Int32


class SentinelService(Model):
    """The Service of the sentinels."""

    name: str
    """Name of the Service."""
    namespace: str = ""
    """Namespace of the Service; that of the workload when left out."""
    port: Int32 = 26379
    """Port of the Service."""


class Sentinel(Model):
    """A Redis whose master is found by sentinels."""

    master_name: str
    """Name of the master, as the sentinels know it."""
    sentinel_addrs: list[str] = Field(default_factory=list)
    """Addresses of the sentinels as HOST:PORT; they win over sentinelService."""
    sentinel_service: SentinelService | None = None
    """The Service of the sentinels."""
    db: Int32 = 0
    """Number of the Redis database."""


class RedisUser(Model):
    """The Redis ACL user of the proxy."""

    username_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that contains the user's name; the default user when left out."""
    password_secret_ref: SecretKeyRef
    """The key of a Secret that contains the user's password."""


class RedisTLS(Model):
    """TLS to Redis: it is on where this block is, even an empty one."""

    insecure_skip_verify: Flag = False
    """Whether to skip the check of the server's certificate; for development only."""
    ca_cert_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that contains the certificates by which the server is checked, as PEM."""


class RedisStorage(RuledModel):
    """A Redis: one server, a cluster, or one whose master is found by sentinels."""

    rules = (
        Rule(
            "(has(self.addr) && self.addr.size() > 0) != has(self.sentinelConfig)",
            "exactly one of addr or sentinelConfig must be set",
            lambda redis: (redis.addr != "") != (redis.sentinel_config is not None),
        ),
        Rule(
            "!(has(self.clusterMode) && self.clusterMode) || (has(self.addr) && self.addr.size() > 0)",
            "clusterMode requires addr to be set",
            lambda redis: not redis.cluster_mode or redis.addr != "",
        ),
    )
    addr: str = ""
    """Address of the server or of the cluster as HOST:PORT."""
    cluster_mode: Flag = False
    """Whether addr is that of a Redis cluster."""
    sentinel_config: Sentinel | None = None
    """The sentinels that know the master."""
    acl_user_config: RedisUser
    """The Redis ACL user of the proxy."""
    dial_timeout: Duration = "5s"
    """How long a connection may take."""
    read_timeout: Duration = "3s"
    """How long an answer may take."""
    write_timeout: Duration = "3s"
    """How long a command may take to be sent."""
    tls: RedisTLS | None = None
    """TLS to the server; without it the connection is in plain text."""
    sentinel_tls: RedisTLS | None = None
    """TLS to the sentinels; without it those connections are in plain text."""


class AuthServerStorage(Model):
    """Where the authorization server keeps logins, tokens and registered clients."""

    type: Literal["memory", "redis"] = "memory"
    """Where they are kept: in the proxy's own memory, which a restart empties, or in a Redis."""
    redis: RedisStorage | None = None
    """The Redis for type "redis"."""
