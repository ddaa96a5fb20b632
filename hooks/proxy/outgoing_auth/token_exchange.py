"""tokenExchange: the proxy exchanges each caller's token at the token endpoint (RFC 8693)."""

from __future__ import annotations

from hooks.api.external_auth.token_exchange import TokenExchange
from hooks.kubernetes.objects import Object
from hooks.proxy.names import TOKEN_EXCHANGE_CLIENT_SECRET
from hooks.proxy.outgoing_auth.base import Effect, from_secret


def effect(exchange: TokenExchange) -> Effect:
    """Return the client secret's variable, the exchange's parameters and the middleware that uses them."""
    config, secret = _parameters(exchange), exchange.client_secret_ref
    return Effect(
        env={TOKEN_EXCHANGE_CLIENT_SECRET: from_secret(secret)} if secret else {},
        run_config={"token_exchange_config": config},
        middleware={"tokenexchange": {"token_exchange_config": config}},
    )


def _parameters(exchange: TokenExchange) -> Object:
    """Parameters of the exchange. The client secret comes from the environment, never from here."""
    config: Object = {
        "audience": exchange.audience,
        "client_id": exchange.client_id,
        "external_token_header_name": exchange.external_token_header_name,
        "header_strategy": "custom" if exchange.external_token_header_name else "replace",
        "scopes": exchange.scopes,
        "token_url": exchange.token_url,
    }
    return {key: value for key, value in config.items() if value}
