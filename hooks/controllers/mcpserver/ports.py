"""The ports of an MCPServer, each of which has two names: that of October 2025, and today's."""

from __future__ import annotations

from typing import NamedTuple

from hooks.api.mcpserver import MCPServerSpec
from hooks.api.workload import DEFAULT_PORT
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition


class Port(NamedTuple):
    """A port, and the field that it comes from."""

    number: int
    field: str


def proxy_port(spec: MCPServerSpec) -> Port:
    """Return the port on which the proxy listens."""
    return _effective(Port(spec.proxy_port or 0, "spec.proxyPort"), Port(spec.port or 0, "spec.port"))


def mcp_port(spec: MCPServerSpec) -> Port:
    """Return the port on which the MCP server listens; a stdio server's counts for nothing but its RunConfig."""
    return _effective(Port(spec.mcp_port or 0, "spec.mcpPort"), Port(spec.target_port or 0, "spec.targetPort"))


def ports_condition(spec: MCPServerSpec) -> Condition | None:
    """Return which port counts where a spec has two that differ."""
    pairs = (
        (proxy_port(spec), Port(spec.proxy_port or 0, "spec.proxyPort"), Port(spec.port or 0, "spec.port")),
        (mcp_port(spec), Port(spec.mcp_port or 0, "spec.mcpPort"), Port(spec.target_port or 0, "spec.targetPort")),
    )
    said = [
        f"{counts.field} {counts.number} counts, not {other.field} {other.number}: remove {other.field}"
        for counts, *both in pairs
        for other in both
        if 0 not in (both[0].number, both[1].number) and other.number != counts.number
    ]
    return conditions.false("PortsAgree", "TwoPorts", "; ".join(said)) if said else None


def _effective(current: Port, old: Port) -> Port:
    """The current name's port, else the old one's; where both stand, one that is not the default comes first."""
    given = [port for port in (current, old) if port.number]
    chosen = [port for port in given if port.number != DEFAULT_PORT]
    return next(iter([*chosen, *given]), Port(DEFAULT_PORT, current.field))
