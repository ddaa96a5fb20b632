"""bearerToken: the runner reads a fixed token through its environment's secrets provider."""

from __future__ import annotations

from hooks.api.external_auth.bearer_token import BearerToken
from hooks.proxy.outgoing_auth.base import Effect, from_secret


def effect(bearer: BearerToken) -> Effect:
    """Return the token's variable, and the RunConfig key by which the runner finds it."""
    secret = bearer.token_secret_ref
    return Effect(
        env={
            f"TOOLHIVE_SECRET_{secret.name}": from_secret(secret),
            "TOOLHIVE_SECRETS_PROVIDER": {"value": "environment"},
        },
        run_config={"remote_auth_config": {"use_pkce": False, "bearer_token": f"{secret.name},target=bearer_token"}},
    )
