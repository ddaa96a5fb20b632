"""The identity providers at which callers of an embedded authorization server log in."""

from __future__ import annotations

from hooks.api.external_auth.upstreams import OAuth2Upstream, OIDCUpstream, UpstreamProvider, UserInfo
from hooks.kubernetes.objects import Object
from hooks.proxy.outgoing_auth.base import without_empty
from hooks.proxy.outgoing_auth.embedded_auth_server import secrets


def upstream_config(upstream: UpstreamProvider, resource_url: str) -> Object:
    """Return an upstream as the RunConfig has it.

    Args:
        upstream: the identity provider.
        resource_url: URL of the MCP server, to which the provider sends callers back where the upstream names none.
    """
    config: Object = {"name": upstream.name, "type": upstream.type}
    if upstream.oidc_config:
        config["oidc_config"] = _oidc(upstream.name, upstream.oidc_config, resource_url)
    if upstream.oauth2_config:
        config["oauth2_config"] = _oauth2(upstream.name, upstream.oauth2_config, resource_url)
    return config


def _oidc(name: str, oidc: OIDCUpstream, resource_url: str) -> Object:
    return {
        "issuer_url": oidc.issuer_url,
        "client_id": oidc.client_id,
        **without_empty(
            {
                "client_secret_env_var": secrets.upstream_client_secret(name) if oidc.client_secret_ref else "",
                "redirect_uri": oidc.redirect_uri or _redirect_uri(resource_url),
                "scopes": list(oidc.scopes),
                "userinfo_override": oidc.user_info_override and _user_info(oidc.user_info_override),
                "additional_authorization_params": _sorted(oidc.additional_authorization_params),
                "subject_claim": oidc.subject_claim,
            }
        ),
    }


def _oauth2(name: str, oauth2: OAuth2Upstream, resource_url: str) -> Object:
    return {
        "authorization_endpoint": oauth2.authorization_endpoint,
        "token_endpoint": oauth2.token_endpoint,
        "client_id": oauth2.client_id,
        **without_empty(
            {
                "client_secret_env_var": secrets.upstream_client_secret(name) if oauth2.client_secret_ref else "",
                "redirect_uri": oauth2.redirect_uri or _redirect_uri(resource_url),
                "scopes": list(oauth2.scopes),
                "userinfo": oauth2.user_info and _user_info(oauth2.user_info),
                "token_response_mapping": _token_response_mapping(oauth2),
                "identity_from_token": _identity_from_token(oauth2),
                "additional_authorization_params": _sorted(oauth2.additional_authorization_params),
                "dcr_config": _dynamic_client_registration(name, oauth2),
                "allow_private_ips": oauth2.allow_private_ips,
                "insecure_allow_http": oauth2.insecure_allow_http,
            }
        ),
    }


def _redirect_uri(resource_url: str) -> str:
    return f"{resource_url.rstrip('/')}/oauth/callback" if resource_url else ""


def _token_response_mapping(oauth2: OAuth2Upstream) -> Object | None:
    mapping = oauth2.token_response_mapping
    if mapping is None:
        return None
    paths = {
        "scope_path": mapping.scope_path,
        "refresh_token_path": mapping.refresh_token_path,
        "expires_in_path": mapping.expires_in_path,
    }
    return {"access_token_path": mapping.access_token_path, **without_empty(paths)}


def _identity_from_token(oauth2: OAuth2Upstream) -> Object | None:
    identity = oauth2.identity_from_token
    if identity is None:
        return None
    paths = {"name_path": identity.name_path, "email_path": identity.email_path}
    return {"subject_path": identity.subject_path, **without_empty(paths)}


def _dynamic_client_registration(name: str, oauth2: OAuth2Upstream) -> Object | None:
    """RFC 7591: the proxy registers itself, so it has neither client id nor secret of its own."""
    registration = oauth2.dcr_config
    if registration is None:
        return None
    has_token = registration.initial_access_token_ref is not None
    return without_empty(
        {
            "discovery_url": registration.discovery_url,
            "registration_endpoint": registration.registration_endpoint,
            "initial_access_token_env_var": secrets.initial_access_token(name) if has_token else "",
            "software_id": registration.software_id,
            "software_statement": registration.software_statement,
        }
    )


def _user_info(user_info: UserInfo) -> Object:
    mapping = user_info.field_mapping
    fields = mapping and {
        "subject_fields": list(mapping.subject_fields),
        "name_fields": list(mapping.name_fields),
        "email_fields": list(mapping.email_fields),
    }
    return {
        "endpoint_url": user_info.endpoint_url,
        **without_empty(
            {
                "http_method": user_info.http_method,
                "additional_headers": _sorted(user_info.additional_headers),
            }
        ),
        **({"field_mapping": without_empty(fields)} if fields else {}),
    }


def _sorted(given: dict[str, str] | None) -> dict[str, str]:
    return dict(sorted((given or {}).items()))
