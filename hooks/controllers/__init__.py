"""The controllers: pure functions from what was observed to what is desired.

No I/O, no clock, no environment, no Flask: what a controller needs is passed in.
"""

from hooks.controllers import groups
from hooks.controllers.configs import authz, external_auth, oidc, telemetry, tools, webhooks
from hooks.controllers.mcpremoteproxy import reconcile as mcpremoteproxy
from hooks.controllers.mcpserver import reconcile as mcpserver
from hooks.metacontroller.controller import Controller

CONTROLLERS: tuple[Controller, ...] = (
    mcpserver.CONTROLLER,
    mcpremoteproxy.CONTROLLER,
    external_auth.CONTROLLER,
    tools.CONTROLLER,
    oidc.CONTROLLER,
    authz.CONTROLLER,
    telemetry.CONTROLLER,
    webhooks.CONTROLLER,
    groups.CONTROLLER,
)
"""The controllers of all served kinds."""
