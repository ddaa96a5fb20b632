"""The specs of all workload kinds, for what reads fields that they have in common."""

from __future__ import annotations

from typing import TypeAlias

from hooks.api.mcpremoteproxy import MCPRemoteProxySpec
from hooks.api.mcpserver import MCPServerSpec

WorkloadSpec: TypeAlias = MCPServerSpec | MCPRemoteProxySpec
