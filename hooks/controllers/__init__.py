"""The controllers: pure functions from what was observed to what is desired.

No I/O, no clock, no environment, no Flask: what a controller needs is passed in.
"""

from hooks.controllers import external_auth, mcpserver, tool_config
from hooks.controllers.controller import Controller

CONTROLLERS: tuple[Controller, ...] = (mcpserver.CONTROLLER, external_auth.CONTROLLER, tool_config.CONTROLLER)
