"""The settings of an embedded authorization server, checked as runner 0.44.0 does when it starts (pkg/authserver)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hooks import go_duration
from hooks.api.external_auth.embedded_auth_server import EmbeddedAuthServer
from hooks.api.external_auth.redis_storage import AuthServerStorage
from hooks.api.texts import text_fault
from hooks.api.urls import is_loopback, parts, url_fault
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition

WHERE = "spec.embeddedAuthServer"
RESERVED_PARAMS = frozenset(
    (
        *("response_type", "client_id", "redirect_uri", "scope", "state"),
        *("code_challenge", "code_challenge_method", "nonce"),
    )
)
"""Parameters of an authorization request that the proxy sets itself."""
LIFESPANS = {
    "accessTokenLifespan": ("1m", "24h"),
    "refreshTokenLifespan": ("1h", "720h"),
    "authCodeLifespan": ("30s", "10m"),
}
"""The bounds within which the runner starts."""


def auth_server_faults(settings: EmbeddedAuthServer) -> Iterator[tuple[str, str]]:
    """Yield reason and message of each value that the schema admits and with which the proxy doesn't start."""
    for key, url in (
        ("issuer", settings.issuer),
        ("authorizationEndpointBaseUrl", settings.authorization_endpoint_base_url),
    ):
        if url and (fault := _own_url_fault(url, insecure=settings.insecure_allow_http)):
            yield "IssuerInvalid", f"{WHERE}.{key} {fault}"
    yield from _confidential_client_faults(settings)
    for index, uri in enumerate(settings.force_confidential_redirect_uris):
        if fault := url_fault(uri, "https") or ("must not be a loopback URL" if is_loopback(uri) else ""):
            yield "RedirectUriInvalid", f"{WHERE}.forceConfidentialRedirectUris[{index}] {fault}"
    yield from _lifespan_faults(settings)
    yield from _upstream_faults(settings)
    yield from _trusted_issuer_faults(settings)
    yield from _delegate_faults(settings)
    yield from _storage_faults(settings.storage)


def identity_condition(settings: EmbeddedAuthServer) -> Condition:
    """Return the condition that says whether each upstream identifies its users, as ToolHive's operator has it."""
    oauth2 = [(upstream.name, upstream.oauth2_config) for upstream in settings.upstream_providers]
    names = sorted(name for name, config in oauth2 if config and not (config.user_info or config.identity_from_token))
    if not names:
        message = "All OAuth2 upstreams have userInfo configured; user identity is resolved from the upstream"
        return conditions.false("IdentitySynthesized", "AllUpstreamsHaveUserInfo", message)
    return conditions.true(
        "IdentitySynthesized",
        "OAuth2UpstreamWithoutUserInfo",
        f"OAuth2 upstream(s) [{' '.join(names)}] have no userInfo configured; the embedded auth server will "
        "synthesize a non-PII subject from the access token (no Name/Email claims). If a userInfo endpoint exists for "
        "these upstreams, configure it to resolve real identity.",
    )


def _own_url_fault(url: str, *, insecure: bool) -> str:
    schemes = ("https", "http") if insecure or is_loopback(url) else ("https",)
    if fault := url_fault(url, *schemes):
        return fault
    found = parts(url)
    return "must be a URL without user" if found and found.userinfo else ""


def _confidential_client_faults(settings: EmbeddedAuthServer) -> Iterator[tuple[str, str]]:
    """A client's secret must not travel in plain text. The CRD's own rules refuse the other combinations."""
    if settings.delegate_clients and settings.insecure_allow_http:
        why = "cannot be combined with insecureAllowHTTP: clients would send plaintext secrets"
        yield "PlaintextSecret", f"{WHERE}.delegateClients {why}"
    if (
        settings.allow_confidential_client_registration
        and settings.issuer.startswith("http://")
        and is_loopback(settings.issuer)
        and not settings.insecure_allow_confidential_over_loopback_http
    ):
        where = f"{WHERE}.allowConfidentialClientRegistration"
        remedy = "use https, or set insecureAllowConfidentialOverLoopbackHTTP for development"
        yield "PlaintextSecret", f"{where} cannot be combined with an http:// issuer: {remedy}"


