"""The proxy runner's middleware chain, written out where a server uses external auth.

The reference writes a list that holds the token exchange alone. A list replaces the runner's own chain, so there nobody
is authenticated and no token is exchanged. Measured with runner 0.44.0: with the complete chain, in this order, a call
without a token gets 401 and the MCP server sees the exchanged token.
"""

from __future__ import annotations

from hooks.api.mcpexternalauthconfig import TokenExchange
from hooks.protocol import Object

MAX_BODY_BYTES = 8 << 20
"""Bound on a call's body: release 0.44.0's own operator writes the same."""

AUDIT: Object = {"detectApplicationErrors": True, "maxDataSize": 1024}
"""Settings of the audit log, in the keys of runner 0.44.0; at top level stand an older runner's."""


def token_exchange_config(exchange: TokenExchange) -> Object:
    """Parameters of the token exchange (RFC 8693). The client secret comes from the environment, never from here."""
    config: Object = {
        "audience": exchange.audience,
        "client_id": exchange.client_id,
        "external_token_header_name": exchange.external_token_header_name,
        "header_strategy": "custom" if exchange.external_token_header_name else "replace",
        "scopes": exchange.scopes,
        "token_url": exchange.token_url,
    }
    return {key: value for key, value in config.items() if value}


def middleware_configs(run: Object) -> list[Object]:
    """The complete chain for this RunConfig, outermost first: each part that the RunConfig asks for."""
    chain: list[tuple[str, Object | None]] = [
        ("bodylimit", {"max_bytes": MAX_BODY_BYTES}),
        ("audit", {"config_data": AUDIT, "transport_type": run["transport"]} if run["audit_config"] else None),
        ("auth", {"oidc_config": run["oidc_config"]} if run["oidc_config"] else {}),
        ("tokenexchange", {"token_exchange_config": run["token_exchange_config"]}),
        ("tool-filter", _tools(run)),
        ("tool-call-filter", _tools(run)),
        ("mcp-parser", {}),
        ("telemetry", _telemetry(run)),
        ("authorization", {"config_data": run["authz_config"]} if run["authz_config"] else None),
        ("recovery", {}),
    ]
    return [{"type": type_, "parameters": parameters} for type_, parameters in chain if parameters is not None]


def _tools(run: Object) -> Object | None:
    if not run["tools_filter"] and not run["tools_override"]:
        return None
    return {"filter_tools": run["tools_filter"] or None, "tools_override": run["tools_override"]}


def _telemetry(run: Object) -> Object | None:
    if not run["telemetry_config"]:
        return None
    return {"config": run["telemetry_config"], "server_name": run["name"], "transport": run["transport"]}
