"""The Flask application: a route for each hook of each controller.

200 or an error, never a 200 that loses children: Metacontroller leaves all objects alone on an error, and tries again.
It copies the body of an error into an Event on the parent, so that body is short, the same for the same fault, and
without object contents.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Request, Response, request
from gunicorn.http.errors import NoMoreData, ParseException
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge
from werkzeug.routing import MapAdapter

from hooks import webhook
from hooks.controllers import CONTROLLERS
from hooks.installation import Installation
from hooks.metacontroller.controller import HOOKS, Controller, Hook
from hooks.metacontroller.requests import BrokenRule, Malformed
from hooks.server.large_bodies import LARGE_BODY, RETRY_AFTER_SECONDS, LargeBodyLock
from hooks.server.memory import trim_heap
from hooks.server.metrics import Metrics, Outcome
from hooks.server.recording import Record

log = logging.getLogger(__name__)

_UNAUTHORIZED = "the bearer token of the call is missing or not the one that toolhive-hooks has"
_TOO_LARGE = "the body is larger than TOOLHIVE_HOOKS_MAX_BODY_BYTES"
_BUSY = "other large requests are being answered"

_OUTCOMES: dict[Outcome, tuple[int, int]] = {
    "ok": (200, logging.INFO),
    "malformed": (400, logging.WARNING),
    "unauthorized": (401, logging.WARNING),
    "too_large": (413, logging.WARNING),
    "busy": (429, logging.WARNING),
    "broken_rule": (500, logging.ERROR),
    "panic": (500, logging.ERROR),
}
"""The code of an answer by how the call ended, and the level of its line in the log."""

_ANSWERED_AT_ONCE = 4
"""Small calls that a process answers at a time. What one takes in memory is bounded, and more at a time would end no
sooner. Threads that read or write beyond these are slow clients'."""


@dataclass(frozen=True, slots=True)
class HookSettings:
    """What is the same for all hooks."""

    installation: Installation = field(default_factory=Installation)
    """What the installation decides about the objects that are made."""
    max_body_bytes: int = 32 << 20
    """Bound on a request's body."""
    admits: Callable[[str], bool] | None = None
    """Whether a call with this Authorization header is answered; without, every call is."""
    record: Record | None = None
    """Writes every request to a file, for later tests; without, none is written."""
    large_bodies: LargeBodyLock = field(default_factory=LargeBodyLock)
    """Bounds what large requests take."""
    small_bodies: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_ANSWERED_AT_ONCE))
    """Bounds what all others take."""
    began: Callable[[], float] = time.monotonic
    """When the request came that this thread answers, by time.monotonic."""


@dataclass(frozen=True, slots=True)
class _CallResult:
    """How a call ended."""

    outcome: Outcome
    answer: bytes
    received: int = 0
    """Bytes of the body that were read."""
    log_fields: dict[str, Any] = field(default_factory=dict)
    """What its line in the log has."""


def create_metrics(workers: int = 1) -> Metrics:
    """Create the metrics of all hooks, counted by so many processes."""
    return Metrics(((controller.slug, hook) for controller in CONTROLLERS for hook in HOOKS), workers)


def create_app(settings: HookSettings, metrics: Metrics) -> Flask:
    """Create the application.

    Args:
        settings: of all hooks.
        metrics: where calls are counted.
    """
    app = _App("hooks", static_folder=None)
    app.url_map.merge_slashes = False  # a redirect would need the host
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    for controller in CONTROLLERS:
        for hook in HOOKS:
            path = f"/{controller.slug}/{hook}"
            app.add_url_rule(path, path, _view(controller, hook, settings, metrics), methods=["POST"])
    app.register_error_handler(HTTPException, _unknown_route)
    return app


