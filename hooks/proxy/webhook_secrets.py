"""The Secrets of webhooks, each a file in the proxy's pod: RunConfig and volumes take path and name from here.

Release 0.44.0 makes both from an identifier, and so do we, to the letter (behind `webhookSecretIdentifier` in its
operator's webhook.go).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hooks.api.meta import SecretKeyRef
from hooks.proxy.backing_services import Webhook, Webhooks

FOLDER = "/etc/toolhive/webhooks"


@dataclass(frozen=True, slots=True)
class SecretFile:
    """One key of a Secret as a file."""

    identifier: str
    """By kind, webhook, purpose and Secret: the same one stands for the same file."""
    secret: SecretKeyRef
    file: str

    @property
    def path(self) -> str:
        """Where the proxy finds it."""
        return f"{FOLDER}/{self.identifier.lower()}/{self.file}"

    @property
    def volume(self) -> str:
        """Name of its volume."""
        return f"whsec-{fnv_1a(f'(string){self.identifier}')}"


def hmac_file(kind: str, webhook: Webhook) -> SecretFile | None:
    """Return the file with the key that signs what is sent to a webhook; `kind` is "validating" or "mutating"."""
    return _file(kind, webhook, "hmac", webhook.hmac, "hmac")


def ca_file(kind: str, webhook: Webhook) -> SecretFile | None:
    """Return the file with the certificates that a webhook's own is checked against."""
    return _file(kind, webhook, "tls_ca", webhook.ca, "ca.crt")


def client_cert_file(kind: str, webhook: Webhook) -> SecretFile | None:
    """Return the file with the certificate that the proxy shows to a webhook."""
    return _file(kind, webhook, "tls_client_cert", webhook.client_cert, "tls.crt")


def client_key_file(kind: str, webhook: Webhook) -> SecretFile | None:
    """Return the file with that certificate's private key."""
    return _file(kind, webhook, "tls_client_key", webhook.client_key, "tls.key")


def secret_files(webhooks: Webhooks) -> list[SecretFile]:
    """Return every file once, sorted by identifier."""
    each = [("validating", webhook) for webhook in webhooks.validating]
    each += [("mutating", webhook) for webhook in webhooks.mutating]
    makers = (hmac_file, ca_file, client_cert_file, client_key_file)
    files = [make(kind, webhook) for kind, webhook in each for make in makers]
    found = {file.identifier: file for file in files if file}
    return [found[identifier] for identifier in sorted(found)]


def fnv_1a(text: str) -> str:
    """Return the 32-bit FNV-1a hash in hexadecimal, without leading zeros."""
    number = 0x811C9DC5
    for byte in text.encode():
        number = (number ^ byte) * 0x01000193 & 0xFFFFFFFF
    return f"{number:x}"


def _file(kind: str, webhook: Webhook, purpose: str, secret: SecretKeyRef | None, file: str) -> SecretFile | None:
    if secret is None:
        return None
    reference = fnv_1a(f"(string){secret.name}/{secret.key}")
    words = f"WEBHOOK_{kind}_{webhook.name}_{purpose}_{reference}"
    return SecretFile(re.sub("[^A-Z0-9_]", "_", words.upper()), secret, file)