def _lifespan_faults(settings: EmbeddedAuthServer) -> Iterator[tuple[str, str]]:
    given = settings.token_lifespans.model_dump(by_alias=True) if settings.token_lifespans else {}
    for key, (shortest, longest) in LIFESPANS.items():
        lifespan = given.get(key)
        least, most = (go_duration.read(bound) or 0 for bound in (shortest, longest))
        if lifespan and not least <= (go_duration.read(lifespan) or 0) <= most:
            yield "LifespanInvalid", f'{WHERE}.tokenLifespans.{key} must be a duration from "{shortest}" to "{longest}"'
    ttl = settings.cimd.cache_fallback_ttl if settings.cimd and settings.cimd.enabled else None
    if ttl and not go_duration.read(ttl):
        yield "LifespanInvalid", f'{WHERE}.cimd.cacheFallbackTtl must be a duration above zero, such as "5m"'


def _upstream_faults(settings: EmbeddedAuthServer) -> Iterator[tuple[str, str]]:
    for index, upstream in enumerate(settings.upstream_providers):
        where = f"{WHERE}.upstreamProviders[{index}]"
        if oidc := upstream.oidc_config:
            if fault := url_fault(oidc.issuer_url, "https"):
                yield "UpstreamInvalid", f"{where}.oidcConfig.issuerUrl {fault}"
            yield from _client_faults(oidc.client_id, oidc.redirect_uri, f"{where}.oidcConfig")
            if not oidc.client_id.strip():
                yield "UpstreamInvalid", f"{where}.oidcConfig.clientId must not be empty"
            yield from _param_faults(oidc.additional_authorization_params, f"{where}.oidcConfig")
        if oauth2 := upstream.oauth2_config:
            endpoints = {
                "authorizationEndpoint": oauth2.authorization_endpoint,
                "tokenEndpoint": oauth2.token_endpoint,
            }
            for key, url in endpoints.items():
                schemes = ("https", "http") if oauth2.insecure_allow_http or is_loopback(url) else ("https",)
                if fault := url_fault(url, *schemes):
                    yield "UpstreamInvalid", f"{where}.oauth2Config.{key} {fault}"
            yield from _client_faults(oauth2.client_id, oauth2.redirect_uri, f"{where}.oauth2Config")
            yield from _param_faults(oauth2.additional_authorization_params, f"{where}.oauth2Config")


def _client_faults(client_id: str, redirect_uri: str, where: str) -> Iterator[tuple[str, str]]:
    if fault := text_fault(client_id):
        yield "UpstreamInvalid", f"{where}.clientId {fault}"
    if redirect_uri and (fault := url_fault(redirect_uri, "https", "http")):
        yield "UpstreamInvalid", f"{where}.redirectUri {fault}"


def _param_faults(params: Mapping[str, str], where: str) -> Iterator[tuple[str, str]]:
    for name in sorted(RESERVED_PARAMS.intersection(params)):
        message = f"{where}.additionalAuthorizationParams[{name!r}] is the proxy's own to set: remove it"
        yield "ReservedParameter", message


def _trusted_issuer_faults(settings: EmbeddedAuthServer) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for index, issuer in enumerate(settings.trusted_issuers):
        where = f"{WHERE}.trustedIssuers[{index}]"
        schemes = ("https", "http") if issuer.insecure_allow_http else ("https",)
        for key, url in (("issuerUrl", issuer.issuer_url), ("jwksUrl", issuer.jwks_url)):
            if url and (fault := url_fault(url, *schemes)):
                yield "TrustedIssuerInvalid", f"{where}.{key} {fault}"
        if issuer.issuer_url == settings.issuer:
            message = f"{where}.issuerUrl must not be the server's own issuer, whose tokens count anyway: remove it"
            yield "TrustedIssuerInvalid", message
        if issuer.issuer_url in seen:
            yield "TrustedIssuerInvalid", f"{where}.issuerUrl repeats another one: leave one of them"
        seen.add(issuer.issuer_url)


def _delegate_faults(settings: EmbeddedAuthServer) -> Iterator[tuple[str, str]]:
    ids = [client.client_id for client in settings.delegate_clients]
    for index, client_id in enumerate(ids):
        if client_id in ids[:index]:
            yield "DelegateClientRepeated", f"{WHERE}.delegateClients[{index}].clientId repeats another one: rename it"


def _storage_faults(storage: AuthServerStorage | None) -> Iterator[tuple[str, str]]:
    """A Redis that isn't there would be the proxy's memory, in which logins are lost."""
    where = f"{WHERE}.storage"
    if storage is None or storage.type != "redis":
        return
    if storage.redis is None:
        yield "StorageInvalid", f"{where}.redis must be set when type is 'redis'"
    elif (sentinel := storage.redis.sentinel_config) and not (sentinel.sentinel_addrs or sentinel.sentinel_service):
        yield "StorageInvalid", f"{where}.redis.sentinelConfig must have sentinelAddrs or sentinelService"
