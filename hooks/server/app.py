"""The Flask application: a route for each hook of each controller.

200 or an error, never a 200 that loses children: Metacontroller leaves all objects alone on an error, and tries again.
It copies the body of an error into an Event on the parent, so that body is short, the same for the same fault, and
without object contents.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from flask import Flask, Request, Response, request
from gunicorn.http.errors import NoMoreData, ParseException
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge
from werkzeug.routing import MapAdapter

from hooks import webhook
from hooks.controllers import CONTROLLERS
from hooks.installation import Config
from hooks.metacontroller.controller import HOOKS, Controller, Hook
from hooks.metacontroller.requests import BrokenRule, Malformed
from hooks.server.memory import give_back
from hooks.server.metrics import Metrics, Outcome
from hooks.server.record import Record
from hooks.server.turns import Turns

log = logging.getLogger(__name__)

_UNAUTHORIZED = "the bearer token of the call is missing or not the one that toolhive-hooks has"

_ENDS: dict[Outcome, tuple[int, int]] = {
    "ok": (200, logging.INFO),
    "malformed": (400, logging.WARNING),
    "unauthorized": (401, logging.WARNING),
    "too_large": (413, logging.WARNING),
    "broken_rule": (500, logging.ERROR),
    "panic": (500, logging.ERROR),
}
"""The code of an answer by how the call ended, and the level of its line in the log."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What is the same for all hooks."""

    config: Config = field(default_factory=Config)
    """What the installation decides about the objects that are made."""
    max_body_bytes: int = 32 << 20
    """Bound on a request's body."""
    admits: Callable[[str], bool] | None = None
    """Whether a call with this Authorization header is answered; without, every call is."""
    record: Record | None = None
    """Is given every request, for tests to come."""
    turns: Turns = field(default_factory=Turns)
    """For large requests."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a call ended."""

    outcome: Outcome
    answer: bytes
    received: int = 0
    """Bytes of the body that were read."""
    told: dict[str, Any] = field(default_factory=dict)
    """What the log says of it."""


def create_metrics() -> Metrics:
    """The metrics of the hooks that there are."""
    return Metrics((controller.path, hook) for controller in CONTROLLERS for hook in HOOKS)


def create_app(installation: Installation, metrics: Metrics) -> Flask:
    """The application.

    Args:
        installation: what it is given.
        metrics: where calls are counted.
    """
    app = _App("hooks", static_folder=None)
    app.url_map.merge_slashes = False  # a redirect would need the host
    app.config["MAX_CONTENT_LENGTH"] = installation.max_body_bytes
    for controller in CONTROLLERS:
        for hook in HOOKS:
            path = f"/{controller.path}/{hook}"
            app.add_url_rule(path, path, _view(controller, hook, installation, metrics), methods=["POST"])
    app.register_error_handler(HTTPException, _no_hook)
    return app


class _App(Flask):
    """Flask, without a look at the Host header: the paths are the same for each, and no URL is ever made from it."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        return self.url_map.bind("hooks", path_info=request.path, default_method=request.method) if request else None


def _no_hook(error: HTTPException) -> Response:
    """What is no call of a hook: a path that there isn't, for one, where webhooks are set up wrongly."""
    text = f"{error.code} {error.name}"
    log.warning("no hook call", extra={"fields": {"method": request.method, "path": request.path, "error": text}})
    return plain_text(text, error.code or 500)


def _view(controller: Controller, hook: Hook, installation: Installation, metrics: Metrics) -> Callable[[], Response]:
    """One hook over HTTP: answered, counted, and told in one line of the log."""
    counted = metrics.of(controller.path, hook)

    def answer() -> Response:
        started = perf_counter()
        with metrics.in_flight.track_inprogress():
            ended = _call(controller, hook, installation)
        give_back(ended.received)
        seconds = perf_counter() - started
        counted.add(ended.outcome, seconds, received=ended.received, sent=len(ended.answer))
        code, level = _ENDS[ended.outcome]
        call = {"kind": controller.path, "hook": hook, "outcome": ended.outcome, "code": code}
        fields = {**call, "milliseconds": round(seconds * 1000, 3), **ended.told}
        log.log(level, "hook call", extra={"fields": fields})
        if code == 200:
            return Response(ended.answer, content_type="application/json")
        return plain_text(ended.answer.decode(), code)

    return answer


def _call(controller: Controller, hook: Hook, installation: Installation) -> _Ended:
    received = 0
    try:
        # Before the body is read.
        if installation.admits and not installation.admits(request.headers.get("Authorization", "")):
            return _refused("unauthorized", _UNAUTHORIZED)
        body = request.get_data(cache=False)
        received = len(body)
        if installation.record:
            installation.record(controller.path, hook, body)
        with installation.turns.take(received):
            return _answer(controller, hook, body, installation.config)
    except RequestEntityTooLarge:
        return _refused("too_large", "the body is larger than TOOLHIVE_HOOKS_MAX_BODY_BYTES")
    except (ClientDisconnected, ParseException, NoMoreData):
        return _refused("malformed", "the body is cut off")
    except Exception as bug:  # noqa: BLE001  # the boundary: a bug must not become a 200
        return _panicked(controller, hook, bug, received)


def _answer(controller: Controller, hook: Hook, body: bytes, config: Config) -> _Ended:
    told: dict[str, Any] = {}
    try:
        question = webhook.read(controller, hook, body)
        metadata = question.parent["metadata"]
        told = {key: metadata.get(key) for key in ("namespace", "name", "generation")}
        answer = webhook.respond(controller, question, config, datetime.now(UTC))
        if "children" in answer:
            told["children"] = len(answer["children"])
        return _Ended("ok", webhook.write(answer), len(body), told)
    except Malformed as error:
        return _refused("malformed", str(error), len(body), told)
    except BrokenRule as error:
        return _refused("broken_rule", str(error), len(body), told)
    except Exception as bug:  # noqa: BLE001  # here the log can say which parent it is
        return _panicked(controller, hook, bug, len(body), told)


def _panicked(
    controller: Controller, hook: Hook, bug: Exception, received: int, told: dict[str, Any] | None = None
) -> _Ended:
    # The frames without the exception's text, which can quote object contents.
    where = {"error": type(bug).__name__, "traceback": "".join(traceback.format_tb(bug.__traceback__))}
    text = f"{controller.path} {hook} failed, a bug: its traceback is in the log of toolhive-hooks"
    return _Ended("panic", text.encode(), received, {**(told or {}), **where})


def _refused(outcome: Outcome, why: str, received: int = 0, told: dict[str, Any] | None = None) -> _Ended:
    return _Ended(outcome, why.encode(), received, {**(told or {}), "error": why})


def plain_text(text: str, code: int) -> Response:
    """An answer for people: one line."""
    headers = {"WWW-Authenticate": "Bearer"} if code == 401 else None
    return Response(f"{text}\n", code, headers, content_type="text/plain; charset=utf-8")
