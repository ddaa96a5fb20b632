"""What a proxy gets of an MCPToolConfig."""

from __future__ import annotations

from hooks.api.mcptoolconfig import MCPToolConfigSpec
from hooks.proxy.spec import ToolOverride, Tools


def tools(config: MCPToolConfigSpec) -> Tools:
    """Return the tools that callers see by an MCPToolConfig."""
    overrides = {
        tool: ToolOverride(
            new.name,
            new.description,
            new.annotations.model_dump(by_alias=True, exclude_none=True) if new.annotations else {},
        )
        for tool, new in (config.tools_override or {}).items()
    }
    return Tools(config.tools_filter, overrides)
