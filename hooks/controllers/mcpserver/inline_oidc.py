"""spec.oidcConfig of the old dialect: the OIDC settings that stand in the spec or in a ConfigMap of single values."""

from __future__ import annotations

from hooks.api.access import InlineOIDC, KubernetesOIDC, OIDCConfig
from hooks.kubernetes import conditions
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy.spec import IncomingAuth
from hooks.references.config_maps import find_data
from hooks.references.resolution import Resolution, failed

CONDITION = "OIDCConfigRefValidated"
IN_CLEAR = "has a client secret in clear, which all can read who can read it or the RunConfig"
POD_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def resolve_oidc(request: SyncRequest, oidc: OIDCConfig | None, default_resource_url: str) -> Resolution[IncomingAuth]:
    """Return how callers authenticate; no value and no condition where the spec doesn't say."""
    if oidc is None:
        return Resolution()
    resource_url = oidc.resource_url or default_resource_url
    if oidc.type == "inline":
        return _inline(oidc.inline, resource_url) if oidc.inline else Resolution()
    if oidc.type == "configMap":
        return _config_map(request, oidc.config_map.name, resource_url) if oidc.config_map else Resolution()
    return Resolution(_in_cluster(oidc.kubernetes or KubernetesOIDC(), resource_url))


def _inline(inline: InlineOIDC, resource_url: str) -> Resolution[IncomingAuth]:
    if not inline.issuer and not inline.jwks_url:
        message = "spec.oidcConfig.inline has neither issuer nor jwksUrl: add the issuer"
        return failed(CONDITION, "IssuerMissing", message)
    in_clear = conditions.true(CONDITION, "ClientSecretInClear", f"spec.oidcConfig.inline {IN_CLEAR}")
    auth = _incoming_auth(inline.model_dump(by_alias=True), resource_url)
    return Resolution(auth, in_clear if inline.client_secret else None)


def _config_map(request: SyncRequest, name: str, resource_url: str) -> Resolution[IncomingAuth]:
    found = find_data(request, name, CONDITION, "spec.oidcConfig.configMap")
    data = found.value
    if data is None:
        return Resolution(condition=found.condition)
    if not data.get("issuer") and not data.get("jwksUrl"):
        # Measured with runner 0.44.0: without either it refuses to start.
        message = f"ConfigMap {name!r} (spec.oidcConfig.configMap) has neither 'issuer' nor 'jwksUrl': add the issuer"
        return failed(CONDITION, "IssuerMissing", message)
    in_clear = conditions.true(CONDITION, "ClientSecretInClear", f"ConfigMap {name!r} {IN_CLEAR}")
    return Resolution(_incoming_auth(data, resource_url), in_clear if data.get("clientSecret") else found.condition)


def _incoming_auth(values: Object, resource_url: str) -> IncomingAuth:
    """Settings under the names that the inline form and the ConfigMap's data have in common."""
    return IncomingAuth(
        issuer=values.get("issuer") or "",
        audience=values.get("audience") or "",
        jwks_url=values.get("jwksUrl") or "",
        introspection_url=values.get("introspectionUrl") or "",
        client_id=values.get("clientId") or "",
        client_secret=values.get("clientSecret") or "",
        ca_cert_path=values.get("thvCABundlePath") or "",
        auth_token_file=values.get("jwksAuthTokenPath") or "",
        allow_private_ip=values.get("jwksAllowPrivateIP") in (True, "true"),
        resource_url=resource_url,
    )


def _in_cluster(kubernetes: KubernetesOIDC, resource_url: str) -> IncomingAuth:
    in_cluster = kubernetes.use_cluster_auth is not False
    return IncomingAuth(
        issuer=kubernetes.issuer or "https://kubernetes.default.svc",
        audience=kubernetes.audience or "toolhive",
        jwks_url=kubernetes.jwks_url,
        introspection_url=kubernetes.introspection_url,
        client_id="",
        client_secret="",
        ca_cert_path=f"{POD_ACCOUNT}/ca.crt" if in_cluster else "",
        auth_token_file=f"{POD_ACCOUNT}/token" if in_cluster else "",
        allow_private_ip=in_cluster,
        resource_url=resource_url,
    )
