"""External auth of type bearerToken: a fixed token for a remote MCP server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from hooks.api.external_auth.base import BEARER_TOKEN, ExternalAuth, Use
from hooks.api.meta import SecretKeyRef


class BearerToken(ExternalAuth):
    """A fixed bearer token for a remote MCP server."""

    uses: ClassVar[Mapping[str, Use]] = {"tokenSecretRef": BEARER_TOKEN}
    token_secret_ref: SecretKeyRef
    """The key of a Secret that holds the token."""
