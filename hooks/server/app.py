"""The Flask application: a route for each hook of each controller.

200 or an error, never a 200 that loses children: Metacontroller leaves all objects alone on an error, and tries again.
It copies the body of an error into an Event on the parent, so that body is short, the same for the same fault, and
without object contents.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from hooks.controllers import CONTROLLERS
from hooks.controllers.controller import HOOKS, Config, Controller, Hook
from hooks.protocol import BrokenRule, Malformed

log = logging.getLogger(__name__)


def create_app(config: Config, *, max_body_bytes: int = 32 << 20) -> Flask:
    """The application.

    Args:
        config: what the installation decides about the objects that are made.
        max_body_bytes: bound on a request's body.
    """
    app = Flask("hooks", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = max_body_bytes
    for controller in CONTROLLERS:
        for hook in HOOKS:
            path = f"/{controller.path}/{hook}"
            app.add_url_rule(path, path, _view(controller, hook, config), methods=["POST"])
    app.add_url_rule("/healthz", "healthz", _ok)
    app.add_url_rule("/readyz", "readyz", _ok)
    app.register_error_handler(HTTPException, lambda error: _text(f"{error.code} {error.name}", error.code or 500))
    return app


def _view(controller: Controller, hook: Hook, config: Config) -> Callable[[], Response]:
    def answer() -> Response:
        try:
            body = controller.answer(hook, request.get_data(cache=False), config, datetime.now(UTC))
        except Malformed as error:
            log.warning("%s %s refused: %s", controller.path, hook, error)
            return _text(str(error), 400)
        except BrokenRule as error:
            log.error("%s %s has no safe answer: %s", controller.path, hook, error)  # noqa: TRY400  # no contents
            return _text(str(error), 500)
        except HTTPException:
            raise
        except Exception as error:  # noqa: BLE001  # the boundary: a bug must not become a 200
            # Not log.exception: the text of an exception can quote object contents.
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("%s %s failed: %s\n%s", controller.path, hook, type(error).__name__, where)  # noqa: TRY400
            return _text(f"{controller.path} {hook} failed, a bug: its traceback is in the log of toolhive-hooks", 500)
        return Response(body, content_type="application/json")

    return answer


def _ok() -> Response:
    return _text("ok", 200)


def _text(text: str, code: int) -> Response:
    return Response(f"{text}\n", code, content_type="text/plain; charset=utf-8")
