"""Values of Secrets: whether they can be the credentials that they stand for, and what stands for them in a status.

Nothing here says what a value is, or how long: messages name the Secret, the key, and what to do.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re

from hooks.api.external_auth.base import Use
from hooks.api.meta import SecretKeyRef
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import SECRET
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import SyncRequest

_REMEDY = "write it again as one line of text, with `printf %s` in place of `echo`, or kubectl's --from-literal"


def credential(
    request: SyncRequest, field: str, reference: SecretKeyRef, use: Use, digest_key: bytes
) -> tuple[Condition, str]:
    """Look a credential up among the related objects, and judge it by its use.

    Args:
        request: of a config that refers to a Secret.
        field: path of the reference in the config's spec.
        reference: the Secret and its key.
        use: what the value is used for.
        digest_key: the installation's key; may be empty.

    Returns:
        The condition SecretAvailable, and what stands for the value in the status: empty where it can't be used.
    """
    request.related.require(SECRET)
    name, key = reference.name, reference.key
    where = f"Secret {name!r} of namespace {request.namespace!r}"
    secret = request.related.get(SECRET, name)
    if secret is None:
        return _unavailable("SecretNotFound", f"{where} not found: create it, or correct {field}.name"), ""
    encoded = (secret.get("data") or {}).get(key)
    if encoded is None:
        return _unavailable("SecretKeyNotFound", f"{where} has no key {key!r}: add it, or correct {field}.key"), ""
    value = _decoded(encoded)
    if value is None:
        message = f"{where} has something at key {key!r} that is not base64: encode it, or put it into stringData"
        return _unavailable("SecretValueInvalid", message), ""
    if not value.decode(errors="replace").strip():
        message = f"{where} has nothing{' but blanks' if value else ''} at key {key!r}: put the credential there"
        return _unavailable("SecretKeyEmpty", message), ""
    fault = _fault(value)
    if fault:
        message = f"{where} has a value at key {key!r} that {fault}, and can't be a {use.noun}: {_REMEDY}"
        return _unavailable("SecretValueInvalid", message), ""
    notes = "".join(f"; its value {note}" for note in _notes(value.decode(), use))
    available = conditions.true("SecretAvailable", "SecretAvailable", f"{where} has key {key!r}{notes}")
    return available, _digest(secret, key, value, digest_key)


def _unavailable(reason: str, message: str) -> Condition:
    return conditions.false("SecretAvailable", reason, message)


def _decoded(encoded: str) -> bytes | None:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None


def _fault(value: bytes) -> str:
    """What keeps a value out of an environment variable or an HTTP request, or would make it another one there."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return "is not UTF-8"  # the environment goes to container runtimes in JSON, where it would become another
    if re.search(r"[\r\n]", text):
        return "ends with a line break" if not re.search(r"[\r\n]", text.rstrip("\r\n")) else "has line breaks"
    if re.search(r"[\x00-\x1f\x7f]", text):
        return "has a control character"
    return ""


def _notes(text: str, use: Use) -> list[str]:
    """What works, and is rarely meant."""
    notes = []
    if text != text.strip():
        notes.append("begins or ends with a blank, which counts as part of it")
    if not use.usual.fullmatch(text.strip()):
        notes.append(f"has other characters than a {use.noun} is made of by {use.specification}")
    return notes


def _digest(secret: Object, key: str, value: bytes, digest_key: bytes) -> str:
    """A name for a value that changes with it, and from which the value can't be guessed.

    With an installation key, an HMAC. Namespace, Secret and key go in too, apart by what none of them can hold: else
    whoever reads the statuses would see which credentials are the same, and could test guesses by a Secret of their
    own. Without a key, nothing made from the value: the Secret's identity and version stand in, and an edit of its
    metadata counts as a change.
    """
    metadata = secret["metadata"]
    if not digest_key:
        return f"{metadata.get('uid', '')}.{metadata.get('resourceVersion', '')}"
    place = "\0".join((metadata["namespace"], metadata["name"], key, ""))
    return hmac.new(digest_key, place.encode() + value, hashlib.sha256).hexdigest()
