"""What a user writes for an MCP server whose callers' tokens are exchanged."""

from __future__ import annotations

import copy
from typing import Any

from hooks.api.meta import API_VERSION
from hooks.kubernetes.objects import Object
from tests.controlplane.processes import free_port
from tests.runner.backend import Backend
from tests.runner.identity_provider import BACKEND, CLIENT_ID, CLIENT_SECRET, PROXY, SCOPES, IdentityProvider

NAME = "weather"
AUTH = "weather-api"
CA_FILE = "/idp/ca.crt"

TRUST: Object = {
    "volumes": [{"name": "idp", "hostPath": "/idp", "mountPath": "/idp", "readOnly": True}],
    "resourceOverrides": {"proxyDeployment": {"env": [{"name": "SSL_CERT_FILE", "value": CA_FILE}]}},
}
"""Parts of a spec by which the proxy trusts the identity provider's token endpoint."""


def server(backend: Backend, **spec: Any) -> Object:
    """An MCPServer over streamable HTTP."""
    ports = {"port": free_port(), "targetPort": backend.port}
    return custom("MCPServer", NAME, {"image": "acme/weather:1", "transport": "streamable-http", **ports, **spec})


def oidc(provider: IdentityProvider) -> Object:
    """An oidcConfig: callers are the provider's."""
    inline = {"issuer": provider.issuer, "audience": PROXY, "jwksAllowPrivateIP": True, "thvCABundlePath": CA_FILE}
    return {"type": "inline", "inline": inline}


def exchanging(backend: Backend, provider: IdentityProvider, **spec: Any) -> Object:
    """An MCPServer whose callers are the provider's, their tokens exchanged as `external_auth` says."""
    return server(backend, **{**TRUST, "oidcConfig": oidc(provider), "externalAuthConfigRef": {"name": AUTH}, **spec})


def with_proxy_env(server: Object, **env: str) -> Object:
    """The MCPServer with further environment variables of its proxy."""
    server = copy.deepcopy(server)
    proxy = server["spec"].setdefault("resourceOverrides", {}).setdefault("proxyDeployment", {})
    proxy["env"] = [*proxy.get("env", []), *({"name": name, "value": value} for name, value in env.items())]
    return server


def external_auth(provider: IdentityProvider, **exchange: Any) -> tuple[Object, Object]:
    """An MCPExternalAuthConfig with its Secret."""
    block = {
        "tokenUrl": provider.token_url,
        "clientId": CLIENT_ID,
        "clientSecretRef": {"name": "weather-oauth", "key": "client-secret"},
        "audience": BACKEND,
        "scopes": list(SCOPES),
        **exchange,
    }
    secret: Object = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "weather-oauth"}}
    return (
        custom("MCPExternalAuthConfig", AUTH, {"type": "tokenExchange", "tokenExchange": block}),
        {**secret, "stringData": {"client-secret": CLIENT_SECRET}},
    )


def tool_config(**spec: Any) -> Object:
    """An MCPToolConfig."""
    return custom("MCPToolConfig", "weather-tools", spec)


def config_map(name: str, **data: str) -> Object:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def custom(kind: str, name: str, spec: Object) -> Object:
    """A custom resource."""
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}
