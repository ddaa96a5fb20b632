"""The condition IncomingAuthentication: whether callers are authenticated before a proxy calls in their stead."""

from __future__ import annotations

from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.proxy.spec import OutgoingAuth, ProxySpec


def incoming_authentication(proxy: ProxySpec, auth: OutgoingAuth) -> Condition:
    """Return the condition of a proxy that presents other credentials to its backend than its callers'."""
    if proxy.incoming_auth:
        return conditions.true("IncomingAuthentication", "Configured", "Callers must present a valid token")
    # Measured with runner 0.44.0.
    what = {
        "tokenExchange": "bearer tokens are exchanged unverified, and calls without one pass through",
        "bearerToken": "and calls with the token of the config",
    }
    message = (
        "Callers aren't authenticated without spec.oidcConfigRef: everyone gets in as a local user, "
        f"{what.get(auth.type, 'with the rights of the config')}"
    )
    return conditions.false("IncomingAuthentication", "NotConfigured", message)
