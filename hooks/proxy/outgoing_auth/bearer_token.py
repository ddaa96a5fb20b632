"""bearerToken: the proxy calls a remote MCP server with a fixed token, from its environment's secrets provider."""

from __future__ import annotations

from hooks.api.external_auth.bearer_token import BearerToken
from hooks.proxy.names import SECRETS_ENV_PREFIX
from hooks.proxy.outgoing_auth.base import Effect, from_secret
from hooks.proxy.spec import ProxySpec

NEVER = "0001-01-01T00:00:00Z"
"""Go's zero time, which its JSON always has."""


def effect(bearer: BearerToken, proxy: ProxySpec) -> Effect:  # noqa: ARG001  # as for every type
    """Return the token's variable, and the RunConfig key by which the runner finds it."""
    secret = bearer.token_secret_ref
    return Effect(
        env={f"{SECRETS_ENV_PREFIX}{secret.name}": from_secret(secret)},
        run_config={
            "remote_auth_config": {
                "use_pkce": False,
                "bearer_token": f"{secret.name},target=bearer_token",
                "cached_token_expiry": NEVER,
                "cached_secret_expiry": NEVER,
            }
        },
    )
