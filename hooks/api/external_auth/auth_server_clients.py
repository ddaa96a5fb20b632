"""Who else may get tokens from an embedded authorization server: delegate clients, and clients of trusted issuers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hooks.api.meta import Rule, RuledModel, SecretKeyRef
from hooks.api.scalars import Flag

Identifier = Annotated[str, Field(min_length=1, max_length=256)]
Address = Annotated[str, Field(min_length=1, max_length=2048)]
RESERVED_CLAIMS = ("sub", "iss", "aud", "exp", "iat", "nbf", "jti", "name", "email", "scope", "scp", "may_act")


class DelegateClient(RuledModel):
    """A client that gets tokens on behalf of users by token exchange (RFC 8693)."""

    rules = (
        Rule(
            "has(self.clientSecretRef) && size(self.clientSecretRef.name) > 0 && size(self.clientSecretRef.key) > 0",
            "clientSecretRef.name and clientSecretRef.key are required and must be non-empty",
            lambda client: client.client_secret_ref.name != "" and client.client_secret_ref.key != "",
        ),
    )
    client_id: Identifier
    """Client id."""
    client_secret_ref: SecretKeyRef
    """The key of a Secret that contains the client secret, of 32 bytes or more."""
    scopes: Annotated[list[Identifier], Field(min_length=1, max_length=10)]
    """Scopes that the client may ask for."""
    audiences: Annotated[list[Address], Field(min_length=1, max_length=10)]
    """Audiences that the client may ask for."""


class TrustedIssuer(RuledModel):
    """Another issuer, whose tokens delegate clients may exchange."""

    rules = (
        Rule(
            "!('*' in self.allowedDelegateClients) || size(self.allowedDelegateClients) == 1",
            'allowedDelegateClients must not combine the wildcard "*" with specific client IDs',
            lambda issuer: "*" not in issuer.allowed_delegate_clients or len(issuer.allowed_delegate_clients) == 1,
        ),
        Rule(
            "!(has(self.allowMayAct) && self.allowMayAct && '*' in self.allowedDelegateClients)",
            'allowMayAct must not be enabled when allowedDelegateClients contains the wildcard "*"',
            lambda issuer: not issuer.allow_may_act or "*" not in issuer.allowed_delegate_clients,
        ),
        Rule(
            f"!has(self.actorClaim) || !(self.actorClaim in [{', '.join(map(repr, RESERVED_CLAIMS))}])",
            "actorClaim must name a readable claim; use client_id or a non-reserved claim such as azp, appid, or cid",
            lambda issuer: issuer.actor_claim not in RESERVED_CLAIMS,
        ),
        Rule(
            "!(has(self.allowPrivateIPs) && self.allowPrivateIPs) || (has(self.jwksUrl) && self.jwksUrl != '')",
            "allowPrivateIPs requires jwksUrl to be set explicitly",
            lambda issuer: not issuer.allow_private_ips or issuer.jwks_url != "",
        ),
    )
    issuer_url: Address
    """Issuer that a token must name."""
    expected_audience: Address
    """Audience that a token must name."""
    jwks_url: Annotated[str, Field(max_length=2048)] = ""
    """URL of the issuer's keys; found by discovery when left out."""
    insecure_allow_http: Flag = Field(default=False, alias="insecureAllowHTTP")
    """Whether the issuer may have an http:// URL; for development only."""
    allow_private_ips: Flag = Field(default=False, alias="allowPrivateIPs")
    """Whether jwksUrl may have a private IP address."""
    actor_claim: Annotated[str, Field(max_length=64)] = ""
    """Claim of a token that names the client which got it."""
    allowed_actors: Annotated[list[Identifier], Field(max_length=50)] = Field(default_factory=list)
    """Values that actorClaim may have; any when empty."""
    allowed_delegate_clients: Annotated[list[Identifier], Field(min_length=1, max_length=50)]
    """Delegate clients that may exchange the issuer's tokens, or "*" alone for all of them."""
    allow_may_act: bool = False
    """Whether a token's may_act claim counts."""
