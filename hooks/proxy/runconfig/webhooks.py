"""The HTTP services that see each call: `validating_webhooks` and `mutating_webhooks` of the RunConfig."""

from __future__ import annotations

from hooks.kubernetes.objects import Object
from hooks.proxy.backing_services import Webhook, Webhooks
from hooks.proxy.webhook_secrets import ca_file, client_cert_file, client_key_file, hmac_file


def webhook_configs(kind: str, webhooks: Webhooks | None) -> list[Object]:
    """Return the webhooks of a kind, "validating" or "mutating", in their order."""
    given = () if webhooks is None else webhooks.validating if kind == "validating" else webhooks.mutating
    return [_webhook(kind, webhook) for webhook in given]


def _webhook(kind: str, webhook: Webhook) -> Object:
    hmac = hmac_file(kind, webhook)
    return {
        "name": webhook.name,
        "url": webhook.url,
        "timeout": webhook.timeout_nanoseconds,
        "failure_policy": webhook.failure_policy,
        **({"tls_config": _tls(kind, webhook)} if webhook.has_tls else {}),
        **({"hmac_secret_ref": hmac.path} if hmac else {}),
    }


def _tls(kind: str, webhook: Webhook) -> Object:
    """The runner refuses a client certificate without its key, and a key without its certificate."""
    ca, cert, key = ca_file(kind, webhook), client_cert_file(kind, webhook), client_key_file(kind, webhook)
    return {
        **({"ca_bundle_path": ca.path} if ca else {}),
        **({"client_cert_path": cert.path, "client_key_path": key.path} if cert and key else {}),
        **({"insecure_skip_verify": True} if webhook.insecure_skip_verify else {}),
    }
