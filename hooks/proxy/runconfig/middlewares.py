"""The proxy runner's middleware chain, always written out.

A list in the RunConfig replaces the runner's own chain, so what isn't here doesn't act: the order and the parameters
are those of release 0.44.0 (pkg/runner/middleware.go), less `usagemetrics`, which reports to ToolHive's makers.
"""

from __future__ import annotations

from hooks.kubernetes.objects import Object
from hooks.proxy.outgoing_auth import effects
from hooks.proxy.outgoing_auth.embedded_auth_server import upstream_of
from hooks.proxy.runconfig.authorization import with_upstream
from hooks.proxy.runconfig.tools import filter_parameters
from hooks.proxy.spec import ProxySpec, Remote

MAX_BODY_BYTES = 8 << 20


def middleware_configs(run: Object, proxy: ProxySpec) -> list[Object]:
    """Return the complete chain for a RunConfig, the outermost middleware first.

    Args:
        run: the RunConfig; each part that it has is in the chain.
        proxy: what the RunConfig is made for.
    """
    auth = effects(proxy).middleware
    names = {"server_name": proxy.name, "transport": proxy.transport}
    audit, oidc, telemetry, authz = (
        run["audit_config"],
        run["oidc_config"],
        run["telemetry_config"],
        run["authz_config"],
    )
    mutating, validating = run["mutating_webhooks"], run["validating_webhooks"]
    chain: list[tuple[str, Object | None]] = [
        ("bodylimit", {"max_bytes": MAX_BODY_BYTES}),
        ("audit", {"config_data": audit, "transport_type": proxy.transport} if audit else None),
        ("auth", {"oidc_config": oidc} if oidc else {}),
        ("upstreamswap", auth.get("upstreamswap")),
        ("strip-auth", auth.get("strip-auth")),
        ("tokenexchange", auth.get("tokenexchange")),
        ("tool-filter", filter_parameters(proxy.tools)),
        ("tool-call-filter", filter_parameters(proxy.tools)),
        ("mcp-parser", {}),
        ("telemetry", {"config": telemetry, **names} if telemetry else None),
        ("ratelimit", _rate_limit(run, proxy)),
        ("mutating-webhook", {"webhooks": mutating, **names} if mutating else None),
        ("validating-webhook", {"webhooks": validating, **names} if validating else None),
        ("authorization", {"config_data": with_upstream(authz, upstream_of(proxy))} if authz else None),
        ("awssts", auth.get("awssts")),
        ("header-forward", _header_forward(proxy)),
    ]
    configs: list[Object] = [{"type": type_, "parameters": given} for type_, given in chain if given is not None]
    return [*configs, {"type": "recovery", "parameters": None}]


def _rate_limit(run: Object, proxy: ProxySpec) -> Object | None:
    if not proxy.rate_limits:
        return None
    redis = (run["scaling_config"] or {}).get("session_redis", {})
    return {
        "namespace": proxy.namespace,
        "server_name": proxy.name,
        "config": proxy.rate_limits,
        **({"redis_addr": redis["address"]} if "address" in redis else {}),
        **({"redis_db": redis["db"]} if "db" in redis else {}),
    }


def _header_forward(proxy: ProxySpec) -> Object | None:
    """The headers in clear; at start the runner appends the middleware once more, with the values of Secrets too."""
    remote = proxy.backend
    if not isinstance(remote, Remote) or not (remote.headers or remote.secret_headers):
        return None
    return {"add_headers": dict(sorted(remote.headers.items())) or None}
