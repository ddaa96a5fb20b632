"""How the spec of a workload refers to shared configs of its namespace."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hooks.api.meta import ConfigMapKeyRef, ConfigRef, Model
from hooks.api.scalars import NonEmpty


class OIDCConfigRef(ConfigRef):
    """An MCPOIDCConfig, and what of its settings is this workload's own."""

    audience: NonEmpty
    """Audience that a token must name; no other workload should have the same one."""
    scopes: list[str] = Field(default_factory=list)
    """Scopes to name in the protected resource metadata; "openid" when empty."""
    resource_url: str = ""
    """URL of this workload as callers know it, named in its protected resource metadata; a default when left out."""


class TelemetryConfigRef(ConfigRef):
    """An MCPTelemetryConfig, and the name under which this workload reports."""

    service_name: str = ""
    """Service name to report; the workload's name when left out."""


class AuthServerRef(ConfigRef):
    """An MCPExternalAuthConfig of type embeddedAuthServer."""

    kind: Literal["MCPExternalAuthConfig"] = "MCPExternalAuthConfig"
    """Kind of the object."""


class CABundleRef(Model):
    """The certificates of a certificate authority."""

    config_map_ref: ConfigMapKeyRef | None = None
    """The key of a ConfigMap that contains the certificates as PEM; its key is ca.crt when left out."""
