"""The environment of the proxy's container. The MCP server's own environment is in the RunConfig."""

from __future__ import annotations

from hooks.kubernetes.objects import Object
from hooks.proxy import names
from hooks.proxy.outgoing_auth import auth_server_effect, outgoing_effect
from hooks.proxy.outgoing_auth.base import from_secret
from hooks.proxy.runconfig.remote import secret_name
from hooks.proxy.spec import ProxySpec, Remote
from hooks.proxy.telemetry_env import resource_attributes, sensitive_headers

DEFAULTS = {
    "XDG_CONFIG_HOME": "/tmp",  # noqa: S108  # the pod's own
    "HOME": "/tmp",  # noqa: S108
    "TOOLHIVE_RUNTIME": "kubernetes",
    "UNSTRUCTURED_LOGS": "false",
}


def make_env(proxy: ProxySpec) -> list[Object]:
    """Return the variables of the proxy's container, in the operator's order for the kind of backend.

    Each name is there once: Metacontroller merges this list by name, and the kubelet takes the last.
    """
    env = _of_remote(proxy, proxy.backend) if isinstance(proxy.backend, Remote) else _of_container(proxy)
    for name, value in DEFAULTS.items():
        env.setdefault(name, {"value": value})
    if any(name.startswith(names.SECRETS_ENV_PREFIX) for name in env):
        env["TOOLHIVE_SECRETS_PROVIDER"] = {"value": "environment"}
    if isinstance(proxy.backend, Remote):
        env |= auth_server_effect(proxy).env
    return [{"name": name, **source} for name, source in env.items()]


def _of_container(proxy: ProxySpec) -> dict[str, Object]:
    # It wins over the RunConfig, which the kubelet keeps up to date in the pods of an older template too.
    stamp = f"metadata.annotations['{names.MCPSERVER_GENERATION}']"
    return {
        **resource_attributes(proxy),
        **sensitive_headers(proxy),
        **outgoing_effect(proxy).env,
        **_oidc_client_secret(proxy),
        **_users(proxy),
        **_session_password(proxy),
        names.GENERATION_ENV: {"valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": stamp}}},
        **auth_server_effect(proxy).env,
    }


def _of_remote(proxy: ProxySpec, remote: Remote) -> dict[str, Object]:
    return {
        **sensitive_headers(proxy),
        **_oidc_client_secret(proxy),
        **outgoing_effect(proxy).env,
        **_forwarded_headers(proxy.name, remote),
        **_users(proxy),
        **_session_password(proxy),
    }


def _oidc_client_secret(proxy: ProxySpec) -> dict[str, Object]:
    secret = proxy.incoming_auth.client_secret_ref if proxy.incoming_auth else None
    return {names.OIDC_CLIENT_SECRET: from_secret(secret)} if secret else {}


def _session_password(proxy: ProxySpec) -> dict[str, Object]:
    secret = proxy.session_redis.password if proxy.session_redis else None
    return {names.SESSION_PASSWORD: from_secret(secret)} if secret else {}


def _forwarded_headers(name: str, remote: Remote) -> dict[str, Object]:
    return {
        f"{names.SECRETS_ENV_PREFIX}{secret_name(header.name, name)}": from_secret(header.value)
        for header in remote.secret_headers
    }


def _users(proxy: ProxySpec) -> dict[str, Object]:
    """The variables of spec.resourceOverrides, in which `$(NAME)` is the user's own.

    The API server drops an empty value, and would be asked to add it again at every sync.
    """
    given = proxy.deployment_overrides.env
    return {variable.name: {"value": variable.value} if variable.value else {} for variable in given}
