"""How callers of an MCPServer prove who they are: the `oidc_config` of its RunConfig."""

from __future__ import annotations

from hooks.api.mcpserver import MCPServerSpec
from hooks.controllers.mcpserver.references import References
from hooks.protocol import Object


def oidc_config(server: Object, spec: MCPServerSpec, references: References) -> Object | None:
    """The keys that the runner knows, all of them, under the names of their Go fields."""
    oidc, values = spec.oidc_config, references.oidc
    if oidc is None or values is None:
        return None
    metadata = server["metadata"]
    # The reference's default; no Service has this name, but clients may have configured it as the token's resource.
    default = f"http://{metadata['name']}.{metadata['namespace']}.svc.cluster.local:{spec.port}"
    return {
        "Issuer": values.get("issuer") or "",
        "Audience": values.get("audience") or "",
        "JWKSURL": values.get("jwksUrl") or "",
        "ClientID": values.get("clientId") or "",
        "ClientSecret": values.get("clientSecret") or "",
        "CACertPath": values.get("thvCABundlePath") or "",
        "AuthTokenFile": values.get("jwksAuthTokenPath") or "",
        "AllowPrivateIP": values.get("jwksAllowPrivateIP") in (True, "true"),
        "IntrospectionURL": values.get("introspectionUrl") or "",
        "ResourceURL": oidc.resource_url or default,
    }
