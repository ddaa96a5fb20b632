"""How a proxy authenticates to its backend: one file for each type of external auth, and the table of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.proxy.incoming_auth import incoming_authentication
from hooks.proxy.outgoing_auth import aws_sts, bearer_token, embedded_auth_server, token_exchange
from hooks.proxy.outgoing_auth.base import Effect
from hooks.proxy.spec import Container, ProxySpec, Remote

CONDITION = "ExternalAuthConfigValidated"


class Type(NamedTuple):
    """What a type of external auth does."""

    effect: Callable[[Any, ProxySpec], Effect]
    acts_on: tuple[type[Container | Remote], ...]
    """The backends with which it acts; the runner would not start, or pass calls without credentials, with another."""


TYPES = {
    "tokenExchange": Type(token_exchange.effect, (Container, Remote)),
    "bearerToken": Type(bearer_token.effect, (Remote,)),
    "awsSts": Type(aws_sts.effect, (Remote,)),
}
"""The types that act on a proxy's calls. embeddedAuthServer is apart: a proxy may have it beside one of these.
headerInjection, unauthenticated, upstreamInject and xaa act on a VirtualMCPServer alone."""


def acts(type_: str, backend: Container | Remote) -> bool:
    """Return whether a type of external auth has an effect on calls of this backend, so that its secrets matter."""
    return type_ == "embeddedAuthServer" or (type_ in TYPES and isinstance(backend, TYPES[type_].acts_on))


def outgoing_effect(proxy: ProxySpec) -> Effect:
    """Return what the config adds by which the proxy authenticates to its backend."""
    auth = proxy.outgoing_auth
    if auth is None or auth.type not in TYPES or not acts(auth.type, proxy.backend):
        return Effect()
    return TYPES[auth.type].effect(auth.settings, proxy)


def auth_server_effect(proxy: ProxySpec) -> Effect:
    """Return what the config adds by which the proxy is an authorization server."""
    if proxy.auth_server is None:
        return Effect()
    return embedded_auth_server.effect(proxy.auth_server.settings, proxy)


def effects(proxy: ProxySpec) -> Effect:
    """Return both together, less their variables: env.py puts those of each at its own place."""
    outgoing, server = outgoing_effect(proxy), auth_server_effect(proxy)
    return Effect(
        volumes=[*outgoing.volumes, *server.volumes],
        run_config={**outgoing.run_config, **server.run_config},
        middleware={**outgoing.middleware, **server.middleware},
    )


def problem(proxy: ProxySpec) -> Condition | None:
    """Return why the proxy can't work with the external auth config that its spec names; None where it can."""
    auth = proxy.outgoing_auth
    if auth is None:
        return None
    who = f"MCPExternalAuthConfig {auth.name!r} of type {auth.type!r}"
    if auth.type == "obo":
        message = f"{who}: the proxy runner needs ToolHive's enterprise build for it: use another type"
        return conditions.false(CONDITION, "EnterpriseRequired", message)
    if auth.type in TYPES and not acts(auth.type, proxy.backend):
        message = (
            f"{who} acts on calls of remote MCP servers only, and an MCPServer runs in the cluster: "
            "use an MCPRemoteProxy, or remove spec.externalAuthConfigRef"
        )
        return conditions.false(CONDITION, "TypeNotSupported", message)
    server = proxy.auth_server
    if server and server.settings.disable_upstream_token_injection and outgoing_effect(proxy).middleware:
        message = (
            f"{who} adds an Authorization header, and disableUpstreamTokenInjection of MCPExternalAuthConfig "
            f"{server.name!r} promises none: remove one of them"
        )
        return conditions.false(CONDITION, "InvalidConfig", message)
    return None


def conditions_of(proxy: ProxySpec) -> list[Condition]:
    """Return the conditions about an external auth config: its effect, and who gets in."""
    auth, fault = proxy.outgoing_auth, problem(proxy)
    if auth is None or fault:
        return [fault] if fault else []
    who = f"MCPExternalAuthConfig {auth.name!r}"
    if acts(auth.type, proxy.backend):
        return [
            conditions.true(CONDITION, "ExternalAuthConfigValid", f"{who} is used"),
            incoming_authentication(proxy, auth),
        ]
    message = f"{who} of type {auth.type!r} has no effect on the calls of an {proxy.kind}"
    return [conditions.true(CONDITION, "NoEffect", message)]
