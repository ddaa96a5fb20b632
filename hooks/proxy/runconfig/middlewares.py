"""The proxy runner's middleware chain, written out where a server uses external auth.

The reference writes a list that holds the token exchange alone. A list replaces the runner's own chain, so there nobody
is authenticated and no token is exchanged. Measured with runner 0.44.0: with the complete chain, in this order, a call
without a token gets 401 and the MCP server sees the exchanged token.
"""

from __future__ import annotations

from collections.abc import Mapping

from hooks.kubernetes.objects import Object

MAX_BODY_BYTES = 8 << 20
"""Bound on a call's body: release 0.44.0's own operator writes the same."""

AUDIT: Object = {"detectApplicationErrors": True, "maxDataSize": 1024}
"""Settings of the audit log, in the keys of runner 0.44.0; at top level stand an older runner's."""


def middleware_configs(run: Object, outgoing_auth: Mapping[str, Object]) -> list[Object]:
    """Return the complete chain for this RunConfig, outermost first.

    Args:
        run: the RunConfig; each part that it asks for is in the chain.
        outgoing_auth: parameters of the middlewares by which the proxy authenticates to its backend.
    """
    chain: list[tuple[str, Object | None]] = [
        ("bodylimit", {"max_bytes": MAX_BODY_BYTES}),
        ("audit", {"config_data": AUDIT, "transport_type": run["transport"]} if run["audit_config"] else None),
        ("auth", {"oidc_config": run["oidc_config"]} if run["oidc_config"] else {}),
        ("tokenexchange", outgoing_auth.get("tokenexchange")),
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
