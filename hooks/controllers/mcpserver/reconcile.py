"""MCPServer: spec and references -> ProxySpec -> children and status."""

from __future__ import annotations

from datetime import datetime

from hooks.api.kinds import MCP_SERVER
from hooks.api.mcpserver import MCPServerSpec
from hooks.controllers.mcpserver.legacy_fields import pruned_legacy_fields
from hooks.controllers.mcpserver.ports import ports_condition
from hooks.controllers.mcpserver.protection import access_condition, refuse_hidden_protection
from hooks.controllers.mcpserver.resolutions import ROWS, resolve
from hooks.controllers.mcpserver.scaling import stdio_condition
from hooks.controllers.mcpserver.to_proxy import to_proxy
from hooks.controllers.workloads import reconcile
from hooks.controllers.workloads.conditions import spec_conditions
from hooks.controllers.workloads.parse import parse
from hooks.controllers.workloads.reconcile import Reading
from hooks.controllers.workloads.sessions import session_storage_condition
from hooks.installation import Installation
from hooks.kubernetes import conditions
from hooks.kubernetes.kinds import STATEFUL_SET
from hooks.metacontroller.requests import SyncRequest
from hooks.metacontroller.responses import SyncResponse
from hooks.proxy import children, validation


def sync(request: SyncRequest, installation: Installation, now: datetime) -> SyncResponse:
    """Return everything that shall exist for a live MCPServer."""
    refuse_hidden_protection(request)
    return reconcile.sync(request, MCP_SERVER, _read(request, installation), installation, now)


def _read(request: SyncRequest, installation: Installation) -> Reading:
    spec, faults = parse(request, MCP_SERVER, MCPServerSpec)
    if not faults and (lost := pruned_legacy_fields(request.parent)):
        faults = [conditions.false("Valid", "FieldPruned", lost)]
    access = access_condition(request)
    if spec is None:
        return Reading(None, faults, [access])
    resolutions = resolve(request, spec)
    proxy = to_proxy(request.parent, spec, resolutions, installation)
    about = [
        access,
        *spec_conditions(request, spec, proxy, resolutions, ROWS),
        *([ports] if (ports := ports_condition(spec)) else []),
        stdio_condition(spec),
        session_storage_condition(spec, proxy.session_redis),
    ]
    problems = [*faults, *validation.problems(proxy), *resolutions.problems]
    return Reading(proxy, problems, about, resolutions.config_hashes)


CONTROLLER = reconcile.make_controller(MCP_SERVER, children.KINDS, sync, on_delete=(STATEFUL_SET,))
