"""MCPExternalAuthConfig: how a server's callers' tokens become tokens for the API behind it (RFC 8693)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic.alias_generators import to_snake

from hooks.api.mcpexternalauthconfig import MCPExternalAuthConfigSpec, TokenExchange
from hooks.api.meta import SecretKeyRef
from hooks.controllers import conditions, shared_config
from hooks.controllers.controller import Config
from hooks.controllers.credentials import BEARER_TOKEN, CLIENT_SECRET, HEADER_VALUE, Use, credential
from hooks.controllers.kinds import MCP_EXTERNAL_AUTH_CONFIG
from hooks.controllers.shared_config import Judgement, SharedConfig
from hooks.controllers.texts import HEADER_NAME, text_fault
from hooks.controllers.urls import url_fault
from hooks.protocol import OBJECT_NAME, Object, SyncRequest

_SCOPE = re.compile(r"[!#-\[\]-~]+")  # RFC 6749, section 3.3
SECRET_KEY = re.compile(r"[-._A-Za-z0-9]{1,253}")
"""What the API server admits as a key of a Secret."""

CREDENTIALS: dict[str, tuple[str, Use]] = {
    "tokenExchange": ("clientSecretRef", CLIENT_SECRET),
    "bearerToken": ("tokenSecretRef", BEARER_TOKEN),
    "headerInjection": ("valueSecretRef", HEADER_VALUE),
}
"""The field that names a Secret, in the block of each type that has one, and what the Secret's value is used for."""


def judge(spec: MCPExternalAuthConfigSpec, request: SyncRequest, config: Config) -> Judgement:
    """Check that a config's parts can be used, and that its Secret can be had.

    The secret's value stays here: the status gets a digest, by which a server sees that the content changed.
    """
    fault = next(_faults(spec), None)
    if fault:
        return Judgement([conditions.false("Valid", *fault)])
    valid = conditions.true("Valid", "Valid", "The spec is valid")
    needed = _needed(spec)
    if needed is None or not config.read_secrets:
        return Judgement([valid])
    available, digest = credential(request, *needed, config.digest_key)
    return Judgement([valid, available], {"credentialDigest": digest} if digest else {})


def _needed(spec: MCPExternalAuthConfigSpec) -> tuple[str, SecretKeyRef, Use] | None:
    """The field that names a Secret, what it says, and what the Secret's value is used for."""
    if spec.type not in CREDENTIALS:
        return None
    field, use = CREDENTIALS[spec.type]
    block = getattr(spec, to_snake(spec.type))  # set exactly when it is the type's: the model has the rule
    return f"spec.{spec.type}.{field}", getattr(block, to_snake(field)), use


def _faults(spec: MCPExternalAuthConfigSpec) -> Iterator[tuple[str, str]]:
    """Reason and message of what the schema admits and no token endpoint, proxy or API server would."""
    if spec.token_exchange:
        yield from _exchange_faults(spec.token_exchange)
    if spec.header_injection and not HEADER_NAME.fullmatch(spec.header_injection.header_name):
        yield "HeaderNameInvalid", "spec.headerInjection.headerName must be an HTTP header's name, such as X-Api-Key"
    where, reference, _ = _needed(spec) or ("", None, None)
    if reference and not OBJECT_NAME.fullmatch(reference.name):
        yield "SecretNameInvalid", f"{where}.name must be the name of a Secret"
    if reference and not SECRET_KEY.fullmatch(reference.key):
        yield "SecretKeyInvalid", f"{where}.key must be letters, digits, '-', '_' and '.'"


def _exchange_faults(exchange: TokenExchange) -> Iterator[tuple[str, str]]:
    where = "spec.tokenExchange"
    for field, noun, value in (
        ("clientId", "ClientId", exchange.client_id),
        ("audience", "Audience", exchange.audience),
    ):
        if not value.strip():
            yield f"{noun}Missing", f"{where}.{field} must not be empty"
        elif fault := text_fault(value):
            yield f"{noun}Invalid", f"{where}.{field} {fault}"
    if fault := url_fault(exchange.token_url, "https", "http"):
        yield "TokenUrlInvalid", f"{where}.tokenUrl {fault}"
    for index, scope in enumerate(exchange.scopes):
        if not _SCOPE.fullmatch(scope):
            yield "ScopeInvalid", f"{where}.scopes[{index}] must be one scope: printable, without spaces and quotes"
        if scope in exchange.scopes[:index]:
            yield "ScopeRepeated", f"{where}.scopes[{index}] repeats {scope!r}"
    header = exchange.external_token_header_name
    if header and not HEADER_NAME.fullmatch(header):
        message = f"{where}.externalTokenHeaderName must be an HTTP header's name, such as X-Upstream-Token"
        yield "HeaderNameInvalid", message


def _secrets(spec: Object) -> list[str]:
    blocks = [(spec.get(type_), field) for type_, (field, _) in CREDENTIALS.items()]
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
