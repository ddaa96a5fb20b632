"""MCPToolConfig: which tools of an MCP server are shown, and under which names."""

from __future__ import annotations

from pydantic import Field

from hooks.api.meta import Conditions, Int64, Model


class ToolOverride(Model):
    """What a tool is called instead; one of the two must be set."""

    name: str = ""
    """Name to show in place of the tool's own."""
    description: str = ""
    """Description to show in place of the tool's own."""


class MCPToolConfigSpec(Model):
    """The desired view of the tools."""

    tools_filter: list[str] = Field(default_factory=list)
    """Names of the tools to show, by their new names where toolsOverride has one; all when empty."""
    tools_override: dict[str, ToolOverride] | None = None
    """New names and descriptions, by the tools' own names."""


class MCPToolConfigStatus(Model):
    """What was found out about the config, and who uses it."""

    observed_generation: Int64 | None = None
    """The metadata.generation that this status tells about."""
    config_hash: str = ""
    """Hash of the spec: it changes when the config does."""
    referencing_servers: list[str] = Field(default_factory=list)
    """Names of the MCPServers that use this config; it can't be deleted while there are any."""
    conditions: Conditions = Field(default_factory=list)
    """The state in detail."""
