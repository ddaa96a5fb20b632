"""The parts of a ProxySpec about services that a proxy calls beside its backend: webhooks, and the replicas' Redis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hooks.api.meta import SecretKeyRef


@dataclass(frozen=True, slots=True)
class Webhook:
    """An HTTP service that sees each call before the MCP server does."""

    name: str
    url: str
    timeout_nanoseconds: int
    """0 for the runner's default, 10 s."""
    failure_policy: str
    """"fail" or "ignore": what becomes of a call when the webhook can't be asked."""
    ca: SecretKeyRef | None
    client_cert: SecretKeyRef | None
    client_key: SecretKeyRef | None
    hmac: SecretKeyRef | None
    """The key with which the proxy signs what it sends."""
    insecure_skip_verify: bool
    has_tls: bool
    """Whether the user gave TLS settings at all."""


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The webhooks of one MCPWebhookConfig, each list in its order."""

    validating: Sequence[Webhook]
    mutating: Sequence[Webhook]


@dataclass(frozen=True, slots=True)
class SessionRedis:
    """The Redis in which proxies share sessions and rate limits."""

    address: str
    db: int
    key_prefix: str
    password: SecretKeyRef | None
