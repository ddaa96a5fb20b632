"""The controllers: pure functions from what was observed to what is desired.

No I/O, no clock, no environment, no Flask: what a controller needs is passed in.
"""

from hooks.controllers.configs import external_auth, tools
from hooks.controllers.mcpserver import reconcile as mcpserver
from hooks.metacontroller.controller import Controller

CONTROLLERS: tuple[Controller, ...] = (mcpserver.CONTROLLER, external_auth.CONTROLLER, tools.CONTROLLER)
"""The controllers of all served kinds."""
