"""MCPExternalAuthConfig: how a proxy gets tokens for the backends of its MCP server, or issues its own."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic.alias_generators import to_snake

from hooks.api.external_auth.aws_sts import AwsSts
from hooks.api.external_auth.base import ExternalAuth
from hooks.api.external_auth.bearer_token import BearerToken
from hooks.api.external_auth.embedded_auth_server import EmbeddedAuthServer
from hooks.api.external_auth.header_injection import HeaderInjection
from hooks.api.external_auth.obo import Obo
from hooks.api.external_auth.token_exchange import TokenExchange
from hooks.api.external_auth.upstream_inject import UpstreamInject
from hooks.api.external_auth.xaa import Xaa
from hooks.api.meta import Rule, RuledModel, set_exactly_when

# A further type is one more name here, and a field of that name (in snake case) in the spec: the rules come by itself.
ExternalAuthType = Literal[
    "tokenExchange",
    "headerInjection",
    "bearerToken",
    "unauthenticated",
    "embeddedAuthServer",
    "awsSts",
    "upstreamInject",
    "obo",
    "xaa",
]
BLOCKS = {name: to_snake(name) for name in get_args(ExternalAuthType) if name != "unauthenticated"}
"""The types that have settings of their own, and the field of the model that has them."""


def _block_rule(name: str) -> Rule:
    """The rule that a type's block is set when `type` is that type, and never otherwise, in upstream's words."""
    return set_exactly_when(name)._replace(message=f"{name} configuration must be set if and only if type is '{name}'")


class MCPExternalAuthConfigSpec(RuledModel):
    """The desired way to get tokens."""

    rules = tuple(map(_block_rule, BLOCKS))
    type: ExternalAuthType
    """Way to get tokens; the block of the same name has its settings."""
    token_exchange: TokenExchange | None = None
    """Settings for type "tokenExchange"."""
    header_injection: HeaderInjection | None = None
    """Settings for type "headerInjection"."""
    bearer_token: BearerToken | None = None
    """Settings for type "bearerToken"."""
    embedded_auth_server: EmbeddedAuthServer | None = None
    """Settings for type "embeddedAuthServer"."""
    aws_sts: AwsSts | None = None
    """Settings for type "awsSts"."""
    upstream_inject: UpstreamInject | None = None
    """Settings for type "upstreamInject"."""
    obo: Obo | None = None
    """Settings for type "obo", which only enterprise builds of the proxy runner have."""
    xaa: Xaa | None = None
    """Settings for type "xaa"."""

    @property
    def block(self) -> ExternalAuth | None:
        """The settings of the spec's own type; None for a type that has none."""
        block: ExternalAuth | None = getattr(self, BLOCKS[self.type]) if self.type in BLOCKS else None
        return block
