"""An identity provider on loopback: OIDC discovery, keys, login, and token exchange (RFC 8693) that checks requests."""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote_plus, urlencode

import jwt
import trustme
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from flask import Flask, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as Redirect

from tests.runner.serving import serving

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"

PROXY = "https://weather.acme.test"
"""The audience of tokens for the proxy."""
BACKEND = "https://api.acme.test"
"""The one audience that a token may be exchanged for."""
SCOPES = ("read", "write")
CLIENT_ID = "weather proxy"  # with a blank: RFC 6749 has it encoded before it is put into the Basic header
CLIENT_SECRET = "s3cr3t:/+ %"
LOGIN_CLIENT = ("weather-login", "l0gin-s3cr3t")
"""Id and secret of the client at which users may log in: an authorization server."""
REDIRECT = "http://127.0.0.1:9/callback"
"""Of callers that log in at the proxy: they only read what they are sent there."""
LOGGED_IN = "https://userinfo.acme.test"
"""The audience of an access token that a login gives."""
SUBJECTS = (PROXY, LOGGED_IN)
"""Audiences of tokens that may be exchanged."""


@cache
def key(name: str) -> RSAPrivateKey:
    """A key, the same one each time: making one takes a while."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class TokenRequest:
    """A request to the token endpoint, and the OAuth error that it was answered with, if it was."""

    form: dict[str, str]
    client: tuple[str, str] | None
    error: str


class IdentityProvider:
    """The provider; `failing`, an HTTP status, makes its token endpoint fail with that."""

    def __init__(self) -> None:
        self.authority = trustme.CA()
        self.issuer = ""
        self.failing = 0
        self.token_requests: list[TokenRequest] = []
        self.user = "alice"
        """Who sits before the browser."""
        self._logins: dict[str, dict[str, str]] = {}
        self.app = Flask("identity-provider")
        self.app.add_url_rule("/.well-known/openid-configuration", view_func=self._discovery)
        self.app.add_url_rule("/keys", view_func=self._keys)
        self.app.add_url_rule("/authorize", view_func=self._authorize)
        self.app.add_url_rule("/client.json", view_func=self._about_client)
        self.app.add_url_rule("/token", view_func=self._token, methods=["POST"])

    @contextmanager
    def running(self, scheme: str = "https") -> Iterator[IdentityProvider]:
        """Serve for as long as the block."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("127.0.0.1").configure_cert(tls)
        with serving(self.app, tls if scheme == "https" else None) as port:
            self.issuer = f"{scheme}://127.0.0.1:{port}"
            yield self

    @property
    def token_url(self) -> str:
        return f"{self.issuer}/token"

    def token(self, signed_by: str | None = "provider", **claims: Any) -> str:
        """A token of a caller of the proxy, signed by the provider, with somebody else's key, or not at all."""
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "alice", "aud": PROXY, "iat": now, "exp": now + 600, **claims}
        if signed_by is None:
            return jwt.encode(claims, None, algorithm="none")
        return jwt.encode(claims, key(signed_by), algorithm="RS256", headers={"kid": "provider"})

    def claims(self, token: str, audience: str | tuple[str, ...]) -> dict[str, Any]:
        """The claims of a token that this provider issued for the audience; else a jwt.PyJWTError."""
        return jwt.decode(
            token, key("provider").public_key(), algorithms=["RS256"], audience=audience, issuer=self.issuer
        )

    @property
    def client_document(self) -> str:
        """The id of a client that registers nowhere, which is the address of a document about it."""
        return f"{self.issuer}/client.json"

    # -- its pages

    def _about_client(self) -> Response:
        return jsonify(
            client_id=self.client_document,
            client_name="caller",
            redirect_uris=[REDIRECT],
            token_endpoint_auth_method="none",
            grant_types=["authorization_code", "refresh_token"],
            response_types=["code"],
        )

    def _discovery(self) -> Response:
        return jsonify(
            issuer=self.issuer,
            jwks_uri=f"{self.issuer}/keys",
            token_endpoint=self.token_url,
            code_challenge_methods_supported=["S256"],
            authorization_endpoint=f"{self.issuer}/authorize",
            response_types_supported=["code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
        )

    def _keys(self) -> Response:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(key("provider").public_key(), as_dict=True)
        return jsonify(keys=[{**public, "kid": "provider", "alg": "RS256", "use": "sig"}])

    def _authorize(self) -> Redirect:
        """Log the user in, and send the browser back with a code."""
        asked = request.args.to_dict()
        code = secrets.token_hex(8)
        self._logins[code] = {**asked, "user": self.user}
        return redirect(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

    def _login(self, form: dict[str, str]) -> tuple[Response, int]:
        """The tokens of a login, for the client that began it (RFC 7636)."""
        login = self._logins.pop(form.get("code", ""), {})
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (form.get("client_id"), form.get("client_secret")) != LOGIN_CLIENT:
            return jsonify(error="invalid_client"), 401
        if not login or login["code_challenge"] != base64.urlsafe_b64encode(challenge).decode().rstrip("="):
            return jsonify(error="invalid_grant"), 400
        user, nonce = login["user"], login.get("nonce", "")
        return jsonify(
            access_token=self.token(sub=user, aud=LOGGED_IN, jti=secrets.token_hex(8)),
            id_token=self.token(sub=user, aud=LOGIN_CLIENT[0], nonce=nonce, groups=["staff"]),
            token_type="Bearer",
            expires_in=600,
        ), 200

    def _token(self) -> tuple[Response, int]:
        form = request.form.to_dict()
        if form.get("grant_type") == "authorization_code":
            return self._login(form)
        client = _client()
        status, error = (self.failing, "server_error") if self.failing else self._judge(form, client)
        self.token_requests.append(TokenRequest(form, client, error))
        if error:
            return jsonify(error=error), status
        subject = self.claims(form["subject_token"], SUBJECTS)["sub"]
        # jti: each exchange gives another token, so that a test can tell one from another.
        claims = {"sub": subject, "aud": form["audience"], "scope": form.get("scope", ""), "jti": secrets.token_hex(8)}
        return jsonify(
            access_token=self.token(**claims), issued_token_type=ACCESS_TOKEN, token_type="Bearer", expires_in=600
        ), 200

    def _judge(self, form: dict[str, str], client: tuple[str, str] | None) -> tuple[int, str]:
        """Status and OAuth error of a request to exchange a token; 200 and "" where it is good."""
        if client != (CLIENT_ID, CLIENT_SECRET):
            return 401, "invalid_client"
        if form.get("grant_type") != TOKEN_EXCHANGE:
            return 400, "unsupported_grant_type"
        if form.get("audience") != BACKEND:
            return 400, "invalid_target"
        if not set(form.get("scope", "").split()) <= set(SCOPES):
            return 400, "invalid_scope"
        if {form.get("subject_token_type"), form.get("requested_token_type", ACCESS_TOKEN)} != {ACCESS_TOKEN}:
            return 400, "invalid_request"
        try:
            self.claims(form.get("subject_token", ""), SUBJECTS)
        except jwt.PyJWTError:
            return 400, "invalid_grant"
        return 200, ""


def _client() -> tuple[str, str] | None:
    """Who is asking, by HTTP Basic authentication; id and secret are form-encoded there (RFC 6749, 2.3.1)."""
    given = request.authorization
    if given is None or given.type != "basic":
        return None
    return unquote_plus(given.username or ""), unquote_plus(given.password or "")
