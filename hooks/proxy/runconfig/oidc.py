"""How callers of an MCPServer prove who they are: the `oidc_config` of its RunConfig."""

from __future__ import annotations

from hooks.api.access import InlineOIDC, KubernetesOIDC, OIDCConfig
from hooks.api.mcpserver import MCPServerSpec
from hooks.controllers.mcpserver.references import References
from hooks.protocol import Object

POD_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def oidc_config(server: Object, spec: MCPServerSpec, references: References) -> Object | None:
    """The keys that the runner knows, all of them, under the names of their Go fields."""
    oidc = spec.oidc_config
    values = _values(oidc, references) if oidc else None
    if oidc is None or values is None:
        return None
    metadata = server["metadata"]
    # The reference's default; no Service has this name, but clients may have configured it as the token's resource.
    default = f"http://{metadata['name']}.{metadata['namespace']}.svc.cluster.local:{spec.port}"
    return {
        "Issuer": values.get("issuer") or "",
        "Audience": values.get("audience") or "",
        "JWKSURL": values.get("jwksUrl") or "",
        "ClientID": values.get("clientId") or "",
        "ClientSecret": values.get("clientSecret") or "",
        "CACertPath": values.get("thvCABundlePath") or "",
        "AuthTokenFile": values.get("jwksAuthTokenPath") or "",
        "AllowPrivateIP": values.get("jwksAllowPrivateIP") in (True, "true"),
        "IntrospectionURL": values.get("introspectionUrl") or "",
        "ResourceURL": oidc.resource_url or default,
    }


def _values(oidc: OIDCConfig, references: References) -> Object | None:
    """The settings, under the names that the inline form and the ConfigMap's data have in common."""
    if oidc.type == "inline":
        return inline_values(oidc.inline) if oidc.inline else None
    if oidc.type == "configMap":
        return references.oidc
    return _in_cluster(oidc.kubernetes)


def inline_values(inline: InlineOIDC) -> Object:
    """All fields by their names in JSON: what pydantic's model_dump says, in half the time."""
    return {
        "issuer": inline.issuer,
        "audience": inline.audience,
        "jwksUrl": inline.jwks_url,
        "clientId": inline.client_id,
        "clientSecret": inline.client_secret,
        "thvCABundlePath": inline.thv_ca_bundle_path,
        "jwksAuthTokenPath": inline.jwks_auth_token_path,
        "jwksAllowPrivateIP": inline.jwks_allow_private_ip,
        "introspectionUrl": inline.introspection_url,
    }


def _in_cluster(kubernetes: KubernetesOIDC | None) -> Object:
    in_cluster = kubernetes is None or kubernetes.use_cluster_auth is not False
    return {
        "issuer": (kubernetes and kubernetes.issuer) or "https://kubernetes.default.svc",
        "audience": (kubernetes and kubernetes.audience) or "toolhive",
        "jwksUrl": kubernetes and kubernetes.jwks_url,
        "introspectionUrl": kubernetes and kubernetes.introspection_url,
        "thvCABundlePath": f"{POD_ACCOUNT}/ca.crt" if in_cluster else "",
        "jwksAuthTokenPath": f"{POD_ACCOUNT}/token" if in_cluster else "",
        "jwksAllowPrivateIP": in_cluster,
    }
