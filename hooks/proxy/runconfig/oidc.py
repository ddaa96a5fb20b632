"""How callers prove who they are: the `oidc_config` of the RunConfig."""

from __future__ import annotations

from hooks.kubernetes.objects import Object
from hooks.proxy.spec import IncomingAuth


def oidc_config(auth: IncomingAuth) -> Object:
    """Return the keys that the runner knows, all of them, under the names of their Go fields."""
    return {
        "Issuer": auth.issuer,
        "Audience": auth.audience,
        "JWKSURL": auth.jwks_url,
        "ClientID": auth.client_id,
        "ClientSecret": auth.client_secret,
        "CACertPath": auth.ca_cert_path,
        "AuthTokenFile": auth.auth_token_file,
        "AllowPrivateIP": auth.allow_private_ip,
        "IntrospectionURL": auth.introspection_url,
        "ResourceURL": auth.resource_url,
    }
