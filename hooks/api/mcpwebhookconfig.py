"""MCPWebhookConfig: HTTP services that see each call before the MCP server does."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hooks.api.meta import Model, Rule, RuledModel, SecretKeyRef
from hooks.api.scalars import Duration, Flag, HttpUrl


class WebhookTLS(Model):
    """TLS to the webhook: the certificates to trust, and the proxy's client certificate."""

    ca_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that contains the certificates by which the server is checked, as PEM."""
    client_cert_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that contains the proxy's client certificate, as PEM; it needs clientKeySecretRef."""
    client_key_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that contains the private key of the client certificate, as PEM."""
    insecure_skip_verify: Flag = False
    """Whether to skip the check of the server's certificate and allow an http:// URL; for development only."""


class WebhookSpec(Model):
    """An HTTP service that is asked about each call."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    """Name of the webhook."""
    url: HttpUrl
    """URL that the proxy calls, https unless tlsConfig.insecureSkipVerify is set."""
    timeout: Duration | None = None
    """How long the proxy waits for an answer, from "1s" to "30s"; 10s when left out."""
    failure_policy: Literal["fail", "ignore"] = "fail"
    """Handling of a call when the webhook gives no answer: "fail" refuses it, "ignore" lets it pass."""
    tls_config: WebhookTLS | None = None
    """TLS to the webhook: the certificates to trust, and the proxy's client certificate."""
    hmac_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that contains the key with which the proxy signs what it sends."""


class MCPWebhookConfigSpec(RuledModel):
    """The desired webhooks."""

    rules = (
        Rule(
            "(has(self.validating) ? size(self.validating) : 0) + (has(self.mutating) ? size(self.mutating) : 0) > 0",
            "at least one validating or mutating webhook must be defined",
            lambda spec: len(spec.validating) + len(spec.mutating) > 0,
        ),
    )
    validating: list[WebhookSpec] = Field(default_factory=list)
    """Webhooks that admit or refuse a call, asked in this order."""
    mutating: list[WebhookSpec] = Field(default_factory=list)
    """Webhooks that may change a call, asked in this order before the validating ones."""
