"""The two ways to ask a controller: in this process, or over HTTP. Both take and give the bytes of the wire."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias, cast

from hooks import webhook
from hooks.installation import Installation
from hooks.metacontroller.controller import Controller, Hook
from hooks.metacontroller.requests import BrokenRule, Malformed

Hooks: TypeAlias = Callable[[str, bytes], bytes]
"""A webhook's path and the request's body to the body of a 200."""

MAX_ANSWER = 64 * 1024 * 1024
"""The longest answer that is read."""

_NOT_OURS = {
    401: "it asks for a token: --server-token-file",
    403: "it refuses this caller: --server-token-file, or --server-cert and --server-key",
    404: "it is no server of toolhive-hooks, or of another version",
}
_LOCAL = ("localhost", "127.0.0.1", "::1")


class HookError(RuntimeError):
    """A hook answered something else than a 200 that Metacontroller would take: it would leave all alone and retry."""


class Unreachable(RuntimeError):
    """There is no server where one should be: no parent can be asked."""


def in_process(controllers: Iterable[Controller], installation: Installation, now: datetime) -> Hooks:
    """Ask the controllers themselves.

    Args:
        controllers: those that can be asked.
        installation: the installation's settings.
        now: the clock, which stands still.
    """
    by_slug = {controller.slug: controller for controller in controllers}

    def ask(path: str, body: bytes) -> bytes:
        name, hook = path.partition("?")[0].strip("/").split("/")
        try:
            return webhook.answer(by_slug[name], cast("Hook", hook), body, installation, now)
        except (Malformed, BrokenRule) as error:
            raise HookError(str(error)) from error
        except Exception as error:
            # A bug fails its parent alone. Its text is left out: it can quote a manifest.
            raise HookError(f"a bug in the hooks ({type(error).__name__}): please report it") from error

    return ask


class Access(NamedTuple):
    """What a server asks for that is secured; each is the path of a file."""

    ca: str | None = None
    token: str | None = None
    certificate: str | None = None
    key: str | None = None


OPEN = Access()


def over_http(server: str, access: Access = OPEN, timeout: float = 10) -> Hooks:
    """Ask a running server.

    Args:
        server: its URL, `http://127.0.0.1:8080` for one.
        access: what it asks for.
        timeout: seconds for one call; Metacontroller's default.

    Raises:
        Unreachable: that is no URL of a server, or a file isn't what it should be.
    """
    host = _host(server)
    # As Go's client does it, and with it Metacontroller: a server on this machine isn't asked through a proxy.
    proxies = [urllib.request.ProxyHandler({})] if host in _LOCAL else []
    headers = {"Content-Type": "application/json"}
    try:
        https = urllib.request.HTTPSHandler(context=_tls(access))
        if access.token:
            headers["Authorization"] = f"Bearer {Path(access.token).read_text().strip()}"
    except (OSError, ValueError) as error:
        raise Unreachable(f"no access to {server}: {getattr(error, 'strerror', None) or error}") from None
    opener = urllib.request.build_opener(*proxies, https, _NoRedirect)

    def ask(path: str, body: bytes) -> bytes:
        request = urllib.request.Request(  # noqa: S310  # the scheme is checked above
            f"{server.rstrip('/')}{path}", data=body, headers=headers, method="POST"
        )
        try:
            with opener.open(request, timeout=timeout) as response:
                answer: bytes = response.read(MAX_ANSWER + 1)
                status = response.status
        except urllib.error.HTTPError as error:
            with error:
                if error.code in _NOT_OURS:
                    raise Unreachable(f"{server} answers {error.code}: {_NOT_OURS[error.code]}") from None
                raise HookError(f"HTTP {error.code}: {_text(error.read(1000))}") from None
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "reason", None) or error or type(error).__name__
            raise Unreachable(f"{server} doesn't answer: {why}") from None
        if status != http.client.OK:
            raise HookError(f"HTTP {status}: Metacontroller takes nothing but 200")
        if len(answer) > MAX_ANSWER:
            raise HookError("the answer is too long")
        return answer

    return ask


def _tls(access: Access) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=access.ca)
    if access.certificate:
        context.load_cert_chain(access.certificate, access.key)
    return context


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET: better to say that the URL is another one."""

    def redirect_request(self, *_: object) -> None:
        return None


def _host(server: str) -> str:
    try:
        parts = urllib.parse.urlsplit(server)
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts.hostname
    except ValueError:
        pass
    raise Unreachable(f"{server} is not the URL of a server: http://HOST:PORT")


def _text(body: bytes) -> str:
    return " ".join(body.decode(errors="replace").split()) or "no text"
