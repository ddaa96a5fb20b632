"""External auth of type embeddedAuthServer: the proxy is an OAuth authorization server for its own callers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hooks.api.external_auth.auth_server_clients import DelegateClient, TrustedIssuer
from hooks.api.external_auth.base import ExternalAuth
from hooks.api.external_auth.redis_storage import AuthServerStorage
from hooks.api.external_auth.upstreams import UpstreamProvider
from hooks.api.meta import MapList, Model, Rule, RuledModel, SecretKeyRef
from hooks.api.scalars import BaseUrl, Duration, Positive, ProviderName

Scope = Annotated[str, Field(min_length=1, pattern=r"^[\x21\x23-\x5B\x5D-\x7E]+$")]
RedirectUri = Annotated[str, Field(pattern=r"^https://[^\s?#]+$")]


class TokenLifespans(Model):
    """How long what the authorization server issues is good for."""

    access_token_lifespan: Duration | None = None
    """Life of an access token; "1h" when left out."""
    refresh_token_lifespan: Duration | None = None
    """Life of a refresh token; "168h" when left out."""
    auth_code_lifespan: Duration | None = None
    """Life of an authorization code; "10m" when left out."""


class ClientMetadataDocuments(Model):
    """Clients that are known by the URL of a document about them (OAuth Client ID Metadata Document)."""

    enabled: bool = False
    """Whether clients are accepted that are known by the URL of a document."""
    cache_max_size: Positive | None = None
    """How many documents are cached."""
    cache_fallback_ttl: Duration | None = None
    """How long a document without a lifetime of its own is cached."""


class EmbeddedAuthServer(ExternalAuth, RuledModel):
    """An OAuth authorization server in the proxy, at which callers log in through an upstream provider."""

    rules = (
        Rule(
            "!(has(self.allowConfidentialClientRegistration) && self.allowConfidentialClientRegistration && "
            "has(self.insecureAllowHTTP) && self.insecureAllowHTTP)",
            "allowConfidentialClientRegistration cannot be combined with insecureAllowHTTP; client secrets would be "
            "issued in cleartext over an unauthenticated endpoint",
            lambda auth: not (auth.allow_confidential_client_registration and auth.insecure_allow_http),
        ),
        Rule(
            "!has(self.delegateClients) || size(self.delegateClients) == 0 || !self.issuer.startsWith('http://')",
            "delegateClients require an https:// issuer; delegate client secrets must not be sent over plaintext HTTP",
            lambda auth: not auth.delegate_clients or not auth.issuer.startswith("http://"),
        ),
        Rule(
            "(!has(self.forceConfidentialRedirectUris) || size(self.forceConfidentialRedirectUris) == 0) || "
            "(has(self.allowConfidentialClientRegistration) && self.allowConfidentialClientRegistration)",
            "forceConfidentialRedirectUris requires allowConfidentialClientRegistration to be true",
            lambda auth: not auth.force_confidential_redirect_uris or auth.allow_confidential_client_registration,
        ),
    )
    issuer: BaseUrl
    """URL of the authorization server, as its tokens name it."""
    authorization_endpoint_base_url: BaseUrl = ""
    """URL under which users reach the authorization endpoint, where it isn't the issuer's."""
    signing_key_secret_refs: Annotated[list[SecretKeyRef], Field(max_length=5)] = Field(default_factory=list)
    """Private keys as PEM, of which the first signs and all verify tokens; each start makes a new one when empty."""
    hmac_secret_refs: list[SecretKeyRef] = Field(default_factory=list)
    """Secrets of 32 bytes or more that sign refresh tokens, the current one first; each start makes one when empty."""
    token_lifespans: TokenLifespans | None = None
    """How long tokens and codes are good for."""
    upstream_providers: Annotated[list[UpstreamProvider], Field(min_length=1), MapList("name")]
    """The identity providers at which users log in; an MCPServer or MCPRemoteProxy takes exactly one."""
    primary_upstream_provider: ProviderName = ""
    """Accepted for compatibility, and without effect on an MCPServer or MCPRemoteProxy."""
    storage: AuthServerStorage | None = None
    """Where logins, tokens and registered clients are kept."""
    disable_upstream_token_injection: bool = False
    """Whether the upstream provider's token is kept from the MCP server."""
    insecure_allow_http: bool = Field(default=False, alias="insecureAllowHTTP")
    """Whether the issuer may be an http:// URL; for development only."""
    baseline_client_scopes: Annotated[list[Scope], Field(max_length=10)] = Field(default_factory=list)
    """Scopes that every registered client gets."""
    allow_confidential_client_registration: bool = False
    """Whether clients may register that have a secret."""
    insecure_allow_confidential_over_loopback_http: bool = Field(
        default=False, alias="insecureAllowConfidentialOverLoopbackHTTP"
    )
    """Whether clients may register that have a secret, with an http:// issuer on loopback; for development only."""
    delegate_clients: Annotated[list[DelegateClient], Field(max_length=10)] = Field(default_factory=list)
    """Clients that get tokens on behalf of users by token exchange."""
    trusted_issuers: Annotated[list[TrustedIssuer], Field(max_length=20)] = Field(default_factory=list)
    """Other issuers, whose tokens delegate clients may exchange."""
    force_confidential_redirect_uris: Annotated[list[RedirectUri], Field(max_length=10)] = Field(default_factory=list)
    """Redirect URIs whose clients always get a secret."""
    cimd: ClientMetadataDocuments | None = None
    """Clients that are known by the URL of a document about them."""
