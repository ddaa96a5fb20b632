"""MCPAuthzConfig: what callers may do, by Cedar policies or a policy decision point."""

from __future__ import annotations

from hooks.api.kinds import MCP_AUTHZ_CONFIG
from hooks.api.mcpauthzconfig import MCPAuthzConfigSpec
from hooks.controllers.configs.config_controller import ConfigController, valid_condition, with_note
from hooks.kubernetes.conditions import Condition
from hooks.references.authz import faults, unknown_settings
from hooks.references.table import references_to
from hooks.text import some


def validate(spec: MCPAuthzConfigSpec) -> list[Condition]:
    """Validate the settings as the proxy does when it starts; the grammar of Cedar policies is left to it."""
    found = [("ConfigInvalid", f"{where} {fault}") for where, fault in faults(spec.type, spec.config)]
    valid = valid_condition(found, "ConfigValid")
    unknown = unknown_settings(spec.type, spec.config) if valid.status == "True" else []
    said = f"the proxy knows no {some([f'spec.config.{key}' for key in unknown])}" if unknown else ""
    return [with_note(valid, said)]


CONTROLLER = ConfigController(
    MCP_AUTHZ_CONFIG, MCPAuthzConfigSpec, references_to(MCP_AUTHZ_CONFIG), validate
).controller()
