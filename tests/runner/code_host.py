"""An OAuth 2.0 provider on loopback that knows no OpenID: a login, user information, and registration (RFC 7591)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode

import trustme
from flask import Flask, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as Redirect

from tests.runner.serving import serving

CLIENT = ("mcp", "code-host-s3cr3t")
"""Id and secret of the client that is registered there by hand."""
INITIAL_TOKEN = "initial-t0ken"
REGISTERED = ("dyn-7", "registered-s3cr3t")
"""Id and secret that a registration gives."""
USER = {"id": 7, "login": "alice", "display": "Alice", "mail": "alice@acme.test"}


class Seen(NamedTuple):
    """A request, as a page of the provider got it."""

    method: str
    headers: dict[str, str]
    body: dict[str, Any]


class CodeHost:
    """The provider; `is_wrapped` makes its token endpoint answer in a form of its own."""

    def __init__(self, authority: trustme.CA) -> None:
        self.authority = authority
        self.url = ""
        self.is_wrapped = False
        self.tokens: list[str] = []
        """The access tokens that it gave, in their order."""
        self.user_requests: list[Seen] = []
        self.registrations: list[Seen] = []
        self._challenges: dict[str, str] = {}
        self.app = Flask("code-host")
        self.app.add_url_rule("/authorize", view_func=self._authorize)
        self.app.add_url_rule("/token", view_func=self._token, methods=["POST"])
        self.app.add_url_rule("/user", view_func=self._user, methods=["GET", "POST"])
        self.app.add_url_rule("/register", view_func=self._register, methods=["POST"])
        self.app.add_url_rule("/.well-known/oauth-authorization-server", view_func=self._metadata)

    @contextmanager
    def running(self) -> Iterator[CodeHost]:
        """Serve for as long as the block."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("127.0.0.1").configure_cert(tls)
        with serving(self.app, tls) as port:
            self.url = f"https://127.0.0.1:{port}"
            yield self

    def _metadata(self) -> Response:
        return jsonify(
            issuer=self.url,
            authorization_endpoint=f"{self.url}/authorize",
            token_endpoint=f"{self.url}/token",
            registration_endpoint=f"{self.url}/register",
            response_types_supported=["code"],
            code_challenge_methods_supported=["S256"],
            token_endpoint_auth_methods_supported=["client_secret_basic"],
        )

    def _authorize(self) -> Redirect:
        asked = request.args.to_dict()
        code = secrets.token_hex(8)
        self._challenges[code] = asked["code_challenge"]
        return redirect(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

    def _token(self) -> tuple[Response, int]:
        form = request.form.to_dict()
        given = request.authorization
        basic = (given.username, given.password) if given and given.type == "basic" else None
        if (basic or (form.get("client_id"), form.get("client_secret"))) not in (CLIENT, REGISTERED):
            return jsonify(error="invalid_client"), 401
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        )
        if self._challenges.pop(form["code"], None) != challenge:
            return jsonify(error="invalid_grant"), 400
        self.tokens.append(f"opaque-{secrets.token_hex(8)}")
        if self.is_wrapped:
            user = {"token": self.tokens[-1], "granted": "repo", "ttl": 600, "profile": {"uid": "u-7", "name": "Alice"}}
            return jsonify(ok=True, authed_user=user, token_type="user"), 200
        return jsonify(access_token=self.tokens[-1], token_type="bearer", expires_in=600), 200

    def _user(self) -> Response:
        self.user_requests.append(_seen())
        return jsonify(USER)

    def _register(self) -> tuple[Response, int]:
        self.registrations.append(_seen())
        client_id, client_secret = REGISTERED
        given = {"client_id": client_id, "client_secret": client_secret, "client_secret_expires_at": 0}
        return jsonify({**request.get_json(), **given, "token_endpoint_auth_method": "client_secret_basic"}), 201


def _seen() -> Seen:
    return Seen(request.method, dict(request.headers), request.get_json(silent=True) or {})
