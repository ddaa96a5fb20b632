"""MCPToolConfig: which tools of an MCP server are shown, and under which names."""

from __future__ import annotations

from pydantic import Field

from hooks.api.meta import Model


class ToolAnnotations(Model):
    """What a tool is said to do, as MCP's ToolAnnotations; one that is left out stays the tool's own."""

    title: str | None = None
    """Title for people to read."""
    read_only_hint: bool | None = None
    """Whether the tool changes nothing."""
    destructive_hint: bool | None = None
    """Whether the tool may destroy something."""
    idempotent_hint: bool | None = None
    """Whether a second call with the same arguments changes nothing more."""
    open_world_hint: bool | None = None
    """Whether the tool deals with anything outside its own system."""


class ToolOverride(Model):
    """New name, description or annotations of a tool; at least one must be set."""

    name: str = ""
    """Name to show in place of the tool's own."""
    description: str = ""
    """Description to show in place of the tool's own."""
    annotations: ToolAnnotations | None = None
    """Annotations to show in place of the tool's own."""


class MCPToolConfigSpec(Model):
    """The desired view of the tools."""

    tools_filter: list[str] = Field(default_factory=list)
    """Names of the tools to show, by their new names where toolsOverride has one; all when empty."""
    tools_override: dict[str, ToolOverride] | None = None
    """New names and descriptions, by the tools' own names."""
