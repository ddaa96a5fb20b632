"""No secret value leaves the hooks: every answer that a test sees is searched for those that went in."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any
from urllib.parse import quote

TELLING = 6
"""Shorter values are found in any text by chance."""


def secret_values(request: dict[str, Any]) -> list[bytes]:
    """The values of the Secrets in a hook request."""
    secrets = request.get("related", {}).get("Secret.v1", {}).values()
    values = []
    for encoded in (value for secret in secrets for value in (secret.get("data") or {}).values()):
        try:
            values.append(base64.b64decode(encoded, validate=True))
        except (binascii.Error, ValueError):
            values.append(str(encoded).encode())
    return [value for value in values if len(value) >= TELLING]


def forms(value: bytes) -> set[str]:
    """What a value looks like: plain, encoded, and the bare hashes by which it could be guessed."""
    hashes = {hashlib.new(name, value).hexdigest() for name in ("md5", "sha1", "sha256", "sha512")}
    encoded = {base64.b64encode(value).decode(), base64.urlsafe_b64encode(value).decode(), value.hex()}
    return {value.decode(errors="replace"), quote(value, safe=""), *encoded, *hashes}


def leaked(values: list[bytes], text: str) -> list[str]:
    """The forms of these values that stand in a text."""
    return sorted(form for value in values for form in forms(value) if form in text)
