"""Clients of an MCP server behind the proxy."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.runner.backend import SESSION


@dataclass(frozen=True)
class Reply:
    """What came back of one HTTP request."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def message(self) -> dict[str, Any]:
        """The JSON in it."""
        return json.loads(self.text)


class Caller:
    """Someone who calls the proxy at a port of loopback, with a bearer token or without."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self._port = port
        self._headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"

    # -- over streamable HTTP

    def connect(self) -> Caller:
        """Open an MCP session."""
        client = {"name": "caller", "version": "1"}
        reply = self.post("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=client)
        assert reply.status == 200, reply
        self._headers[SESSION] = reply.headers[SESSION]
        self._headers["Mcp-Protocol-Version"] = reply.message["result"]["protocolVersion"]
        return self

    def joining(self, other: Caller) -> Caller:
        """Use another caller's session."""
        self._headers[SESSION] = other._headers[SESSION]
        return self

    def tools(self) -> dict[str, str]:
        """The tools that the caller is shown: name and description."""
        reply = self.post("tools/list")
        assert reply.status == 200, reply
        return {tool["name"]: tool["description"] for tool in reply.message["result"]["tools"]}

    def call(self, tool: str) -> Reply:
        """Call a tool."""
        return self.post("tools/call", name=tool, arguments={})

    def post(self, method: str, **params: Any) -> Reply:
        """Make a JSON-RPC call."""
        return self.request("POST", "/mcp", _call(method, params))

    # -- over SSE

    @contextmanager
    def events(self) -> Iterator[Iterator[str]]:
        """Open an SSE stream: the data of its events, as they come."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)) as connection:
            connection.request("GET", "/sse", headers={**self._headers, "Accept": "text/event-stream"})
            response = connection.getresponse()
            assert response.status == 200, response.read()
            with response:
                lines = (line.decode().rstrip() for line in response)
                yield (line.removeprefix("data: ") for line in lines if line.startswith("data: "))

    def send(self, endpoint: str, method: str, **params: Any) -> int:
        """Make a JSON-RPC call whose answer comes as an event; gives the HTTP status."""
        return self.request("POST", endpoint, _call(method, params)).status

    def request(self, verb: str, path: str, body: str | None = None) -> Reply:
        """Make an HTTP request."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)) as connection:
            connection.request(verb, path, body, self._headers)
            response = connection.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read().decode())


def _call(method: str, params: dict[str, Any]) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
