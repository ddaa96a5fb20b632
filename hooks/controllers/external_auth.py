"""MCPExternalAuthConfig: how a server's callers' tokens become tokens for the API behind it (RFC 8693)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from hooks.api.mcpexternalauthconfig import MCPExternalAuthConfigSpec, TokenExchange
from hooks.controllers import conditions, shared_config
from hooks.controllers.conditions import Condition
from hooks.controllers.controller import Config
from hooks.controllers.kinds import MCP_EXTERNAL_AUTH_CONFIG, SECRET
from hooks.controllers.shared_config import Judgement, SharedConfig
from hooks.protocol import Object, SyncRequest

_SCOPE = re.compile(r"[!#-\[\]-~]+")  # RFC 6749, section 3.3
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_SECRET_KEY = re.compile(r"[-._A-Za-z0-9]{1,253}")


def judge(spec: MCPExternalAuthConfigSpec, request: SyncRequest, config: Config) -> Judgement:
    """Check that a config's parts agree, and that its client secret can be had.

    The secret's value stays here: the status gets a digest, by which a server sees that the content changed.
    """
    if spec.token_exchange is None:
        message = "spec.tokenExchange must be set when spec.type is tokenExchange"
        return Judgement([conditions.false("Valid", "SpecInvalid", message)])
    fault = next(_faults(spec.token_exchange), None)
    if fault:
        return Judgement([conditions.false("Valid", *fault)])
    valid = conditions.true("Valid", "Valid", "The spec is valid")
    if not config.read_secrets:
        return Judgement([valid])
    reference = spec.token_exchange.client_secret_ref
    available, digest = _credential(request, reference.name, reference.key, config.digest_key)
    return Judgement([valid, available], {"credentialDigest": digest} if digest else {})


def _faults(exchange: TokenExchange) -> Iterator[tuple[str, str]]:
    """Reason and message of what the schema admits and no token endpoint, proxy or API server would."""
    where = "spec.tokenExchange"
    for field, value in (("clientId", exchange.client_id), ("audience", exchange.audience)):
        if not value.strip():
            yield f"{field[0].upper()}{field[1:]}Missing", f"{where}.{field} must not be empty"
    if not _host(exchange.token_url):
        yield "TokenUrlInvalid", f"{where}.tokenUrl has no host"
    for index, scope in enumerate(exchange.scopes):
        if not _SCOPE.fullmatch(scope):
            yield "ScopeInvalid", f"{where}.scopes[{index}] must be one scope: printable, without spaces and quotes"
        if scope in exchange.scopes[:index]:
            yield "ScopeRepeated", f"{where}.scopes[{index}] repeats {scope!r}"
    header = exchange.external_token_header_name
    if header and not _HEADER.fullmatch(header):
        message = f"{where}.externalTokenHeaderName must be an HTTP header's name, such as X-Upstream-Token"
        yield "HeaderNameInvalid", message
    if not _OBJECT_NAME.fullmatch(exchange.client_secret_ref.name):
        yield "SecretNameInvalid", f"{where}.clientSecretRef.name must be the name of a Secret"
    if not _SECRET_KEY.fullmatch(exchange.client_secret_ref.key):
        yield "SecretKeyInvalid", f"{where}.clientSecretRef.key must be letters, digits, '-', '_' and '.'"


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _credential(request: SyncRequest, name: str, key: str, digest_key: bytes) -> tuple[Condition, str]:
    """Whether the Secret has a value at the key, and what stands for that value in the status."""
    request.related.require(SECRET)
    where = f"Secret {name!r} of namespace {request.namespace!r}"
    secret = request.related.get(SECRET, name)
    if secret is None:
        message = f"{where} not found: create it, or correct spec.tokenExchange.clientSecretRef.name"
        return conditions.false("SecretAvailable", "SecretNotFound", message), ""
    encoded = (secret.get("data") or {}).get(key)
    if encoded is None:
        message = f"{where} has no key {key!r}: add it, or correct spec.tokenExchange.clientSecretRef.key"
        return conditions.false("SecretAvailable", "SecretKeyNotFound", message), ""
    if not encoded:
        message = f"{where} has nothing at key {key!r}: put the client secret there"
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


def _secrets(spec: Object) -> list[str]:
    exchange = spec.get("tokenExchange")
    reference = exchange.get("clientSecretRef") if isinstance(exchange, dict) else None
    name = reference.get("name") if isinstance(reference, dict) else None
    return [name] if isinstance(name, str) and name else []


EXTERNAL_AUTH = SharedConfig(
    kind=MCP_EXTERNAL_AUTH_CONFIG,
    model=MCPExternalAuthConfigSpec,
    server_field="externalAuthConfigRef",
    judge=judge,
    secrets=_secrets,
)
CONTROLLER = shared_config.controller(EXTERNAL_AUTH)
