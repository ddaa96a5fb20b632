"""MCPExternalAuthConfig: how a server's callers' tokens become tokens for the API behind it (RFC 8693)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator

from hooks.api.external_auth import MCPExternalAuthConfigSpec
from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG
from hooks.api.meta import SecretKeyRef, secret_refs
from hooks.controllers.configs.config_controller import ConfigController, Validation
from hooks.installation import Config
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import SECRET
from hooks.kubernetes.names import OBJECT_NAME, SECRET_KEY
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import SyncRequest
from hooks.references.table import references_to


def validate(spec: MCPExternalAuthConfigSpec, request: SyncRequest, config: Config) -> Validation:
    """Check that a config's parts can be used, and that its Secret can be had.

    The secret's value stays here: the status gets a digest, by which a server sees that the content changed.
    """
    fault = next(_faults(spec), None)
    if fault:
        return Validation([conditions.false("Valid", *fault)])
    valid = conditions.true("Valid", "Valid", "The spec is valid")
    reference = next(secret_refs(spec), None)
    if reference is None or not config.read_secrets:
        return Validation([valid])
    available, digest = _credential(request, *reference, config.digest_key)
    return Validation([valid, available], {"credentialDigest": digest} if digest else {})


def _faults(spec: MCPExternalAuthConfigSpec) -> Iterator[tuple[str, str]]:
    """Reason and message of what the schema admits and no token endpoint, proxy or API server would."""
    if spec.block:
        yield from spec.block.faults()
    for where, reference in secret_refs(spec):
        if not OBJECT_NAME.fullmatch(reference.name):
            yield "SecretNameInvalid", f"{where}.name must be the name of a Secret"
        if not SECRET_KEY.fullmatch(reference.key):
            yield "SecretKeyInvalid", f"{where}.key must be letters, digits, '-', '_' and '.'"


def _credential(request: SyncRequest, field: str, reference: SecretKeyRef, digest_key: bytes) -> tuple[Condition, str]:
    """Whether the Secret has a value at the key, and what stands for that value in the status."""
    request.related.require(SECRET)
    key = reference.key
    where = f"Secret {reference.name!r} of namespace {request.namespace!r}"
    secret = request.related.get(SECRET, reference.name)
    if secret is None:
        message = f"{where} not found: create it, or correct {field}.name"
        return conditions.false("SecretAvailable", "SecretNotFound", message), ""
    encoded = (secret.get("data") or {}).get(key)
    if encoded is None:
        message = f"{where} has no key {key!r}: add it, or correct {field}.key"
        return conditions.false("SecretAvailable", "SecretKeyNotFound", message), ""
    if not encoded:
        message = f"{where} has nothing at key {key!r}: put the credential there"
        return conditions.false("SecretAvailable", "SecretKeyEmpty", message), ""
    available = conditions.true("SecretAvailable", "SecretAvailable", f"{where} has key {key!r}")
    return available, _digest(secret, encoded, digest_key)


def _digest(secret: Object, encoded: str, digest_key: bytes) -> str:
    """A name for the secret's content that changes with it, and from which the content can't be guessed.

    With an installation key, an HMAC of the value. The namespace goes in too: else whoever reads the status of another
    namespace's config could test guesses by writing them into a Secret of their own. Without a key, nothing made from
    the value: the Secret's identity and version stand in, and an edit of its metadata counts as a change.
    """
    metadata = secret["metadata"]
    if not digest_key:
        return f"{metadata.get('uid', '')}.{metadata.get('resourceVersion', '')}"
    try:
        value = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        value = encoded.encode()
    return hmac.new(digest_key, f"{metadata['namespace']}\0".encode() + value, hashlib.sha256).hexdigest()


CONTROLLER = ConfigController(
    MCP_EXTERNAL_AUTH_CONFIG, MCPExternalAuthConfigSpec, references_to(MCP_EXTERNAL_AUTH_CONFIG), validate
).controller()
