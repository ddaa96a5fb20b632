"""MCPOIDCConfig: how the callers of workloads authenticate."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hooks.api.configs import CABundleRef
from hooks.api.meta import Model, RuledModel, SecretKeyRef, set_exactly_when


class KubernetesServiceAccountOIDC(Model):
    """Callers authenticate with tokens of Kubernetes service accounts."""

    service_account: str = ""
    """Accepted for compatibility, and not used."""
    namespace: str = ""
    """Accepted for compatibility, and not used."""
    issuer: str = "https://kubernetes.default.svc"
    """Issuer that a token must name."""
    jwks_url: str = ""
    """URL of the issuer's keys; found by discovery when left out."""
    introspection_url: str = ""
    """URL of the issuer's token introspection endpoint."""
    use_cluster_auth: bool | None = None
    """Whether the issuer is reached with the cluster's CA and the pod's own token; true when left out."""


class InlineOIDCConfig(Model):
    """An OIDC issuer, described here."""

    issuer: str
    """Issuer that a token must name."""
    jwks_url: str = ""
    """URL of the issuer's keys; found by discovery when left out."""
    introspection_url: str = ""
    """URL of the issuer's token introspection endpoint."""
    client_id: str = ""
    """Client id for introspection."""
    client_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that contains the client secret for introspection."""
    ca_bundle_ref: CABundleRef | None = None
    """The certificates by which the issuer is checked; the usual ones when left out."""
    jwks_auth_token_path: str = ""
    """Path in the proxy's container of the bearer token that the key endpoint asks for."""
    jwks_allow_private_ip: bool = Field(default=False, alias="jwksAllowPrivateIP")
    """Whether the issuer's endpoints may have private IP addresses."""
    protected_resource_allow_private_ip: bool = Field(default=False, alias="protectedResourceAllowPrivateIP")
    """Accepted for compatibility, and without effect: jwksAllowPrivateIP has one."""
    insecure_allow_http: bool = Field(default=False, alias="insecureAllowHTTP")
    """Whether the issuer may have an http:// URL; for development only."""


class MCPOIDCConfigSpec(RuledModel):
    """The desired way for callers to authenticate."""

    rules = (set_exactly_when("kubernetesServiceAccount"), set_exactly_when("inline"))
    type: Literal["kubernetesServiceAccount", "inline"]
    """Where the OIDC settings come from; the block of the same name has them."""
    kubernetes_service_account: KubernetesServiceAccountOIDC | None = None
    """Settings for type "kubernetesServiceAccount"; it may be empty."""
    inline: InlineOIDCConfig | None = None
    """Settings for type "inline"."""
