"""External auth of type tokenExchange: the caller's token is exchanged for one of the backend (RFC 8693)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from hooks.api.external_auth.base import ExternalAuth
from hooks.api.meta import SecretKeyRef
from hooks.api.scalars import HttpUrl
from hooks.api.texts import HEADER_NAME, text_fault
from hooks.api.urls import url_fault

_SUBJECT_TYPE = "^(access_token|id_token|jwt|urn:ietf:params:oauth:token-type:(access_token|id_token|jwt))?$"
_SCOPE = re.compile(r"[!#-\[\]-~]+")  # RFC 6749, section 3.3


class TokenExchange(ExternalAuth):
    """OAuth 2.0 token exchange, RFC 8693."""

    token_url: HttpUrl
    """URL of the token endpoint, http or https."""
    client_id: str = ""
    """Client id with which the proxy authenticates at the token endpoint; none where that asks for none."""
    client_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that contains the client secret; none for a public client."""
    audience: str
    """Audience of the token to get."""
    scopes: list[str] = Field(default_factory=list)
    """Scopes of the token to get."""
    subject_token_type: Annotated[str, Field(pattern=_SUBJECT_TYPE)] = ""
    """Type of the caller's token: access_token, id_token or jwt, or its URN; access_token when left out."""
    subject_provider_name: str = ""
    """Accepted for compatibility, and without effect on an MCPServer or MCPRemoteProxy."""
    external_token_header_name: str = ""
    """Header that carries the token to the MCP server; the Authorization header when left out."""

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield reason and message of each value that the schema admits and no token endpoint or proxy would."""
        where = "spec.tokenExchange"
        if not self.audience.strip():
            yield "AudienceMissing", f"{where}.audience must not be empty"
        if self.client_secret_ref and not self.client_id.strip():
            yield "ClientIdMissing", f"{where}.clientId must be set where clientSecretRef is"
        for field, noun, value in (("clientId", "ClientId", self.client_id), ("audience", "Audience", self.audience)):
            if fault := text_fault(value):
                yield f"{noun}Invalid", f"{where}.{field} {fault}"
        if fault := url_fault(self.token_url, "https", "http"):
            yield "TokenUrlInvalid", f"{where}.tokenUrl {fault}"
        for index, scope in enumerate(self.scopes):
            if not _SCOPE.fullmatch(scope):
                yield "ScopeInvalid", f"{where}.scopes[{index}] must be one scope: printable, without spaces and quotes"
            if scope in self.scopes[:index]:
                yield "ScopeRepeated", f"{where}.scopes[{index}] repeats {scope!r}"
        header = self.external_token_header_name
        if header and not HEADER_NAME.fullmatch(header):
            message = f"{where}.externalTokenHeaderName must be an HTTP header's name, such as X-Upstream-Token"
            yield "HeaderNameInvalid", message
