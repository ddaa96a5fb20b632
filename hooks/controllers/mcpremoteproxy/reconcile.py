"""MCPRemoteProxy: spec and references -> ProxySpec -> children and status."""

from __future__ import annotations

from datetime import datetime

from hooks.api.kinds import MCP_REMOTE_PROXY
from hooks.api.mcpremoteproxy import MCPRemoteProxySpec
from hooks.controllers.mcpremoteproxy.conditions import configuration_condition
from hooks.controllers.mcpremoteproxy.resolutions import ROWS, resolve
from hooks.controllers.mcpremoteproxy.to_proxy import to_proxy
from hooks.controllers.workloads import reconcile
from hooks.controllers.workloads.conditions import spec_conditions
from hooks.controllers.workloads.parse import parse
from hooks.controllers.workloads.reconcile import Reading
from hooks.controllers.workloads.sessions import session_storage_condition
from hooks.installation import Installation
from hooks.metacontroller.requests import SyncRequest
from hooks.metacontroller.responses import SyncResponse
from hooks.proxy import children, validation


def sync(request: SyncRequest, installation: Installation, now: datetime) -> SyncResponse:
    """Return everything that shall exist for a live MCPRemoteProxy."""
    return reconcile.sync(request, MCP_REMOTE_PROXY, _read(request, installation), installation, now)


def _read(request: SyncRequest, installation: Installation) -> Reading:
    spec, faults = parse(request, MCP_REMOTE_PROXY, MCPRemoteProxySpec)
    if spec is None:
        return Reading(None, faults, [configuration_condition(faults)])
    resolutions = resolve(request, spec)
    proxy = to_proxy(request.parent, spec, resolutions, installation)
    problems = [*faults, *validation.problems(proxy), *resolutions.problems]
    about = [
        configuration_condition(problems),
        *spec_conditions(request, spec, proxy, resolutions, ROWS),
        session_storage_condition(spec, proxy.session_redis),
    ]
    return Reading(proxy, problems, about, resolutions.config_hashes)


CONTROLLER = reconcile.make_controller(MCP_REMOTE_PROXY, children.KINDS_OF_A_REMOTE, sync)
