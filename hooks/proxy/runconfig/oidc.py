"""How callers prove who they are: the `oidc_config` of the RunConfig."""

from __future__ import annotations

from hooks.kubernetes.objects import Object
from hooks.proxy.spec import ProxySpec

AUTH_SERVER_SCOPES = ("openid", "profile", "email", "offline_access")
"""The scopes that an authorization server knows, and the metadata names, where the spec names none."""


def oidc_config(proxy: ProxySpec) -> Object | None:
    """Return the keys that the runner knows, all of them, under the names of their Go fields; None without OIDC."""
    auth = proxy.incoming_auth
    if auth is None:
        return None
    return {
        "Issuer": auth.issuer,
        "Audience": auth.audience,
        "JWKSURL": auth.jwks_url,
        "ClientID": auth.client_id,
        "ClientSecret": auth.client_secret,
        "CACertPath": auth.ca_cert_path,
        "AuthTokenFile": auth.auth_token_file,
        "AllowPrivateIP": auth.allow_private_ip,
        "InsecureAllowHTTP": auth.insecure_allow_http,
        "IntrospectionURL": auth.introspection_url,
        "ResourceURL": auth.resource_url,
        "Scopes": list(auth.scopes or (AUTH_SERVER_SCOPES if proxy.auth_server else ())) or None,
    }
