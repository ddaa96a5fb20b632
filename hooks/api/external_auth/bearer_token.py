"""External auth of type bearerToken: a fixed token for a remote MCP server."""

from __future__ import annotations

from hooks.api.external_auth.base import ExternalAuth
from hooks.api.meta import SecretKeyRef


class BearerToken(ExternalAuth):
    """A fixed bearer token for a remote MCP server."""

    token_secret_ref: SecretKeyRef
    """The key of a Secret that contains the token."""
