"""The upstream providers at which an embedded authorization server lets users log in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hooks.api.meta import Model, Rule, RuledModel, SecretKeyRef
from hooks.api.scalars import Flag, NonEmpty, ProviderName

AnyHttpUrl = Annotated[str, Field(pattern="^https?://.*$")]
RegistrationUrl = Annotated[str, Field(max_length=2048, pattern=r"^https://[^\s?#]+[^/\s?#]$")]
ClaimPath = Annotated[str, Field(min_length=1, max_length=256)]
AuthorizationParams = Annotated[dict[str, str], Field(max_length=16)]


class UserInfoFields(Model):
    """In which fields of the user-info answer the user's identity stands; the first field that is there counts."""

    subject_fields: list[str] = Field(default_factory=list)
    """Fields with the subject; "sub" when empty."""
    name_fields: list[str] = Field(default_factory=list)
    """Fields with the name; "name" when empty."""
    email_fields: list[str] = Field(default_factory=list)
    """Fields with the email address; "email" when empty."""


class UserInfo(Model):
    """The userinfo endpoint, which returns the user of a token."""

    endpoint_url: AnyHttpUrl
    """URL of the endpoint."""
    http_method: Literal["GET", "POST"] | None = None
    """HTTP method; GET when left out."""
    additional_headers: dict[str, str] = Field(default_factory=dict)
    """Headers to send, in plain text."""
    field_mapping: UserInfoFields | None = None
    """Fields of the answer that identify the user."""


class OIDCUpstream(Model):
    """An OpenID Connect provider."""

    issuer_url: Annotated[str, Field(pattern="^https://.*$")]
    """URL of the issuer, by which its endpoints are discovered."""
    client_id: str
    """Client id at the provider."""
    client_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that contains the client secret; none for a public client."""
    redirect_uri: str = ""
    """URL to which the provider sends users back; the server's own URL with /oauth/callback when left out."""
    scopes: list[str] = Field(default_factory=list)
    """Scopes to ask for."""
    user_info_override: UserInfo | None = None
    """The user-info endpoint in place of the discovered one."""
    additional_authorization_params: AuthorizationParams = Field(default_factory=dict)
    """Parameters to add to the authorization request."""
    subject_claim: Annotated[str, Field(max_length=128, pattern="^([a-zA-Z_][a-zA-Z0-9_]*)?$")] = ""
    """Claim of the ID token with the subject; "sub" when left out."""


class TokenResponseMapping(Model):
    """Where the parts of a token answer stand that isn't as RFC 6749 has it, as gjson paths."""

    access_token_path: NonEmpty
    """Path of the access token."""
    scope_path: str = ""
    """Path of the scopes; "scope" when left out."""
    refresh_token_path: str = ""
    """Path of the refresh token; "refresh_token" when left out."""
    expires_in_path: str = ""
    """Path of the token's life in seconds; "expires_in" when left out."""


class IdentityFromToken(Model):
    """Where the user's identity stands in the token answer, as gjson paths."""

    subject_path: ClaimPath
    """Path of the subject."""
    name_path: ClaimPath = ""
    """Path of the name."""
    email_path: ClaimPath = ""
    """Path of the email address."""


class DynamicRegistration(RuledModel):
    """OAuth 2.0 Dynamic Client Registration, RFC 7591."""

    rules = (
        Rule(
            "has(self.discoveryUrl) != has(self.registrationEndpoint)",
            "exactly one of discoveryUrl or registrationEndpoint must be set",
            lambda config: (config.discovery_url == "") != (config.registration_endpoint == ""),
        ),
    )
    discovery_url: RegistrationUrl = ""
    """URL of the provider's metadata, which names the registration endpoint."""
    registration_endpoint: RegistrationUrl = ""
    """URL of the registration endpoint."""
    initial_access_token_ref: SecretKeyRef | None = None
    """The key of a Secret that contains the token with which the client registers, where the provider asks for one."""
    software_id: Annotated[str, Field(max_length=255)] = ""
    """Identifier of the client's software."""
    software_statement: Annotated[str, Field(max_length=16384)] = ""
    """Signed statement about the client's software, a JWT."""


class OAuth2Upstream(RuledModel):
    """An OAuth 2.0 provider that doesn't speak OpenID Connect."""

    rules = (
        Rule(
            "(has(self.clientId) && size(self.clientId) > 0) ? !has(self.dcrConfig) : has(self.dcrConfig)",
            "exactly one of clientId or dcrConfig must be set",
            lambda config: (config.client_id == "") == (config.dcr_config is not None),
        ),
        Rule(
            "!(has(self.dcrConfig) && has(self.clientSecretRef))",
            "clientSecretRef must not be set when dcrConfig is set; the client_secret is obtained at runtime via "
            "Dynamic Client Registration",
            lambda config: config.dcr_config is None or config.client_secret_ref is None,
        ),
    )
    authorization_endpoint: AnyHttpUrl
    """URL of the authorization endpoint."""
    token_endpoint: AnyHttpUrl
    """URL of the token endpoint."""
    user_info: UserInfo | None = None
    """The userinfo endpoint, which returns the user of a token."""
    client_id: str = ""
    """Client id at the provider; exactly one of clientId and dcrConfig must be set."""
    client_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that contains the client secret; none for a public client."""
    redirect_uri: str = ""
    """URL to which the provider sends users back; the server's own URL with /oauth/callback when left out."""
    scopes: list[str] = Field(default_factory=list)
    """Scopes to ask for."""
    token_response_mapping: TokenResponseMapping | None = None
    """Paths in a token answer that differs from RFC 6749."""
    identity_from_token: IdentityFromToken | None = None
    """Fields of the token answer that identify the user, in place of userInfo."""
    additional_authorization_params: AuthorizationParams = Field(default_factory=dict)
    """Parameters to add to the authorization request."""
    insecure_allow_http: Flag = Field(default=False, alias="insecureAllowHTTP")
    """Whether the endpoints may be http:// URLs; for development only."""
    allow_private_ips: Flag = Field(default=False, alias="allowPrivateIPs")
    """Whether the endpoints may have private IP addresses."""
    dcr_config: DynamicRegistration | None = None
    """How the client registers itself; exactly one of clientId and dcrConfig must be set."""


class UpstreamProvider(RuledModel):
    """An identity provider at which users log in."""

    rules = (
        Rule(
            "self.type == 'oidc' ? (has(self.oidcConfig) && !has(self.oauth2Config)) : "
            "self.type == 'oauth2' ? (has(self.oauth2Config) && !has(self.oidcConfig)) : false",
            "type must be 'oidc' or 'oauth2'; oidcConfig must be set when type is 'oidc' and oauth2Config must be set "
            "when type is 'oauth2' (and the other must not be set)",
            lambda upstream: (
                (upstream.type == "oidc") == (upstream.oidc_config is not None)
                and (upstream.type == "oauth2") == (upstream.oauth2_config is not None)
            ),
        ),
    )
    name: ProviderName
    """Name of the provider."""
    type: Literal["oidc", "oauth2"]
    """Protocol of the provider; the block of that name has its settings."""
    oidc_config: OIDCUpstream | None = None
    """Settings for type "oidc"."""
    oauth2_config: OAuth2Upstream | None = None
    """Settings for type "oauth2"."""