class _App(Flask):
    """Flask, without a look at the Host header: the paths are the same for each, and no URL is ever made from it."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        return self.url_map.bind("hooks", path_info=request.path, default_method=request.method) if request else None


def _unknown_route(error: HTTPException) -> Response:
    """Answer requests to paths or methods that are no webhook: some CompositeController is set up wrongly."""
    text = f"{error.code} {error.name}"
    log.warning("no hook call", extra={"fields": {"method": request.method, "path": request.path, "error": text}})
    return plain_text(text, error.code or 500)


def _view(controller: Controller, hook: Hook, settings: HookSettings, metrics: Metrics) -> Callable[[], Response]:
    """Make the view of one hook: each call is answered, counted, and has one line of the log."""

    def answer() -> Response:
        began = settings.began()
        result = _call(controller, hook, settings)
        trim_heap(result.received)
        seconds = time.monotonic() - began
        metrics.call_ended(
            (controller.slug, hook), result.outcome, seconds, received=result.received, sent=len(result.answer)
        )
        code, level = _OUTCOMES[result.outcome]
        call = {"kind": controller.slug, "hook": hook, "outcome": result.outcome, "code": code}
        fields = {**call, "milliseconds": round(seconds * 1000, 3), **result.log_fields}
        log.log(level, "hook call", extra={"fields": fields})
        if code == 200:
            return Response(result.answer, content_type="application/json")
        return plain_text(result.answer.decode(), code)

    return answer


def _call(controller: Controller, hook: Hook, settings: HookSettings) -> _CallResult:
    """Answer one request. Its body is read only once its caller and its size are admitted."""
    try:
        if settings.admits and not settings.admits(request.headers.get("Authorization", "")):
            return _refused("unauthorized", _UNAUTHORIZED)
        if (request.content_length or 0) > settings.max_body_bytes:
            return _refused("too_large", _TOO_LARGE)
        if not _has_large_body():
            return _read(controller, hook, settings)
        with settings.large_bodies.place() as taken:
            if taken:
                return _read(controller, hook, settings)
        _discard_body()
        return _refused("busy", _BUSY)
    except RequestEntityTooLarge:
        return _refused("too_large", _TOO_LARGE)
    except (ClientDisconnected, ParseException, NoMoreData):
        return _refused("malformed", "the body is cut off")
    except Exception as bug:  # noqa: BLE001  # the boundary: a bug must not become a 200
        return _panicked(controller, hook, bug, 0)


def _has_large_body() -> bool:
    """Whether the body is large, or may be: a body in chunks doesn't say beforehand."""
    return "Transfer-Encoding" in request.headers or (request.content_length or 0) >= LARGE_BODY


def _discard_body() -> None:
    """Read the body to its end: a client that is still sending would take an answer for a broken connection."""
    while request.stream.read(1 << 20):
        pass


def _read(controller: Controller, hook: Hook, settings: HookSettings) -> _CallResult:
    """Read the body, and answer when its turn has come."""
    body = request.get_data(cache=False)
    with settings.large_bodies.turn() if len(body) >= LARGE_BODY else settings.small_bodies:
        if settings.record:
            settings.record(controller.slug, hook, body)
        return _answer(controller, hook, body, settings.installation)


def _answer(controller: Controller, hook: Hook, body: bytes, installation: Installation) -> _CallResult:
    log_fields: dict[str, Any] = {}
    try:
        question = webhook.read(controller, hook, body)
        metadata = question.parent["metadata"]
        log_fields = {key: metadata.get(key) for key in ("namespace", "name", "generation")}
        answer = webhook.respond(controller, question, installation, datetime.now(UTC))
        if "children" in answer:
            log_fields["children"] = len(answer["children"])
        return _CallResult("ok", webhook.write(answer), len(body), log_fields)
    except Malformed as error:
        return _refused("malformed", str(error), len(body), log_fields)
    except BrokenRule as error:
        return _refused("broken_rule", str(error), len(body), log_fields)
    except Exception as bug:  # noqa: BLE001  # here the log can say which parent it is
        return _panicked(controller, hook, bug, len(body), log_fields)


def _panicked(
    controller: Controller, hook: Hook, bug: Exception, received: int, log_fields: dict[str, Any] | None = None
) -> _CallResult:
    # The frames without the exception's text, which can quote object contents.
    where = {"error": type(bug).__name__, "traceback": "".join(traceback.format_tb(bug.__traceback__))}
    text = f"{controller.slug} {hook} failed, a bug: its traceback is in the log of toolhive-hooks"
    return _CallResult("panic", text.encode(), received, {**(log_fields or {}), **where})


def _refused(outcome: Outcome, why: str, received: int = 0, log_fields: dict[str, Any] | None = None) -> _CallResult:
    return _CallResult(outcome, why.encode(), received, {**(log_fields or {}), "error": why})


_HEADERS = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": str(RETRY_AFTER_SECONDS)}}
"""Of answers, by their code. Metacontroller would come again at once without whole seconds in Retry-After."""


def plain_text(text: str, code: int) -> Response:
    """Make an answer for people: one line."""
    headers = _HEADERS.get(code)
    return Response(f"{text}\n", code, headers, content_type="text/plain; charset=utf-8")
