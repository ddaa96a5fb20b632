"""Everything in a namespace that an MCPServer's spec can refer to."""

from __future__ import annotations

import json

from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG
from hooks.kubernetes.objects import Object
from tests.world import (
    authz_config,
    config_map,
    external_auth,
    group,
    judged,
    oidc_config,
    parent,
    pod,
    secret,
    telemetry_config,
    tool_config,
    webhook_config,
)

CANARY = "s3cr3t/c+n?ry"
SECRET = secret(client_secret=CANARY)
POLICY = {"version": "1.0", "type": "cedarv1", "cedar": {"policies": ["permit(p,a,r);"]}}

AUTH_SERVER = {
    "type": "embeddedAuthServer",
    "embeddedAuthServer": {
        "issuer": "https://mcp.acme.test",
        "upstreamProviders": [
            {"name": "idp", "type": "oidc", "oidcConfig": {"issuerUrl": "https://idp.acme.test", "clientId": "demo"}}
        ],
    },
}
KEY = {"name": "tx-oauth", "key": "client-secret"}
CONFIGS = [
    external_auth(),
    external_auth("other", audience="https://other.acme.test"),
    tool_config(toolsFilter=["a"]),
    parent(MCP_EXTERNAL_AUTH_CONFIG, "eas", AUTH_SERVER),
    oidc_config(clientSecretRef=KEY),
    telemetry_config(sensitiveHeaders=[{"name": "x-key", "secretKeyRef": KEY}]),
    authz_config(),
    webhook_config(tlsConfig={"insecureSkipVerify": True}),
    group(),
]
CONFIG_MAPS = [
    config_map("oidc", issuer="https://idp.acme.test"),
    config_map("authz", **{"authz.json": json.dumps(POLICY)}),
    config_map("profiles", p='{"name":"p"}'),
]
MANIFESTS = [*CONFIGS, SECRET, *CONFIG_MAPS]
"""As a user applies them."""

CLUSTER: list[Object] = [*(judged(config, SECRET) for config in CONFIGS), *CONFIG_MAPS, pod("demo-1", "demo")]
"""As an MCPServer's hook is sent them: its Pod among them, and no Secret."""
