"""A small MCP server, over streamable HTTP at /mcp and over SSE at /sse, that writes down what reaches it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from flask import Flask, Response, request

from tests.runner.serving import serving

TOOLS = ("fetch", "search", "delete")
SESSION = "Mcp-Session-Id"


@dataclass(frozen=True)
class Call:
    """One HTTP request; `method` and `params` are those of the JSON-RPC call in it."""

    verb: str
    path: str
    headers: dict[str, str]
    method: str
    params: dict[str, Any]

    @property
    def bearer(self) -> str:
        """The token that came with it."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        assert scheme == "Bearer", self.headers
        return token


class Backend:
    """The server, and what it has seen."""

    def __init__(self) -> None:
        self.port = 0
        self.calls: list[Call] = []
        self._streams: list[SimpleQueue[str]] = []
        self.app = Flask("backend")
        self.app.before_request(self._record)
        self.app.add_url_rule("/mcp", view_func=self._mcp, methods=["POST"])
        self.app.add_url_rule("/sse", view_func=self._sse)
        self.app.add_url_rule("/messages/<int:session>", view_func=self._messages, methods=["POST"])

    @contextmanager
    def running(self) -> Iterator[Backend]:
        """Serve for as long as the block."""
        with serving(self.app) as self.port:
            try:
                yield self
            finally:
                for stream in self._streams:
                    stream.put("")

    def called(self, tool: str) -> list[Call]:
        """The calls of a tool."""
        return [call for call in self.calls if call.method == "tools/call" and call.params.get("name") == tool]

    def _record(self) -> None:
        message = request.get_json(silent=True) or {}
        method, params = message.get("method", ""), message.get("params") or {}
        self.calls.append(Call(request.method, request.path, dict(request.headers), method, params))

    def _mcp(self) -> Response:
        answer = _answer(request.get_json())
        if answer is None:
            return Response(status=202)
        response = Response(json.dumps(answer), content_type="application/json")
        if request.get_json()["method"] == "initialize":
            response.headers[SESSION] = str(uuid.uuid4())
        return response

    def _sse(self) -> Response:
        stream: SimpleQueue[str] = SimpleQueue()
        stream.put(f"event: endpoint\ndata: /messages/{len(self._streams)}\n\n")
        self._streams.append(stream)
        return Response(iter(stream.get, ""), content_type="text/event-stream")

    def _messages(self, session: int) -> Response:
        answer = _answer(request.get_json())
        if answer is not None:
            self._streams[session].put(f"event: message\ndata: {json.dumps(answer)}\n\n")
        return Response(status=202)


def _answer(message: dict[str, Any]) -> dict[str, Any] | None:
    """The answer to a JSON-RPC message; a notification has none."""
    if "id" not in message:
        return None
    return {"jsonrpc": "2.0", "id": message["id"], "result": _result(message["method"], message.get("params") or {})}


def _result(method: str, params: dict[str, Any]) -> dict[str, Any]:
    if method == "initialize":
        server = {"name": "backend", "version": "1"}
        return {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": server}
    if method == "tools/list":
        schema = {"type": "object"}
        return {"tools": [{"name": tool, "description": f"The {tool}.", "inputSchema": schema} for tool in TOOLS]}
    if method == "tools/call":
        return {"content": [{"type": "text", "text": f"called {params['name']}"}]}
    return {}
