"""The Flask application: a route for each hook of each controller.

200 or an error, never a 200 that loses children: Metacontroller leaves all objects alone on an error, and tries again.
It copies the body of an error into an Event on the parent, so that body is short, the same for the same fault, and
without object contents.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from flask import Flask, Response, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from hooks import wire
from hooks.controllers import CONTROLLERS
from hooks.controllers.controller import HOOKS, Config, Controller, Hook
from hooks.protocol import BrokenRule, Malformed
from hooks.server.metrics import Metrics, Outcome
from hooks.server.record import Record

log = logging.getLogger(__name__)

_CODES: dict[Outcome, int] = {
    "ok": 200,
    "malformed": 400,
    "unauthorized": 401,
    "too_large": 413,
    "broken_rule": 500,
    "panic": 500,
}
_LEVELS = {200: logging.INFO, 400: logging.WARNING, 401: logging.WARNING, 413: logging.WARNING, 500: logging.ERROR}

_LARGE = 1 << 20
_large = threading.Lock()
"""One large request at a time in each process: its objects take many times its bytes, and threads make none faster."""


def create_metrics() -> Metrics:
    """The metrics of the hooks that there are."""
    return Metrics((controller.path, hook) for controller in CONTROLLERS for hook in HOOKS)


def create_app(
    config: Config,
    metrics: Metrics,
    *,
    max_body_bytes: int = 32 << 20,
    admits: Callable[[str], bool] | None = None,
    record: Record | None = None,
) -> Flask:
    """The application.

    Args:
        config: what the installation decides about the objects that are made.
        metrics: where calls are counted.
        max_body_bytes: bound on a request's body.
        admits: whether a call with this Authorization header is answered; without, every call is.
        record: is given every request, for tests to come.
    """
    app = Flask("hooks", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = max_body_bytes
    for controller in CONTROLLERS:
        for hook in HOOKS:
            path = f"/{controller.path}/{hook}"
            view = _view(controller, hook, _Installation(config, metrics, admits, record))
            app.add_url_rule(path, path, view, methods=["POST"])
    app.register_error_handler(HTTPException, lambda error: _text(f"{error.code} {error.name}", error.code or 500))
    return app


@dataclass(frozen=True, slots=True)
class _Installation:
    """What is the same for all hooks: see create_app."""

    config: Config
    metrics: Metrics
    admits: Callable[[str], bool] | None
    record: Record | None


def _view(controller: Controller, hook: Hook, installation: _Installation) -> Callable[[], Response]:
    """One hook over HTTP: answered, counted, and told in one line of the log."""
    metrics = installation.metrics
    duration = metrics.duration.labels(controller.path, hook)
    sizes = [metrics.body.labels(controller.path, hook, direction) for direction in ("request", "response")]

    def answer() -> Response:
        started = perf_counter()
        facts: dict[str, Any] = {"kind": controller.path, "hook": hook}
        with metrics.in_flight.track_inprogress():
            outcome, body = _outcome(controller, hook, installation, facts)
        seconds = perf_counter() - started
        code = _CODES[outcome]
        metrics.requests.labels(controller.path, hook, outcome).inc()
        duration.observe(seconds)
        for size, length in zip(sizes, (request.content_length or 0, len(body)), strict=True):
            size.observe(length)
        facts |= {"outcome": outcome, "code": code, "milliseconds": round(seconds * 1000, 3)}
        log.log(_LEVELS[code], "hook call", extra={"fields": facts})
        if outcome == "panic":
            metrics.panics.labels(controller.path, hook).inc()
        return Response(body, content_type="application/json") if code == 200 else _text(body.decode(), code)

    return answer


def _outcome(
    controller: Controller, hook: Hook, installation: _Installation, facts: dict[str, Any]
) -> tuple[Outcome, bytes]:
    """How the call ends, and the body of its answer; what the log tells of it is added to `facts`."""
    # Before the body is read: a stranger's costs nothing.
    if installation.admits and not installation.admits(request.headers.get("Authorization", "")):
        return "unauthorized", b"the bearer token of the call is missing or not the one that toolhive-hooks has"
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return "too_large", b"the body is larger than TOOLHIVE_HOOKS_MAX_BODY_BYTES"
    except (HTTPException, ParseException, OSError):
        return "malformed", b"the body is cut off"
    if installation.record:
        installation.record(controller.path, hook, body)
    with _large if len(body) > _LARGE else nullcontext():
        return _answer(controller, hook, body, installation.config, facts)


def _answer(
    controller: Controller, hook: Hook, body: bytes, config: Config, facts: dict[str, Any]
) -> tuple[Outcome, bytes]:
    try:
        question = controller.read(hook, body)
        metadata = question.parent["metadata"]
        facts |= {key: metadata.get(key) for key in ("namespace", "name", "generation")}
        answer = controller.respond(question, config, datetime.now(UTC))
        if "children" in answer:
            facts["children"] = len(answer["children"])
        return "ok", wire.write(answer)
    except Malformed as error:
        facts["error"] = str(error)
        return "malformed", str(error).encode()
    except BrokenRule as error:
        facts["error"] = str(error)
        return "broken_rule", str(error).encode()
    except Exception as bug:  # noqa: BLE001  # the boundary: a bug must not become a 200
        # The frames without the exception's text, which can quote object contents.
        facts |= {"error": type(bug).__name__, "traceback": "".join(traceback.format_tb(bug.__traceback__))}
        text = f"{controller.path} {hook} failed, a bug: its traceback is in the log of toolhive-hooks"
        return "panic", text.encode()


def _text(text: str, code: int) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if code == 401 else None
    return Response(f"{text}\n", code, headers, content_type="text/plain; charset=utf-8")
