"""RunConfig: what the proxy runner reads at start, in the dialect of runner 0.44.0.

Keys stand here in the order in which they are written; it is the reference's, whose JSON is that of Go structs. A key
whose value is None or empty is left out, as there.
"""

from __future__ import annotations

from hooks.installation import Installation
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.proxy.outgoing_auth import effect
from hooks.proxy.runconfig.middlewares import middleware_configs
from hooks.proxy.runconfig.oidc import oidc_config
from hooks.proxy.runconfig.permissions import with_volumes
from hooks.proxy.runconfig.telemetry import telemetry_config
from hooks.proxy.spec import ProxySpec, Tools


def make_run_config(proxy: ProxySpec, installation: Installation) -> Object:
    """Return the RunConfig of a proxy less its generation stamp, as a dict in the order of its keys."""
    backend, profile = proxy.backend, proxy.backend.permission_profile
    oidc = oidc_config(proxy.incoming_auth) if proxy.incoming_auth else None
    outgoing = effect(proxy.outgoing_auth)
    run: Object = {
        "schema_version": "v0.1.0",
        "image": backend.image,
        "remote_auth_config": outgoing.run_config.get("remote_auth_config"),
        "cmd_args": backend.args,
        "name": proxy.name,
        "container_name": proxy.name,
        "base_name": proxy.name,
        "transport": proxy.transport,
        "host": installation.proxy_host,
        "port": proxy.port,
        "target_port": backend.target_port,
        "permission_profile_name_or_path": profile.name_or_path,
        "permission_profile": with_volumes(profile.document, backend.volumes),
        "env_vars": _env_vars(proxy),
        "env_file_dir": "/vault/secrets" if _has_vault(proxy) else None,
        "volumes": [f"{v.host_path}:{v.mount_path}{':ro' if v.read_only else ''}" for v in backend.volumes],
        "container_labels": _container_labels(proxy),
        "oidc_config": oidc,
        "token_exchange_config": outgoing.run_config.get("token_exchange_config"),
        "authz_config": proxy.authorization and proxy.authorization.document,
        "audit_config": {"max_data_size": 1024} if proxy.audit else None,
        "telemetry_config": telemetry_config(proxy.telemetry),
        "trust_proxy_headers": proxy.trust_proxy_headers,
        "proxy_mode": proxy.proxy_mode,
        "thv_ca_bundle": oidc and oidc["CACertPath"],
        "jwks_auth_token_file": oidc and oidc["AuthTokenFile"],
        "tools_filter": list(proxy.tools.filter),
        "tools_override": _tools_override(proxy.tools),
    }
    if outgoing.middleware:
        run["middleware_configs"] = middleware_configs(run, outgoing.middleware)
    return {key: value for key, value in run.items() if value}


def _env_vars(proxy: ProxySpec) -> dict[str, str]:
    env = {variable.name: variable.value for variable in proxy.backend.env}
    env["MCP_TRANSPORT"] = proxy.transport
    if proxy.transport != "stdio":
        env["MCP_PORT"] = env["FASTMCP_PORT"] = str(proxy.backend.target_port)
    return dict(sorted(env.items()))


def _container_labels(proxy: ProxySpec) -> dict[str, str]:
    """The labels of what the runner makes.

    With controller-uid among them, Metacontroller adopts the runner's StatefulSet: it is observed, and goes with the
    server.
    """
    over_http = proxy.transport == "stdio" and proxy.proxy_mode == "streamable-http"
    return {
        CONTROLLER_UID: proxy.uid,
        "toolhive": "true",
        "toolhive-basename": proxy.name,
        "toolhive-name": proxy.name,
        "toolhive-port": str(proxy.port),
        "toolhive-tool-type": "mcp",
        "toolhive-transport": "streamable-http" if over_http else proxy.transport,
    }


def _has_vault(proxy: ProxySpec) -> bool:
    """Whether HashiCorp Vault's agent is asked to put secrets into the pod of the MCP server or of the proxy."""
    metadata = (proxy.backend.pod_template or {}).get("metadata", {})
    template = proxy.deployment_overrides.pod_template_metadata_overrides
    places = (metadata.get("annotations"), template.annotations if template else None)
    return any((annotations or {}).get("vault.hashicorp.com/agent-inject") == "true" for annotations in places)


def _tools_override(tools: Tools) -> Object:
    return {
        tool: {key: value for key, value in (("name", override.name), ("description", override.description)) if value}
        for tool, override in sorted((tools.overrides or {}).items())
    }
