"""The headers that the proxy adds to calls of a remote MCP server: the `header_forward` of the RunConfig."""

from __future__ import annotations

import re

from hooks.kubernetes.objects import Object
from hooks.proxy.spec import Remote


def header_forward(name: str, remote: Remote) -> Object | None:
    """Return the headers in clear, and for each other one the secret that has its value; None without any."""
    forward: Object = {}
    if remote.headers:
        forward["add_plaintext_headers"] = dict(sorted(remote.headers.items()))
    if remote.secret_headers:
        secrets = {header.name: secret_name(header.name, name) for header in remote.secret_headers}
        forward["add_headers_from_secret"] = dict(sorted(secrets.items()))
    return forward or None


def secret_name(header: str, name: str) -> str:
    """Return the name by which the runner asks its environment for a header's value, after `TOOLHIVE_SECRET_`.

    Args:
        header: name of the header.
        name: name of the proxy.
    """
    return f"HEADER_FORWARD_{_in_capitals(header)}_{_in_capitals(name)}"


def _in_capitals(text: str) -> str:
    return re.sub(r"[^A-Z0-9_]", "_", text.upper())
