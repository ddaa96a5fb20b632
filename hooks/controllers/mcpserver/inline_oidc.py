"""spec.oidcConfig of October 2025: OIDC settings in the spec itself, or in a ConfigMap with a key for each."""

from __future__ import annotations

from hooks.api.access import KubernetesOIDC, OIDCConfig
from hooks.api.mcpserver import MCPServerSpec
from hooks.api.urls import url_fault
from hooks.kubernetes import conditions
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy.spec import IncomingAuth
from hooks.references.config_maps import find_data
from hooks.references.oidc import IN_CLUSTER_ISSUER, POD_ACCOUNT, issuer_note, settings_faults
from hooks.references.resolution import Resolution, failed

CONDITION = "OIDCConfigRefValidated"
IN_PLAINTEXT = (
    "contains a plaintext client secret, readable by anyone who can read it or the RunConfig: use oidcConfigRef"
)
HTTP_ALLOWED_ENV = "INSECURE_DISABLE_URL_VALIDATION"
"""The runner's own switch for an issuer that has no TLS, to be set in the proxy's environment."""


def resolve_oidc(request: SyncRequest, spec: MCPServerSpec, default_resource_url: str) -> Resolution[IncomingAuth]:
    """Return how callers authenticate; no value and no condition where the spec doesn't say.

    Args:
        request: a sync of the MCPServer.
        spec: the MCPServer's.
        default_resource_url: the server's URL where the spec names none.
    """
    oidc = spec.oidc_config
    if oidc is None:
        return Resolution()
    if oidc.type == "configMap" and oidc.config_map:
        found = find_data(request, oidc.config_map.name, CONDITION, "spec.oidcConfig.configMap")
        if found.value is None:
            return Resolution(condition=found.condition)
        who = f"ConfigMap {oidc.config_map.name!r}"
        where = f"{who} (spec.oidcConfig.configMap)"
        return _validated(spec, found.value, who, where, default_resource_url=default_resource_url)
    inline = oidc.inline.model_dump(by_alias=True) if oidc.inline and oidc.type == "inline" else None
    who = f"spec.oidcConfig.{oidc.type}"
    values = inline or _in_cluster(oidc.kubernetes or KubernetesOIDC())
    return _validated(spec, values, who, who, default_resource_url=default_resource_url)


def _validated(
    spec: MCPServerSpec, values: Object, who: str, where: str, *, default_resource_url: str
) -> Resolution[IncomingAuth]:
    """Validate settings under the names that the inline form and a ConfigMap's data have in common."""
    oidc = spec.oidc_config or OIDCConfig()
    of_config_map = oidc.type == "configMap"
    quote, named = ("'", f"{where}: {{}}".format) if of_config_map else ("", f"{where}.{{}}".format)
    if not values.get("issuer") and not values.get("jwksUrl"):
        # Measured with runner 0.44.0: without either it refuses to start.
        missing = f"{where} has neither {quote}issuer{quote} nor {quote}jwksUrl{quote}: add the issuer"
        return failed(CONDITION, "IssuerMissing", missing)
    schemes = ("https", "http") if _may_use_http(spec) else ("https",)
    faults = [f"{named(key)} {fault}" for key, fault in settings_faults({"audience": "", **values}, schemes)]
    if oidc.resource_url and (fault := url_fault(oidc.resource_url, "https", "http")):
        faults.append(f"spec.oidcConfig.resourceUrl {fault}")
    if faults:
        return failed(CONDITION, "OIDCConfigInvalid", "; ".join(faults))
    auth, note = _incoming_auth(values, oidc.resource_url or default_resource_url), issuer_note(values, named("issuer"))
    if values.get("clientSecret"):
        return Resolution(auth, conditions.true(CONDITION, "PlaintextClientSecret", f"{who} {IN_PLAINTEXT}{note}"))
    used = conditions.true(CONDITION, "Valid", f"{who} is used{note}")
    return Resolution(auth, used if of_config_map or note else None)


def _incoming_auth(values: Object, resource_url: str) -> IncomingAuth:
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


def _in_cluster(kubernetes: KubernetesOIDC) -> Object:
    in_cluster = kubernetes.use_cluster_auth is not False
    return {
        "issuer": kubernetes.issuer or IN_CLUSTER_ISSUER,
        "audience": kubernetes.audience or "toolhive",
        "jwksUrl": kubernetes.jwks_url,
        "introspectionUrl": kubernetes.introspection_url,
        "thvCABundlePath": f"{POD_ACCOUNT}/ca.crt" if in_cluster else "",
        "jwksAuthTokenPath": f"{POD_ACCOUNT}/token" if in_cluster else "",
        "jwksAllowPrivateIP": in_cluster,
    }


def _may_use_http(spec: MCPServerSpec) -> bool:
    proxy = spec.resource_overrides.proxy_deployment if spec.resource_overrides else None
    env = {variable.name: variable.value for variable in (proxy.env if proxy else ())}
    return env.get(HTTP_ALLOWED_ENV, "").lower() == "true"
