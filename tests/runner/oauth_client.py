"""A client of an authorization server in a proxy: it registers, lets its user log in, and gets tokens."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import secrets
import ssl
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.runner.identity_provider import ACCESS_TOKEN, PROXY, REDIRECT, TOKEN_EXCHANGE, IdentityProvider


class OAuthClient:
    """The client, the browser of its user, and what leads them to the proxy: `PROXY` is its address outside.

    Args:
        port: where the proxy listens.
        provider: the upstream, at which the user logs in.
        id_: its id, where the server knows it already.
    """

    def __init__(self, port: int, provider: IdentityProvider, id_: str = "") -> None:
        self._port = port
        self._trust = ssl.create_default_context()
        provider.authority.configure_trust(self._trust)
        self.id = id_

    def document(self, path: str) -> dict[str, Any]:
        """A public document of the server."""
        status, _, text = self._request("GET", f"{PROXY}{path}")
        assert status == 200, text
        return json.loads(text)

    def register(self) -> OAuthClient:
        """Register (RFC 7591)."""
        wish = {"redirect_uris": [REDIRECT], "client_name": "caller", "token_endpoint_auth_method": "none"}
        headers = {"Content-Type": "application/json"}
        status, _, text = self._request("POST", f"{PROXY}/oauth/register", json.dumps(wish), headers)
        assert status == 201, text
        self.id = json.loads(text)["client_id"]
        return self

    def log_in(self) -> dict[str, Any]:
        """Send the user's browser through the login; gives what the token endpoint answers."""
        verifier, state = secrets.token_urlsafe(32), secrets.token_hex(8)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": REDIRECT,
            "state": state,
            "scope": "openid offline_access",
            "resource": PROXY,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        url = f"{PROXY}/oauth/authorize?{urlencode(asked)}"
        while not url.startswith(REDIRECT):
            status, headers, text = self._request("GET", url)
            assert status in (302, 303), (url, status, text)
            url = headers["Location"]
        back = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert back.get("state") == state, back
        grant = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": REDIRECT}
        return self._tokens({**grant, "code_verifier": verifier})

    def refresh(self, token: str) -> dict[str, Any]:
        """What the token endpoint answers to a refresh token."""
        return self._tokens({"grant_type": "refresh_token", "refresh_token": token})

    def exchange(self, subject_token: str, secret: str) -> dict[str, Any]:
        """What the token endpoint answers to a delegate client that exchanges a user's token (RFC 8693)."""
        types = {"subject_token": subject_token, "subject_token_type": ACCESS_TOKEN}
        return self._tokens({"grant_type": TOKEN_EXCHANGE, "audience": PROXY, "scope": "openid", **types}, secret)

    def _tokens(self, form: dict[str, str], secret: str | None = None) -> dict[str, Any]:
        form = {**form, "client_id": self.id, "resource": PROXY}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if secret is not None:
            headers["Authorization"] = f"Basic {base64.b64encode(f'{self.id}:{secret}'.encode()).decode()}"
        return json.loads(self._request("POST", f"{PROXY}/oauth/token", urlencode(form), headers)[2])

    def _request(
        self, verb: str, url: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection: http.client.HTTPConnection
        if url.startswith(PROXY):
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        else:
            connection = http.client.HTTPSConnection(parts.netloc, timeout=30, context=self._trust)
        with closing(connection):
            connection.request(verb, path, body, headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()
