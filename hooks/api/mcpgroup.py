"""MCPGroup: workloads that belong together."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hooks.api.meta import Model
from hooks.api.scalars import Count, Int64
from hooks.api.status import Conditions


class MCPGroupSpec(Model):
    """The desired group; workloads join it by their groupRef."""

    description: str = ""
    """Purpose of the group."""


class MCPGroupStatus(Model):
    """The observed group."""

    phase: Literal["Ready", "Pending", "Failed"] | None = None
    """The state in one word."""
    servers: list[str] = Field(default_factory=list)
    """Names of the MCPServers in the group, while it has 50 or fewer members."""
    server_count: Count | None = None
    """How many MCPServers are in the group, while it has 50 or fewer members."""
    remote_proxies: list[str] = Field(default_factory=list)
    """Names of the MCPRemoteProxies in the group, while it has 50 or fewer members."""
    remote_proxy_count: Count | None = None
    """How many MCPRemoteProxies are in the group, while it has 50 or fewer members."""
    observed_generation: Int64 | None = None
    """The most recent generation observed by the controller."""
    conditions: Conditions = Field(default_factory=list)
    """The state in detail."""
