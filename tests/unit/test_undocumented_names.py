"""What hooks/ uses of other people's code that their documentation doesn't promise: each name, with what it is for.

A new release may change these without a word. So a further one is a decision, and has to be listed here. Names that
begin with an underscore are used of no library: ruff's SLF001 refuses them.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

HOOKS = Path(__file__).parents[2] / "hooks"
MODULES = {path.relative_to(HOOKS.parent): ast.parse(path.read_text()) for path in sorted(HOOKS.rglob("*.py"))}
LIBRARIES = ("gunicorn", "werkzeug", "prometheus_client", "pydantic_core")
"""Those that have more importable names than documented ones."""

UNDOCUMENTED = {
    "gunicorn.workers.gthread.ThreadWorker": "the worker class `gthread` is documented, its name isn't",
    "gunicorn.workers.gthread.ThreadWorker.handle": "the one override: a request's deadline begins and ends there",
    "gunicorn.workers.gthread.TConn": "a connection, in a type annotation",
    "gunicorn.glogging.Logger.setup": "gunicorn's own lines go through our handler",
    "gunicorn.arbiter.Arbiter": "what server hooks are given, in a type annotation",
    "gunicorn.http.errors.NoMoreData": "a body ends too soon",
    "gunicorn.http.errors.ParseException": "a body in chunks is no such body",
    "prometheus_client.core.Metric": "what a collector returns, in a type annotation",
    "socketserver.ThreadingMixIn.process_request_thread": "the end of a probe's thread gives its place back",
}
"""Imported or overridden."""

UNDOCUMENTED_ATTRIBUTES = {
    "gunicorn.workers.gthread.TConn.sock": "its socket, which the watchdog closes",
    "gunicorn.workers.base.Worker.app": "our application, which has watchdog and metrics",
    "gunicorn.glogging.Logger.error_log": "gunicorn's logger",
    "wsgiref.simple_server.WSGIServer.setup_environ": "the probes' server has a socket that is bound already",
    "socketserver.TCPServer.shutdown_request": "a connection too many is closed",
}
"""Read, or called."""

DOCUMENTED = {
    "click.types.ParamType.convert",
    *("gunicorn.app.base.BaseApplication", "gunicorn.glogging.Logger"),
    *("gunicorn.app.base.BaseApplication.load", "gunicorn.app.base.BaseApplication.load_config"),
    *("flask.app.Flask.create_url_adapter", "werkzeug.routing.MapAdapter"),
    *(f"werkzeug.exceptions.{name}" for name in ("ClientDisconnected", "HTTPException", "RequestEntityTooLarge")),
    *(f"prometheus_client.{name}" for name in ("CONTENT_TYPE_LATEST", "CollectorRegistry", "generate_latest")),
    *(f"prometheus_client.core.{kind}MetricFamily" for kind in ("Counter", "Gauge", "Histogram")),
    *("prometheus_client.registry.Collector", "prometheus_client.registry.Collector.collect"),
    *(f"pydantic_core.{name}" for name in ("CoreSchema", "ErrorDetails", "PydanticCustomError", "core_schema")),
    *("pydantic.main.BaseModel.model_config", "pydantic_settings.main.BaseSettings.model_config"),
    *("logging.Formatter.format", "logging.Handler.emit", "logging.Handler.flush"),
    *("socketserver.ThreadingMixIn.daemon_threads", "socketserver.ThreadingMixIn.process_request"),
    *(f"wsgiref.simple_server.WSGIServer.{name}" for name in ("finish_request", "handle_error", "process_request")),
    *("wsgiref.simple_server.WSGIRequestHandler.log_message", "yaml.dumper.SafeDumper.ignore_aliases"),
}


def imported(tree: ast.Module) -> dict[str, str]:
    """What a module imports from elsewhere, in full, by the name that it has there."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return {name: full for name, full in found.items() if not full.startswith(("hooks", "__future__"))}


def overridden(tree: ast.Module) -> Iterator[str]:
    """What classes of a module put in the place of something that their base from elsewhere has."""
    names = imported(tree)
    for definition in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        own = [node.name for node in definition.body if isinstance(node, ast.FunctionDef)]
        own += [ast.unparse(node.targets[0]) for node in definition.body if isinstance(node, ast.Assign)]
        for base in definition.bases:
            first, _, rest = ast.unparse(base).split("[")[0].partition(".")
            if first in names:
                cls = resolved(f"{names[first]}.{rest}".rstrip("."))
                theirs = [name for name in own if hasattr(cls, name) and not name.startswith("__")]
                yield from (f"{cls.__module__}.{cls.__qualname__}.{name}" for name in theirs)


def resolved(full: str) -> type:
    """The class of this full name."""
    module, _, name = full.rpartition(".")
    found: type = getattr(importlib.import_module(module), name)
    return found


def test_all_that_is_imported_or_overridden_is_documented_or_listed() -> None:
    used = {name for tree in MODULES.values() for name in overridden(tree)}
    used |= {full for tree in MODULES.values() for full in imported(tree).values() if full.startswith(LIBRARIES)}

    assert sorted(used) == sorted(UNDOCUMENTED.keys() | DOCUMENTED)


@pytest.mark.parametrize("full", [*UNDOCUMENTED, *UNDOCUMENTED_ATTRIBUTES])
def test_each_listed_name_exists_and_is_used(full: str) -> None:
    """An attribute that only an instance has stands in its class's code."""
    owner, _, name = full.rpartition(".")
    try:
        there = hasattr(importlib.import_module(owner), name)
    except ModuleNotFoundError:
        there = hasattr(resolved(owner), name) or f"self.{name} = " in inspect.getsource(resolved(owner))

    assert there
    assert any(name in ast.unparse(tree) for tree in MODULES.values())


def test_nothing_is_put_into_modules_or_classes_of_others() -> None:
    changed = [
        f"{path}:{node.lineno}"
        for path, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store | ast.Del)
        and ast.unparse(node.value).split(".")[0] in imported(tree)
    ]

    assert changed == []
