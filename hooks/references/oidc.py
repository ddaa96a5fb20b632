"""How callers authenticate: the settings of an issuer, checked, and what the proxy gets of them.

What is refused here was read in runner 0.44.0 (pkg/auth/token.go, pkg/networking) and tried with Go's HTTP client: the
proxy would not start, would refuse each caller, or would give callers an address that leads nowhere. Settings have the
names of MCPOIDCConfig, which an MCPServer's own oidcConfig and the ConfigMap that it names have too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hooks.api.configs import CABundleRef, OIDCConfigRef
from hooks.api.mcpoidcconfig import KubernetesServiceAccountOIDC, MCPOIDCConfigSpec
from hooks.api.texts import control_fault, text_fault
from hooks.api.urls import parts, url_fault
from hooks.kubernetes.objects import Object
from hooks.proxy.names import OIDC_CA_PATH
from hooks.proxy.spec import CABundle, IncomingAuth

POD_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
GOOGLE_TOKENINFO = "https://oauth2.googleapis.com/tokeninfo"
IN_CLUSTER_ISSUER = "https://kubernetes.default.svc"
CA_KEY = "ca.crt"
DISCOVERY = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
"""Where issuers publish their settings: OpenID Connect Discovery 1.0, section 4, and RFC 8414, section 3."""


def incoming_auth(config: MCPOIDCConfigSpec, ref: OIDCConfigRef, default_resource_url: str) -> IncomingAuth:
    """Return what an MCPOIDCConfig makes of a workload's proxy.

    Args:
        config: the MCPOIDCConfig's spec.
        ref: the workload's reference, which has what is its own.
        default_resource_url: the workload's URL where the reference names none.
    """
    resource_url = ref.resource_url or default_resource_url
    inline = config.inline
    if inline is None:
        account = config.kubernetes_service_account or KubernetesServiceAccountOIDC()
        return _of_service_accounts(account, ref, resource_url)
    bundle = ca_bundle(inline.ca_bundle_ref)
    return IncomingAuth(
        issuer=inline.issuer,
        audience=ref.audience,
        jwks_url=inline.jwks_url,
        introspection_url=inline.introspection_url,
        client_id=inline.client_id,
        client_secret="",
        ca_cert_path=f"{OIDC_CA_PATH}/{bundle.config_map}/{bundle.key}" if bundle else "",
        auth_token_file=inline.jwks_auth_token_path,
        allow_private_ip=inline.jwks_allow_private_ip,
        resource_url=resource_url,
        client_secret_ref=inline.client_secret_ref,
        ca_bundle=bundle,
        insecure_allow_http=inline.insecure_allow_http,
        scopes=ref.scopes,
    )


def _of_service_accounts(account: KubernetesServiceAccountOIDC, ref: OIDCConfigRef, resource_url: str) -> IncomingAuth:
    in_cluster = account.use_cluster_auth is not False
    return IncomingAuth(
        issuer=account.issuer or IN_CLUSTER_ISSUER,
        audience=ref.audience,
        jwks_url=account.jwks_url,
        introspection_url=account.introspection_url,
        client_id="",
        client_secret="",
        ca_cert_path=f"{POD_ACCOUNT}/ca.crt" if in_cluster else "",
        auth_token_file=f"{POD_ACCOUNT}/token" if in_cluster else "",
        allow_private_ip=in_cluster,
        resource_url=resource_url,
        scopes=ref.scopes,
    )


def ca_bundle(ref: CABundleRef | None) -> CABundle | None:
    """Return the ConfigMap and key that a reference to certificates names; the key has a default."""
    if ref is None or ref.config_map_ref is None:
        return None
    return CABundle(ref.config_map_ref.name, ref.config_map_ref.key or CA_KEY)


def settings_faults(settings: Object, schemes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield name and fault of each setting that can't be as it is; never with its value.

    Args:
        settings: of an issuer; what is left out is empty.
        schemes: what URLs may begin with: https, and http where the proxy is set to accept it.
    """
    issuer, keys, introspection = (settings.get(key) or "" for key in ("issuer", "jwksUrl", "introspectionUrl"))
    if issuer and (fault := _issuer_fault(issuer, schemes, discovers=not keys)):
        yield "issuer", fault
    if keys and (fault := url_fault(keys, *schemes) or _keys_fault(keys)):
        yield "jwksUrl", fault
    if introspection:
        # Without client credentials the runner asks with Go's default client, which takes http too.
        takes_http = not any(settings.get(key) for key in ("clientId", "clientSecret", "clientSecretRef"))
        if fault := url_fault(introspection, *(("https", "http") if takes_http else schemes)):
            yield "introspectionUrl", fault
    yield from audience_faults(settings.get("audience"), introspection)
    for key in ("clientId", "thvCABundlePath", "jwksAuthTokenPath"):
        if fault := text_fault(settings.get(key) or ""):
            yield key, fault
    secret = settings.get("clientSecret") or ""
    if fault := control_fault(secret) or ("must not be blank" if secret and not secret.strip() else ""):
        yield "clientSecret", fault
    private = settings.get("jwksAllowPrivateIP") or ""
    if isinstance(private, str) and private not in ("", "true") and private.lower() != "false":
        yield "jwksAllowPrivateIP", "must be 'true' or 'false'"


def audience_faults(audience: str | None, introspection_url: str) -> Iterator[tuple[str, str]]:
    """Yield the fault of an audience, under its name; None where the settings are of no certain audience."""
    if audience is None:
        return
    if introspection_url == GOOGLE_TOKENINFO and not audience.strip():
        yield (
            "audience",
            "must be set: with Google's tokeninfo as introspectionUrl the proxy doesn't start without it",
        )
    if fault := text_fault(audience):
        yield "audience", fault


def reference_faults(ref: OIDCConfigRef, introspection_url: str) -> list[str]:
    """Return the faults of an oidcConfigRef's own fields, each with its field."""
    faults = [f"spec.oidcConfigRef.{key} {fault}" for key, fault in audience_faults(ref.audience, introspection_url)]
    if ref.resource_url and (fault := url_fault(ref.resource_url, "https", "http")):
        faults.append(f"spec.oidcConfigRef.resourceUrl {fault}")
    for index, scope in enumerate(ref.scopes):
        if fault := text_fault(scope) if scope.strip() else "must not be blank":
            faults.append(f"spec.oidcConfigRef.scopes[{index}] {fault}")
    return faults


def issuer_note(settings: Object, where: str) -> str:
    """Return a warning that callers can't find an issuer that is no URL, though the proxy works; else an empty text."""
    issuer = settings.get("issuer")
    if not issuer or not settings.get("jwksUrl") or not url_fault(issuer, "https", "http"):
        return ""
    return f"; {where} is no URL, so callers can't find the issuer by it"


def _keys_fault(url: str) -> str:
    """The proxy reads a JSON Web Key Set there (RFC 7517), and would find no key in a document that names its URL."""
    if url.rstrip("/").endswith(DISCOVERY):
        return "must be the URL of the keys: that of the issuer's settings has it as jwks_uri"
    return ""


def _issuer_fault(issuer: str, schemes: Sequence[str], *, discovers: bool) -> str:
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
