"""HTTP headers that a proxy adds to the calls that it passes on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hooks.api.meta import MapList, Model, SecretKeyRef


class SecretHeader(Model):
    """A header whose value is in a Secret."""

    header_name: Annotated[str, Field(min_length=1, max_length=255)]
    """Name of the header."""
    value_secret_ref: SecretKeyRef
    """The key of a Secret that contains the header's value."""


class HeaderForward(Model):
    """Headers that the proxy adds to each call of the remote MCP server."""

    add_plaintext_headers: dict[str, str] = Field(default_factory=dict)
    """Headers with their values, in plain text: anyone who can read this object or the RunConfig can read them."""
    add_headers_from_secret: Annotated[list[SecretHeader], MapList("headerName")] = Field(default_factory=list)
    """Headers whose values are in Secrets."""
