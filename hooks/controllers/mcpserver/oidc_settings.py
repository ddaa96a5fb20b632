"""The settings of an MCPServer's OIDC issuer: where they come from, and whether the proxy runner could work with them.

What is refused here was read in runner 0.44.0 (pkg/auth/token.go, pkg/networking) and tried with Go's HTTP client: the
proxy would not start, would refuse each caller, or would tell callers an address that leads nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hooks.api.access import InlineOIDC, KubernetesOIDC, OIDCConfig
from hooks.api.mcpserver import MCPServerSpec
from hooks.controllers import conditions
from hooks.controllers.conditions import Condition
from hooks.controllers.texts import control_fault, text_fault
from hooks.controllers.urls import parts, url_fault
from hooks.protocol import Object

POD_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
GOOGLE_TOKENINFO = "https://oauth2.googleapis.com/tokeninfo"  # an address
HTTP_ALLOWED_ENV = "INSECURE_DISABLE_URL_VALIDATION"
"""The runner's own switch for an issuer that has no TLS, to be set in the proxy's environment."""


class OIDCSettings(NamedTuple):
    """Settings under the names that the inline form and a ConfigMap's data have in common."""

    values: Object
    who: str
    """What messages call the place that they come from."""
    missing: str
    """Why there is no issuer to go by; empty where there is one."""
    faults: list[str]
    note: str
    """What works and may not be meant, to be said after the rest; empty for nothing."""


def oidc_settings(spec: MCPServerSpec, oidc: OIDCConfig, config_map: Object) -> OIDCSettings:
    """Read the settings of an MCPServer's issuer, and judge them.

    Args:
        spec: the MCPServer's.
        oidc: its `oidcConfig`.
        config_map: data of the ConfigMap that it names; empty where it names none.
    """
    quote = ""
    if oidc.type == "configMap" and oidc.config_map:
        who, values, quote = f"ConfigMap {oidc.config_map.name!r}", config_map, "'"
        where = f"{who} (spec.oidcConfig.configMap)"
        named = f"{where}: {{}}".format
    else:
        who = where = f"spec.oidcConfig.{oidc.type}"
        values = inline_values(oidc.inline) if oidc.type == "inline" and oidc.inline else _in_cluster(oidc.kubernetes)
        named = f"{where}.{{}}".format
    missing = ""
    if not values.get("issuer") and not values.get("jwksUrl"):
        # Measured with runner 0.44.0: without either it refuses to start.
        missing = f"{where} has neither {quote}issuer{quote} nor {quote}jwksUrl{quote}: add the issuer"
    schemes = ("https", "http") if _may_use_http(spec) else ("https",)
    faults = [f"{named(key)} {fault}" for key, fault in _faults(values, schemes)]
    if oidc.resource_url and (fault := url_fault(oidc.resource_url, "https", "http")):
        faults.append(f"spec.oidcConfig.resourceUrl {fault}")
    return OIDCSettings(values, who, missing, faults, _note(values, named("issuer")))


def incoming_authentication(spec: MCPServerSpec) -> Condition:
    """Whether callers are authenticated before their tokens are exchanged."""
    if spec.oidc_config:
        return conditions.true("IncomingAuthentication", "Configured", "Callers must present a valid token")
    # Measured with runner 0.44.0.
    message = (
        "Without spec.oidcConfig nobody is authenticated: every caller gets in as a local user, whatever bearer token "
        "it presents is exchanged unverified, and calls without one pass through"
    )
    return conditions.false("IncomingAuthentication", "NotConfigured", message)


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


def _may_use_http(spec: MCPServerSpec) -> bool:
    proxy = spec.resource_overrides.proxy_deployment if spec.resource_overrides else None
    env = {variable.name: variable.value for variable in (proxy.env if proxy else ())}
    return env.get(HTTP_ALLOWED_ENV, "").lower() == "true"


def _faults(values: Object, schemes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Settings that can't be as they are, each with what is wrong; never with its value."""
    issuer, keys, introspection, audience = (
        values.get(key) or "" for key in ("issuer", "jwksUrl", "introspectionUrl", "audience")
    )
    if issuer and (fault := _issuer_fault(issuer, schemes, discovers=not keys)):
        yield "issuer", fault
    if keys and (fault := url_fault(keys, *schemes)):
        yield "jwksUrl", fault
    if introspection:
        # Without client credentials the runner asks with Go's default client, which takes http too.
        takes_http = not values.get("clientId") and not values.get("clientSecret")
        if fault := url_fault(introspection, *(("https", "http") if takes_http else schemes)):
            yield "introspectionUrl", fault
    if introspection == GOOGLE_TOKENINFO and not audience.strip():
        yield "audience", "must be set: with Google's tokeninfo as introspectionUrl the proxy doesn't start without it"
    for key in ("audience", "clientId", "thvCABundlePath", "jwksAuthTokenPath"):
        if fault := text_fault(values.get(key) or ""):
            yield key, fault
    if fault := control_fault(values.get("clientSecret") or ""):
        yield "clientSecret", fault
    private = values.get("jwksAllowPrivateIP") or ""
    if isinstance(private, str) and private not in ("", "true") and private.lower() != "false":
        yield "jwksAllowPrivateIP", "must be 'true' or 'false'"


def _issuer_fault(issuer: str, schemes: tuple[str, ...], *, discovers: bool) -> str:
    if "/.well-known/" in issuer:
        return "must be the issuer itself, without /.well-known/ and what follows"
    if not discovers:  # the keys are elsewhere: a token's issuer is compared with the text, less outer blanks
        return text_fault(issuer.strip()) if issuer.strip() else "must not be blank"
    if fault := url_fault(issuer, *schemes):
        return fault
    found = parts(issuer)
    if "?" in issuer or "#" in issuer or (found and found.userinfo):
        return "must be a URL without user, query and fragment"
    return ""


def _note(values: Object, where: str) -> str:
    issuer = values.get("issuer")
    if not issuer or not values.get("jwksUrl") or not url_fault(issuer, "https", "http"):
        return ""
    return f"; {where} is no URL, so callers can't find the issuer by it"
