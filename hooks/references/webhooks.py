"""What a proxy gets of an MCPWebhookConfig."""

from __future__ import annotations

from hooks import go_duration
from hooks.api.mcpwebhookconfig import MCPWebhookConfigSpec, WebhookSpec, WebhookTLS
from hooks.proxy.backing_services import Webhook, Webhooks


def webhooks(config: MCPWebhookConfigSpec) -> Webhooks:
    """Return what an MCPWebhookConfig makes of a server's proxy."""
    return Webhooks(
        validating=[_webhook(given) for given in config.validating],
        mutating=[_webhook(given) for given in config.mutating],
    )


def _webhook(given: WebhookSpec) -> Webhook:
    tls = given.tls_config or WebhookTLS()
    return Webhook(
        name=given.name,
        url=given.url,
        timeout_nanoseconds=go_duration.read(given.timeout or "0") or 0,
        failure_policy=given.failure_policy,
        ca=tls.ca_secret_ref,
        client_cert=tls.client_cert_secret_ref,
        client_key=tls.client_key_secret_ref,
        hmac=given.hmac_secret_ref,
        insecure_skip_verify=tls.insecure_skip_verify,
        has_tls=given.tls_config is not None,
    )
