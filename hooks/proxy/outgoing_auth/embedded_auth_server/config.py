"""The settings of an embedded authorization server: the `embedded_auth_server_config` of the RunConfig."""

from __future__ import annotations

from hooks.api.external_auth.auth_server_clients import TrustedIssuer
from hooks.api.external_auth.embedded_auth_server import EmbeddedAuthServer
from hooks.kubernetes.objects import Object
from hooks.proxy.outgoing_auth.base import without_empty
from hooks.proxy.outgoing_auth.embedded_auth_server import secrets
from hooks.proxy.outgoing_auth.embedded_auth_server.storage import storage_config
from hooks.proxy.outgoing_auth.embedded_auth_server.upstreams import upstream_config
from hooks.proxy.spec import ProxySpec

ALWAYS = ("schema_version", "issuer", "upstreams", "allowed_audiences")


def auth_server_config(server: EmbeddedAuthServer, proxy: ProxySpec) -> Object:
    """Return the settings, in the order of the operator's keys; no secret is in them, but where each is found."""
    auth = proxy.incoming_auth
    resource_url = auth.resource_url if auth else ""
    config = {
        "schema_version": "v0.1.0",
        "issuer": server.issuer,
        "authorization_endpoint_base_url": server.authorization_endpoint_base_url,
        "signing_key_config": _signing_keys(server),
        "hmac_secret_files": [secrets.hmac_path(index) for index, _ in enumerate(server.hmac_secret_refs)],
        "token_lifespans": _token_lifespans(server),
        "upstreams": [upstream_config(upstream, resource_url) for upstream in server.upstream_providers],
        "scopes_supported": list(auth.scopes) if auth else [],
        "baseline_client_scopes": list(server.baseline_client_scopes),
        "allowed_audiences": [resource_url],
        "storage": storage_config(server.storage, proxy),
        "disable_upstream_token_injection": server.disable_upstream_token_injection,
        "cimd": _cimd(server),
        "insecure_allow_http": server.insecure_allow_http,
        "trusted_issuers": [_trusted_issuer(issuer) for issuer in server.trusted_issuers],
        "allow_confidential_client_registration": server.allow_confidential_client_registration,
        "force_confidential_redirect_uris": list(server.force_confidential_redirect_uris),
        "insecure_allow_confidential_over_loopback_http": server.insecure_allow_confidential_over_loopback_http,
        "delegate_clients": _delegate_clients(server),
    }
    # An object that is there and empty is written too: tokenLifespans without any.
    return {key: value for key, value in config.items() if value or key in ALWAYS or isinstance(value, dict)}


def _signing_keys(server: EmbeddedAuthServer) -> Object | None:
    """The first key signs; the others verify what was signed before a rotation."""
    files = [secrets.key_file(index) for index, _ in enumerate(server.signing_key_secret_refs)]
    if not files:
        return None
    fallback = without_empty({"fallback_key_files": files[1:]})
    return {"key_dir": secrets.KEYS_PATH, "signing_key_file": files[0], **fallback}


def _token_lifespans(server: EmbeddedAuthServer) -> Object | None:
    lifespans = server.token_lifespans
    if lifespans is None:
        return None
    return without_empty(
        {
            "access_token_lifespan": lifespans.access_token_lifespan,
            "refresh_token_lifespan": lifespans.refresh_token_lifespan,
            "auth_code_lifespan": lifespans.auth_code_lifespan,
        }
    )


def _cimd(server: EmbeddedAuthServer) -> Object | None:
    """Client ID Metadata Documents."""
    if server.cimd is None or not server.cimd.enabled:
        return None
    cache = {"cache_max_size": server.cimd.cache_max_size, "cache_fallback_ttl": server.cimd.cache_fallback_ttl}
    return {"enabled": True, **without_empty(cache)}


def _trusted_issuer(issuer: TrustedIssuer) -> Object:
    return {
        "issuer_url": issuer.issuer_url,
        "expected_audience": issuer.expected_audience,
        **without_empty(
            {
                "jwks_url": issuer.jwks_url,
                "insecure_allow_http": issuer.insecure_allow_http,
                "allow_private_ips": issuer.allow_private_ips,
                "actor_claim": issuer.actor_claim,
                "allowed_actors": list(issuer.allowed_actors),
                "allowed_delegate_clients": list(issuer.allowed_delegate_clients),
                "allow_may_act": issuer.allow_may_act,
            }
        ),
    }


def _delegate_clients(server: EmbeddedAuthServer) -> list[Object]:
    return [
        {
            "client_id": client.client_id,
            "client_secret_env_var": secrets.delegate_client_secret(index),
            "scopes": list(client.scopes),
            "audiences": list(client.audiences),
        }
        for index, client in enumerate(server.delegate_clients)
    ]
