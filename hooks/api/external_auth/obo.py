"""External auth of type obo: Microsoft Entra's on-behalf-of flow, which only enterprise builds of the runner have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hooks.api.external_auth.base import ExternalAuth
from hooks.api.meta import SecretKeyRef
from hooks.api.scalars import Duration, ProviderName

_GUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_DOMAIN = r"([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]{2,}"


class Obo(ExternalAuth):
    """The on-behalf-of flow of Microsoft Entra ID."""

    tenant_id: Annotated[str, Field(max_length=253, pattern=f"^({_GUID}|{_DOMAIN})$")] = ""
    """Tenant, as a GUID or a domain."""
    authority: Annotated[str, Field(pattern=r"^https://[^\s?#@]+[^/\s?#@]$")] = ""
    """URL of the identity provider; that of Microsoft Entra ID when left out."""
    client_id: str = ""
    """Client id with which the proxy authenticates at the token endpoint."""
    client_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that contains the client secret."""
    audience: str = ""
    """Audience of the token to get."""
    scopes: Annotated[list[Annotated[str, Field(min_length=1, max_length=256)]], Field(max_length=20)] = Field(
        default_factory=list
    )
    """Scopes of the token to get."""
    subject_token_provider_name: ProviderName = ""
    """Upstream provider whose token is exchanged; the caller's token when left out."""
    cache_skew: Duration | None = None
    """How long before its end a cached token counts as expired, such as "1m"."""
