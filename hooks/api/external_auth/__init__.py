"""MCPExternalAuthConfig: how a proxy gets tokens for the backends of its MCP server."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field
from pydantic.alias_generators import to_snake

from hooks.api.external_auth.base import ExternalAuth
from hooks.api.external_auth.bearer_token import BearerToken
from hooks.api.external_auth.header_injection import HeaderInjection
from hooks.api.external_auth.token_exchange import TokenExchange
from hooks.api.meta import Conditions, Int64, Model, RuledModel, set_exactly_when

# A further type is one more name here, and a field of that name (in snake case) in the spec: the rule comes by itself.
ExternalAuthType = Literal["tokenExchange", "bearerToken", "headerInjection", "unauthenticated"]
WITHOUT_BLOCK = {"unauthenticated"}


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

    @property
    def block(self) -> ExternalAuth | None:
        """The settings of the spec's own type; None for a type that has none."""
        block: ExternalAuth | None = getattr(self, to_snake(self.type), None)
        return block


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
