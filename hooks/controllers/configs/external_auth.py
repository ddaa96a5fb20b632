"""MCPExternalAuthConfig: how proxies get tokens for their backends, or issue tokens to their callers."""

from __future__ import annotations

from collections.abc import Iterator

from hooks.api.external_auth import MCPExternalAuthConfigSpec
from hooks.api.external_auth.embedded_auth_server import EmbeddedAuthServer
from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG
from hooks.controllers.configs.auth_server import auth_server_faults, identity_condition
from hooks.controllers.configs.config_controller import ConfigController, valid_condition
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.references.table import references_to

ENTERPRISE_REQUIRED = "spec.type: on-behalf-of (OBO) external auth type requires an enterprise build"


def validate(spec: MCPExternalAuthConfigSpec) -> list[Condition]:
    """Validate the settings of the spec's type."""
    if spec.type == "obo":
        remedy = (
            "the published proxy runner has no such type: use tokenExchange, if the identity provider knows RFC 8693"
        )
        return [conditions.false("Valid", "EnterpriseRequired", f"{ENTERPRISE_REQUIRED}; {remedy}")]
    valid = valid_condition(_faults(spec))
    if isinstance(spec.block, EmbeddedAuthServer):
        return [valid, identity_condition(spec.block)]
    return [valid]


def _faults(spec: MCPExternalAuthConfigSpec) -> Iterator[tuple[str, str]]:
    """Reason and message of what the schema admits and no token endpoint, proxy or API server would."""
    if spec.block:
        yield from spec.block.faults()
    if isinstance(spec.block, EmbeddedAuthServer):
        yield from auth_server_faults(spec.block)


CONTROLLER = ConfigController(
    MCP_EXTERNAL_AUTH_CONFIG, MCPExternalAuthConfigSpec, references_to(MCP_EXTERNAL_AUTH_CONFIG), validate
).controller()
