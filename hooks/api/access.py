"""Who may call an MCP server, and what they may do: oidcConfig and authzConfig."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hooks.api.mcpoidcconfig import KubernetesServiceAccountOIDC
from hooks.api.meta import ConfigMapRef, Model, RuledModel, set_exactly_when, set_when
from hooks.api.scalars import ProviderName
from hooks.strict_json import read_text


class KubernetesOIDC(KubernetesServiceAccountOIDC):
    """Callers authenticate with tokens of Kubernetes service accounts."""

    audience: str = "toolhive"
    """Audience that a token must name."""


class OIDCConfigMapRef(ConfigMapRef):
    """A ConfigMap with one key for each OIDC setting."""

    key: str = "oidc.json"
    """Accepted for compatibility, and not used."""


class InlineOIDC(Model):
    """An OIDC issuer, described here."""

    issuer: str
    """Issuer that a token must name."""
    audience: str = ""
    """Audience that a token must name."""
    jwks_url: str = ""
    """URL of the issuer's keys; found by discovery when left out."""
    introspection_url: str = ""
    """URL of the issuer's token introspection endpoint."""
    client_id: str = ""
    """Client id for introspection."""
    client_secret: str = ""
    """Client secret for introspection, in plain text: anyone who can read this object or the RunConfig can read it."""
    thv_ca_bundle_path: str = Field(default="", alias="thvCABundlePath")
    """Path in the proxy's container of the CA bundle that the issuer is checked against."""
    jwks_auth_token_path: str = ""
    """Path in the proxy's container of the bearer token that the key endpoint asks for."""
    jwks_allow_private_ip: bool = Field(default=False, alias="jwksAllowPrivateIP")
    """Whether the issuer's endpoints may have private IP addresses."""


class OIDCConfig(RuledModel):
    """How callers authenticate."""

    # Without its block, the reference serves with no authentication at all.
    rules = (set_when("configMap"), set_when("inline"))
    type: Literal["kubernetes", "configMap", "inline"] = "kubernetes"
    """Where the OIDC settings come from; blocks of the other types are ignored."""
    resource_url: str = ""
    """URL of this server as callers know it, named in the protected resource metadata."""
    kubernetes: KubernetesOIDC | None = None
    """Settings for type "kubernetes"; the defaults when left out."""
    config_map: OIDCConfigMapRef | None = None
    """The ConfigMap for type "configMap"."""
    inline: InlineOIDC | None = None
    """Settings for type "inline"."""


class AuthzConfigMapRef(ConfigMapRef):
    """A key of a ConfigMap with an authorization configuration."""

    key: str = "authz.json"
    """Key in the ConfigMap that contains the configuration as JSON or YAML."""


class InlineAuthz(Model):
    """Cedar policies, written here."""

    policies: list[str] = Field(min_length=1)
    """The Cedar policies."""
    entities_json: str = "[]"
    """The Cedar entities, as a JSON list."""
    primary_upstream_provider: ProviderName = ""
    """Accepted for compatibility, and without effect: a proxy has one upstream provider."""


class AuthzConfig(RuledModel):
    """What callers may do."""

    rules = (set_exactly_when("configMap"), set_exactly_when("inline"))
    type: Literal["configMap", "inline"] = "configMap"
    """Where the policies come from."""
    config_map: AuthzConfigMapRef | None = None
    """The ConfigMap for type "configMap"."""
    inline: InlineAuthz | None = None
    """The policies for type "inline"."""
    group_claim_name: Annotated[str, Field(max_length=253)] = ""
    """Claim of the caller's token that contains groups, which policies see as the principal's parents."""
    role_claim_name: Annotated[str, Field(max_length=253)] = ""
    """Claim of the caller's token that contains roles, which policies see as the principal's parents."""
    group_entity_type: Annotated[str, Field(max_length=63, pattern="^[A-Za-z_][A-Za-z0-9_]*$")] = ""
    """Cedar entity type of groups and roles; THVGroup when left out."""


def is_entity_list(text: str) -> bool:
    """Whether this is a JSON list of objects, as the runner wants Cedar's entities."""
    entities = read_text(text)
    return isinstance(entities, list) and all(isinstance(entity, dict) for entity in entities)
