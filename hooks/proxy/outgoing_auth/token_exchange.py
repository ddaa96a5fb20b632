"""tokenExchange: the proxy exchanges each caller's token at the token endpoint (RFC 8693)."""

from __future__ import annotations

from hooks.api.external_auth.token_exchange import TokenExchange
from hooks.kubernetes.objects import Object
from hooks.proxy.names import TOKEN_EXCHANGE_CLIENT_SECRET
from hooks.proxy.outgoing_auth.base import Effect, from_secret, without_empty
from hooks.proxy.spec import ProxySpec

TOKEN_TYPE = "urn:ietf:params:oauth:token-type:"  # noqa: S105  # of RFC 8693, section 3


def effect(exchange: TokenExchange, proxy: ProxySpec) -> Effect:  # noqa: ARG001  # as for every type
    """Return the client secret's variable, the exchange's parameters and the middleware that uses them."""
    config = _parameters(exchange)
    secret = exchange.client_secret_ref
    return Effect(
        env={TOKEN_EXCHANGE_CLIENT_SECRET: from_secret(secret)} if secret else {},
        run_config={"token_exchange_config": config},
        middleware={"tokenexchange": {"token_exchange_config": config}},
    )


def _parameters(exchange: TokenExchange) -> Object:
    """Parameters of the exchange. The client secret comes from the environment: the key stays empty."""
    subject = exchange.subject_token_type
    return {
        "token_url": exchange.token_url,
        "client_id": exchange.client_id,
        "client_secret": "",
        "audience": exchange.audience,
        **without_empty(
            {
                "scopes": list(exchange.scopes),
                "subject_token_type": f"{TOKEN_TYPE}{subject.removeprefix(TOKEN_TYPE)}" if subject else "",
            }
        ),
        "header_strategy": "custom" if exchange.external_token_header_name else "replace",
        **without_empty({"external_token_header_name": exchange.external_token_header_name}),
    }
