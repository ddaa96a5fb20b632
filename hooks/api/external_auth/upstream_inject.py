"""External auth of type upstreamInject: the token that an upstream provider gave to the authorization server."""

from __future__ import annotations

from hooks.api.external_auth.base import ExternalAuth
from hooks.api.scalars import NonEmpty


class UpstreamInject(ExternalAuth):
    """An upstream provider's token for the backend; without effect on an MCPServer or MCPRemoteProxy."""

    provider_name: NonEmpty
    """Name of the upstream provider, as the embedded authorization server has it."""
