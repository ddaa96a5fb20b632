"""MCPToolConfig: which of a server's tools are offered, and under which names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hooks.api.kinds import MCP_TOOL_CONFIG
from hooks.api.mcptoolconfig import MCPToolConfigSpec
from hooks.api.texts import text_fault
from hooks.controllers.configs.config_controller import ConfigController, valid_condition, with_note
from hooks.kubernetes.conditions import Condition
from hooks.references.table import references_to
from hooks.text import some


def validate(spec: MCPToolConfigSpec) -> list[Condition]:
    """Check that an override changes something, that no two tools get one name, and that a filter names tools."""
    names = {tool: override.name or tool for tool, override in sorted((spec.tools_override or {}).items())}
    valid = valid_condition(_faults(spec, names))
    if valid.status != "True":
        return [valid]
    replaced = next(_replaced(spec, names), "")
    if replaced:
        valid = with_note(valid._replace(reason="FilterNameReplaced"), replaced)
    return [with_note(valid, _unused_annotations(spec))]


def _faults(spec: MCPToolConfigSpec, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Reason and message of what the runner would refuse, or can't carry out; `names` has each tool's new name."""
    for tool, override in sorted((spec.tools_override or {}).items()):
        if not tool:
            yield "ToolNameMissing", "spec.toolsOverride has an empty key: it must be the name of a tool"
        elif not override.name and not override.description:
            yield "OverrideEmpty", f"spec.toolsOverride[{tool!r}] must have a name or a description"
        elif fault := _name_fault(tool):
            yield "OverrideInvalid", f"spec.toolsOverride[{tool!r}]: the key {fault}"
        elif fault := _name_fault(override.name):
            yield "OverrideInvalid", f"spec.toolsOverride[{tool!r}].name {fault}"
    yield from _repeated(names)
    for index, tool in enumerate(spec.tools_filter):
        if not tool or re.search(r"[,\r\n]", tool):
            yield "FilterInvalid", f"spec.toolsFilter[{index}] must be a tool's name, without commas and line breaks"
        elif fault := _name_fault(tool):
            yield "FilterInvalid", f"spec.toolsFilter[{index}] {fault}"


def _replaced(spec: MCPToolConfigSpec, names: dict[str, str]) -> Iterator[str]:
    """Entries of the filter that are old names. Read in runner 0.44.0: it looks the new name up, and shows no tool."""
    for index, tool in enumerate(spec.tools_filter):
        if tool in names and tool not in names.values():
            renamed = f"spec.toolsOverride renames it to {names[tool]!r}: filters go by new names"
            yield f"spec.toolsFilter[{index}] shows no tool, since {renamed}"


def _unused_annotations(spec: MCPToolConfigSpec) -> str:
    """A note about annotations: runner 0.44.0 has no place for them (pkg/runner/config.go, ToolOverride)."""
    overrides = sorted((spec.tools_override or {}).items())
    fields = [f"spec.toolsOverride[{tool!r}].annotations" for tool, override in overrides if override.annotations]
    return f"without effect, since the proxy runner passes over it: {some(fields)}" if fields else ""


def _name_fault(name: str) -> str:
    return "must not begin or end with a blank" if name != name.strip() else text_fault(name)


def _repeated(names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Tools that get a name which another tool has: callers see it twice, and the runner calls either of the two."""
    owners: dict[str, str] = {}
    for tool, name in names.items():
        other = owners.setdefault(name, tool)
        if other != tool:
            message = f"spec.toolsOverride gives tools {other!r} and {tool!r} one name: each needs its own"
            yield "OverrideRepeated", message


CONTROLLER = ConfigController(MCP_TOOL_CONFIG, MCPToolConfigSpec, references_to(MCP_TOOL_CONFIG), validate).controller()
