"""What a user writes for an MCP server whose callers' tokens are exchanged."""

from __future__ import annotations

import copy
from typing import Any

from hooks.api.kinds import RESOURCES
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


def oidc_config(provider: IdentityProvider) -> tuple[Object, Object]:
    """An MCPOIDCConfig, with the ConfigMap of the provider's CA: callers are the provider's."""
    ca = config_map("idp-ca", **{"ca.crt": provider.authority.cert_pem.bytes().decode()})
    bundle = {"configMapRef": {"name": "idp-ca", "key": "ca.crt"}}
    inline = {"issuer": provider.issuer, "jwksAllowPrivateIP": True, "caBundleRef": bundle}
    return custom("MCPOIDCConfig", "idp", {"type": "inline", "inline": inline}), ca


def by_reference(backend: Backend, **spec: Any) -> Object:
    """An MCPServer whose callers are those of the MCPOIDCConfig `idp`."""
    return server(backend, oidcConfigRef={"name": "idp", "audience": PROXY, "resourceUrl": PROXY}, **spec)


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
    return (
        custom("MCPExternalAuthConfig", AUTH, {"type": "tokenExchange", "tokenExchange": block}),
        secret("weather-oauth", **{"client-secret": CLIENT_SECRET}),
    )


def tool_config(**spec: Any) -> Object:
    """An MCPToolConfig."""
    return custom("MCPToolConfig", "weather-tools", spec)


def config_map(name: str, **data: str) -> Object:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def secret(name: str, **data: str) -> Object:
    """A Secret."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}


def custom(kind: str, name: str, spec: Object) -> Object:
    """A custom resource."""
    [api_version] = [resource.api_version for resource in RESOURCES if resource.kind == kind]
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec}
