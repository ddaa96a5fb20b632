"""External auth of type xaa: cross-application access, by an identity assertion (ID-JAG) of the identity provider."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hooks.api.external_auth.base import ExternalAuth
from hooks.api.meta import SecretKeyRef
from hooks.api.scalars import Flag


class Xaa(ExternalAuth):
    """Cross-application access; without effect on an MCPServer or MCPRemoteProxy."""

    idp_token_url: Annotated[str, Field(pattern="^https://.*$")]
    """URL of the identity provider's token endpoint."""
    idp_client_id: str = ""
    """Client id at the identity provider."""
    idp_client_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that contains the client secret at the identity provider."""
    target_token_url: str
    """URL of the token endpoint of the application to access."""
    insecure_target_token_url: Flag = False
    """Whether targetTokenUrl may be an http:// URL; for development only."""
    target_client_id: str = ""
    """Client id at the application to access."""
    target_client_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that contains the client secret at the application to access."""
    target_audience: str
    """Audience of the assertion: the authorization server of the application to access."""
    target_resource: str = ""
    """Resource that the token is for (RFC 8707)."""
    scopes: list[str] = Field(default_factory=list)
    """Scopes of the token to get."""
    subject_provider_name: str = ""
    """Upstream provider whose token is exchanged; the caller's token when left out."""
    subject_token_type: Literal["urn:ietf:params:oauth:token-type:id_token"] | None = None
    """Type of the token that is exchanged."""
