"""MCPExternalAuthConfig: how a proxy gets tokens for the backends of its MCP server."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from hooks.api.meta import Conditions, HttpUrl, Int64, Model, RuledModel, SecretKeyRef, set_exactly_when
from hooks.api.resource import AGE, MESSAGE, READY, REASON, REFERENCED_BY, Column, CustomResource

# A further type is one more name here, and a field of that name (in snake case) in the spec: the rule comes by itself.
ExternalAuthType = Literal["tokenExchange", "bearerToken", "headerInjection", "unauthenticated"]
WITHOUT_BLOCK = {"unauthenticated"}


class TokenExchange(Model):
    """OAuth 2.0 token exchange, RFC 8693."""

    token_url: HttpUrl
    """URL of the token endpoint, http or https."""
    client_id: str
    """Client id with which the proxy authenticates at the token endpoint."""
    client_secret_ref: SecretKeyRef
    """The key of a Secret that holds the client secret."""
    audience: str
    """Audience of the token to get."""
    scopes: list[str] = Field(default_factory=list)
    """Scopes of the token to get."""
    external_token_header_name: str = ""
    """Header that takes the token to the MCP server; it replaces the Authorization header's when left out."""


class BearerToken(Model):
    """A fixed bearer token for a remote MCP server."""

    token_secret_ref: SecretKeyRef
    """The key of a Secret that holds the token."""


class HeaderInjection(Model):
    """A fixed header for calls to a backend; without effect on an MCPServer."""

    header_name: str
    """Name of the header."""
    value_secret_ref: SecretKeyRef
    """The key of a Secret that holds the header's value."""


class MCPExternalAuthConfigSpec(RuledModel):
    """The desired way to get tokens."""

    rules = tuple(set_exactly_when(name, name) for name in get_args(ExternalAuthType) if name not in WITHOUT_BLOCK)
    type: ExternalAuthType
    """Way to get tokens; the block of the same name has its settings."""
    token_exchange: TokenExchange | None = None
    """Settings for type "tokenExchange"."""
    bearer_token: BearerToken | None = None
    """Settings for type "bearerToken"."""
    header_injection: HeaderInjection | None = None
    """Settings for type "headerInjection"."""


class MCPExternalAuthConfigStatus(Model):
    """What was found out about the config, and who uses it."""

    observed_generation: Int64 | None = None
    """The metadata.generation that this status tells about."""
    config_hash: str = ""
    """Hash of the spec: it changes when the config does."""
    credential_digest: str = ""
    """Stands for the credential in use: it changes when the Secret's content does, and tells nothing about it."""
    referencing_servers: list[str] = Field(default_factory=list)
    """Names of the MCPServers that use this config; it can't be deleted while there are any."""
    conditions: Conditions = Field(default_factory=list)
    """The state in detail."""


MCP_EXTERNAL_AUTH_CONFIG = CustomResource(
    kind="MCPExternalAuthConfig",
    description="MCPExternalAuthConfig says how proxies get tokens for the backends of their MCP servers.",
    spec=MCPExternalAuthConfigSpec,
    status=MCPExternalAuthConfigStatus,
    columns=(Column("Type", ".spec.type"), READY, REASON, REFERENCED_BY, MESSAGE, AGE),
    short_names=("extauth", "mcpextauth"),
)
