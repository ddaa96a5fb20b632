"""Something that answers like an API server, or doesn't, for tests of the commands that ask one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.background import serving_in_background


def write_kubeconfig(directory: Path, server: str) -> Path:
    """A kubeconfig with one context, x, whose user has no credentials."""
    config = {
        "current-context": "x",
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {}}],
    }
    file = directory / "config"
    file.write_text(json.dumps(config))
    return file


@contextmanager
def answering(directory: Path, answers: Mapping[str, tuple[int, str]]) -> Iterator[tuple[Path, str]]:
    """Something that answers by the first of these beginnings that a path has, and 404 otherwise; its kubeconfig."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = [answer for begin, answer in answers.items() if self.path.startswith(begin)]
            status, body = found[0] if found else (404, "404 page not found")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host = f"http://127.0.0.1:{server.server_address[1]}"
    with serving_in_background(server, "API server"):
        yield write_kubeconfig(directory, host), host
