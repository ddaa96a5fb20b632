"""MCPToolConfig: which of a server's tools are offered, and under which names."""

from __future__ import annotations

from hooks.api.kinds import MCP_TOOL_CONFIG
from hooks.api.mcptoolconfig import MCPToolConfigSpec
from hooks.controllers.configs.config_controller import ConfigController, Validation
from hooks.installation import Config
from hooks.kubernetes import conditions
from hooks.metacontroller.requests import SyncRequest
from hooks.references.table import references_to


def validate(spec: MCPToolConfigSpec, _request: SyncRequest, _config: Config) -> Validation:
    """Check that an override changes something, and that a filter names tools."""
    for tool, override in sorted((spec.tools_override or {}).items()):
        if not tool:
            message = "spec.toolsOverride has an empty key: it must be the name of a tool"
            return Validation([conditions.false("Valid", "OverrideNameless", message)])
        if not override.name and not override.description:
            message = f"spec.toolsOverride[{tool!r}] must have a name or a description"
            return Validation([conditions.false("Valid", "OverrideEmpty", message)])
    for index, tool in enumerate(spec.tools_filter or []):
        if not tool or any(character in tool for character in ",\r\n"):
            message = f"spec.toolsFilter[{index}] must be a tool's name, without commas and line breaks"
            return Validation([conditions.false("Valid", "FilterInvalid", message)])
    return Validation([conditions.true("Valid", "Valid", "The spec is valid")])


CONTROLLER = ConfigController(MCP_TOOL_CONFIG, MCPToolConfigSpec, references_to(MCP_TOOL_CONFIG), validate).controller()
