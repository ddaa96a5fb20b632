"""MCPExternalAuthConfig: how a server's callers' tokens become tokens for the API behind it (RFC 8693)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic.alias_generators import to_snake

from hooks.api.mcpexternalauthconfig import MCPExternalAuthConfigSpec, TokenExchange
from hooks.api.meta import SecretKeyRef
from hooks.controllers import conditions, shared_config
from hooks.controllers.conditions import Condition
from hooks.controllers.controller import Config
from hooks.controllers.kinds import MCP_EXTERNAL_AUTH_CONFIG, SECRET
from hooks.controllers.shared_config import Judgement, SharedConfig
from hooks.protocol import OBJECT_NAME, Object, SyncRequest

_SCOPE = re.compile(r"[!#-\[\]-~]+")  # RFC 6749, section 3.3
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
SECRET_KEY = re.compile(r"[-._A-Za-z0-9]{1,253}")
"""What the API server admits as a key of a Secret."""

SECRET_REFS = {
    "tokenExchange": "clientSecretRef",
    "bearerToken": "tokenSecretRef",
    "headerInjection": "valueSecretRef",
}
"""The field that names a Secret, in the block of each type that has one."""


def judge(spec: MCPExternalAuthConfigSpec, request: SyncRequest, config: Config) -> Judgement:
    """Check that a config's parts can be used, and that its Secret can be had.

    The secret's value stays here: the status gets a digest, by which a server sees that the content changed.
    """
    fault = next(_faults(spec), None)
    if fault:
        return Judgement([conditions.false("Valid", *fault)])
    valid = conditions.true("Valid", "Valid", "The spec is valid")
    reference = secret_ref(spec)
    if reference is None or not config.read_secrets:
        return Judgement([valid])
    available, digest = _credential(request, *reference, config.digest_key)
    return Judgement([valid, available], {"credentialDigest": digest} if digest else {})


def secret_ref(spec: MCPExternalAuthConfigSpec) -> tuple[str, SecretKeyRef] | None:
    """The Secret that a config needs, and the field that names it."""
    field = SECRET_REFS.get(spec.type)
    if field is None:
        return None
    block = getattr(spec, to_snake(spec.type))  # set exactly when it is the type's: the model has the rule
    return f"spec.{spec.type}.{field}", getattr(block, to_snake(field))


def _faults(spec: MCPExternalAuthConfigSpec) -> Iterator[tuple[str, str]]:
    """Reason and message of what the schema admits and no token endpoint, proxy or API server would."""
    if spec.token_exchange:
        yield from _exchange_faults(spec.token_exchange)
    if spec.header_injection and not _HEADER.fullmatch(spec.header_injection.header_name):
        yield "HeaderNameInvalid", "spec.headerInjection.headerName must be an HTTP header's name, such as X-Api-Key"
    where, reference = secret_ref(spec) or ("", None)
    if reference and not OBJECT_NAME.fullmatch(reference.name):
        yield "SecretNameInvalid", f"{where}.name must be the name of a Secret"
    if reference and not SECRET_KEY.fullmatch(reference.key):
        yield "SecretKeyInvalid", f"{where}.key must be letters, digits, '-', '_' and '.'"


def _exchange_faults(exchange: TokenExchange) -> Iterator[tuple[str, str]]:
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


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


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


def _secrets(spec: Object) -> list[str]:
    blocks = [(spec.get(type_), field) for type_, field in SECRET_REFS.items()]
    references = [block.get(field) for block, field in blocks if isinstance(block, dict)]
    names = [reference.get("name") for reference in references if isinstance(reference, dict)]
    return [name for name in names if isinstance(name, str) and name]


EXTERNAL_AUTH = SharedConfig(
    kind=MCP_EXTERNAL_AUTH_CONFIG,
    model=MCPExternalAuthConfigSpec,
    server_field="externalAuthConfigRef",
    judge=judge,
    secrets=_secrets,
)
CONTROLLER = shared_config.controller(EXTERNAL_AUTH)
