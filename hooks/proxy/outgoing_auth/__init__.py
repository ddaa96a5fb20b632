"""How a proxy authenticates to its backend: one file for each type of external auth, and the table of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hooks.api.external_auth.bearer_token import BearerToken
from hooks.api.external_auth.token_exchange import TokenExchange
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.proxy.outgoing_auth import bearer_token, token_exchange
from hooks.proxy.outgoing_auth.base import Effect
from hooks.proxy.spec import IncomingAuth, OutgoingAuth

EFFECTS: dict[type, Callable[[Any], Effect]] = {
    TokenExchange: token_exchange.effect,
    BearerToken: bearer_token.effect,
}
"""The types that change a proxy, by the model of their settings."""


def effect(auth: OutgoingAuth | None) -> Effect:
    """Return what an external auth config adds to the proxy."""
    make = EFFECTS.get(type(auth.settings)) if auth else None
    return make(auth.settings) if auth and make else Effect()


def conditions_of(auth: OutgoingAuth, incoming: IncomingAuth | None) -> list[Condition]:
    """Return the conditions about an external auth config that can be used: its effect, and who gets in."""
    who = f"MCPExternalAuthConfig {auth.name!r}"
    if not effect(auth).middleware:
        # Measured with runner 0.44.0: a local MCP server never sees the bearer token either.
        message = f"{who} of type {auth.type!r} has no effect on the calls of an MCPServer"
        return [conditions.true("ExternalAuthConfigValidated", "NoEffect", message)]
    return [conditions.true("ExternalAuthConfigValidated", "Valid", f"{who} is used"), _incoming(incoming)]


def _incoming(auth: IncomingAuth | None) -> Condition:
    """Whether callers are authenticated before their tokens are exchanged."""
    if auth:
        return conditions.true("IncomingAuthentication", "Configured", "Callers must present a valid token")
    # Measured with runner 0.44.0.
    message = (
        "Without spec.oidcConfig nobody is authenticated: every caller gets in as a local user, whatever bearer token "
        "it presents is exchanged unverified, and calls without one pass through"
    )
    return conditions.false("IncomingAuthentication", "NotConfigured", message)
