"""embeddedAuthServer: the proxy is an OAuth 2.0 authorization server itself, behind which callers log in upstream."""

from __future__ import annotations

from hooks.api.external_auth.embedded_auth_server import EmbeddedAuthServer
from hooks.kubernetes.objects import Object
from hooks.proxy.outgoing_auth.base import Effect
from hooks.proxy.outgoing_auth.embedded_auth_server.config import auth_server_config
from hooks.proxy.outgoing_auth.embedded_auth_server.secrets import env, volumes
from hooks.proxy.spec import ProxySpec


def effect(server: EmbeddedAuthServer, proxy: ProxySpec) -> Effect:
    """Return the secrets' variables and files, the server's settings, and what becomes of the token that it issued."""
    return Effect(
        env=env(server),
        volumes=volumes(server),
        run_config={"embedded_auth_server_config": auth_server_config(server, proxy)},
        middleware=_token_middleware(server),
    )


def upstream_of(proxy: ProxySpec) -> str:
    """Return the name of the identity provider behind the proxy's authorization server; empty without one."""
    return proxy.auth_server.settings.upstream_providers[0].name if proxy.auth_server else ""


def _token_middleware(server: EmbeddedAuthServer) -> Object:
    """The upstream's token takes the place of the proxy's own, or no token gets to the MCP server."""
    if server.disable_upstream_token_injection:
        return {"strip-auth": {}}
    return {"upstreamswap": {"config": {"provider_name": server.upstream_providers[0].name}}}
