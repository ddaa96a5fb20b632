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
    return _effective(*_proxy_ports(spec))


def mcp_port(spec: MCPServerSpec) -> Port:
    """Return the port on which the MCP server listens; a stdio server's counts for nothing but its RunConfig."""
    return _effective(*_mcp_ports(spec))


def ports_condition(spec: MCPServerSpec) -> Condition | None:
    """Return which port counts where a spec has two that differ."""
    said = []
    for current, old in (_proxy_ports(spec), _mcp_ports(spec)):
        if current.number and old.number and current.number != old.number:
            counts = _effective(current, old)
            other = old if counts == current else current
            said.append(
                f"{counts.field} {counts.number} counts, not {other.field} {other.number}: remove {other.field}"
            )
    return conditions.false("PortsAgree", "TwoPorts", "; ".join(said)) if said else None


def _proxy_ports(spec: MCPServerSpec) -> tuple[Port, Port]:
    """The proxy's port by both names, the current one first; 0 where the spec has none."""
    return Port(spec.proxy_port or 0, "spec.proxyPort"), Port(spec.port or 0, "spec.port")


def _mcp_ports(spec: MCPServerSpec) -> tuple[Port, Port]:
    """The MCP server's port by both names, in the same way."""
    return Port(spec.mcp_port or 0, "spec.mcpPort"), Port(spec.target_port or 0, "spec.targetPort")


def _effective(current: Port, old: Port) -> Port:
    """The current name's port, else the old one's; where the spec has both, one that is not the default counts."""
    given = [port for port in (current, old) if port.number]
    chosen = [port for port in given if port.number != DEFAULT_PORT]
    return next(iter([*chosen, *given]), Port(DEFAULT_PORT, current.field))
