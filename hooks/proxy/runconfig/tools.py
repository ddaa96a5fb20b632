"""Which tools callers see, and under which names: `tools_override` of the RunConfig and the middlewares' parameters.

Runner 0.44.0 knows names and descriptions alone (pkg/runner/config.go, ToolOverride): annotations have no effect.
"""

from __future__ import annotations

from hooks.kubernetes.objects import Object
from hooks.proxy.spec import Tools


def tools_override(tools: Tools) -> Object:
    """Return the new names and descriptions by tool; the runner refuses an override that has neither."""
    return {
        tool: {key: value for key, value in (("name", new.name), ("description", new.description)) if value}
        for tool, new in sorted((tools.overrides or {}).items())
        if new.name or new.description
    }


def filter_parameters(tools: Tools) -> Object | None:
    """Return the parameters of both middlewares about tools; None where neither is needed."""
    overrides = tools_override(tools)
    if not tools.filter and not overrides:
        return None
    return {
        "filter_tools": list(tools.filter) or None,
        "tools_override": {tool: {"name": "", "description": "", **new} for tool, new in overrides.items()},
    }
