"""What a proxy asks about calls: webhooks that may refuse or change them, and a policy decision point."""

from __future__ import annotations

import hashlib
import hmac
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import trustme
from flask import Flask, Response, jsonify, request

from tests.runner.serving import serving


@dataclass(frozen=True)
class Question:
    """A request that came in."""

    path: str
    body: dict[str, Any]
    signature: str
    """What the signature must be with the gate's key."""
    signed: str
    """The signature that came, empty without one."""


class Gate:
    """Answers at /validate, /mutate and, as a policy decision point, at /decision; with TLS unless told otherwise.

    What is in `refused` it refuses; `failing`, an HTTP status, makes all fail with that.
    """

    def __init__(self, hmac_key: str) -> None:
        self.authority = trustme.CA()
        self.url = ""
        self.failing = 0
        self.refused: set[str] = set()
        """Tools that may not be called."""
        self.renamed: dict[str, str] = {}
        """Tools that are called in place of others."""
        self.asked: list[Question] = []
        self._key = hmac_key.encode()
        self.app = Flask("gate")
        self.app.before_request(self._take)
        self.app.add_url_rule("/validate", view_func=self._validate, methods=["POST"])
        self.app.add_url_rule("/mutate", view_func=self._mutate, methods=["POST"])
        self.app.add_url_rule("/decision", view_func=self._decide, methods=["POST"])

    @contextmanager
    def running(self, scheme: str = "https", clients: trustme.CA | None = None) -> Iterator[Gate]:
        """Serve for as long as the block; `clients` is whose certificates callers must have."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("127.0.0.1").configure_cert(tls)
        if clients:
            clients.configure_trust(tls)
            tls.verify_mode = ssl.CERT_REQUIRED
        with serving(self.app, tls if scheme == "https" else None) as port:
            self.url = f"{scheme}://127.0.0.1:{port}"
            yield self

    def about(self, path: str, tool: str) -> list[Question]:
        """The questions at a path that were about a call of this tool."""
        found = [question for question in self.asked if question.path == path]
        return [question for question in found if _tool(question.body) == tool]

    def _take(self) -> Response | None:
        content = request.get_data()
        message = f"{request.headers.get('X-ToolHive-Timestamp', '')}.".encode() + content
        signature = f"sha256={hmac.new(self._key, message, hashlib.sha256).hexdigest()}"
        signed = request.headers.get("X-ToolHive-Signature", "")
        self.asked.append(Question(request.path, request.get_json(), signature, signed))
        return Response(status=self.failing) if self.failing else None

    def _validate(self) -> Response:
        body = request.get_json()
        allowed = _tool(body) not in self.refused
        return jsonify(version=body["version"], uid=body["uid"], allowed=allowed, reason="policy")

    def _mutate(self) -> Response:
        body = request.get_json()
        answer = {"version": body["version"], "uid": body["uid"], "allowed": True}
        if name := self.renamed.get(_tool(body)):
            change = [{"op": "replace", "path": "/mcp_request/params/name", "value": name}]
            answer |= {"patch_type": "json_patch", "patch": change}
        return jsonify(answer)

    def _decide(self) -> Response:
        tool = request.get_json()["resource"].rpartition(":")[2]
        return jsonify(allow=tool not in self.refused)


def _tool(body: dict[str, Any]) -> str:
    return str(body.get("mcp_request", {}).get("params", {}).get("name", ""))
