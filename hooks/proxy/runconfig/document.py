"""RunConfig: what the proxy runner reads at start, in the dialect of release 0.44.0.

The keys have the operator's order, which is that of its Go structs. A key whose value is None is left out; the operator
omits the same keys when they are empty.
"""

from __future__ import annotations

from hooks.installation import Installation
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.proxy.outgoing_auth import effects
from hooks.proxy.runconfig.middlewares import middleware_configs
from hooks.proxy.runconfig.oidc import oidc_config
from hooks.proxy.runconfig.permissions import permission_profile
from hooks.proxy.runconfig.remote import header_forward
from hooks.proxy.runconfig.scaling import scaling_config
from hooks.proxy.runconfig.telemetry import telemetry_config
from hooks.proxy.runconfig.tools import tools_override
from hooks.proxy.runconfig.webhooks import webhook_configs
from hooks.proxy.spec import Container, ProxySpec, Remote

AUDIT: Object = {"detectApplicationErrors": True, "maxDataSize": 1024}


def make_run_config(proxy: ProxySpec, installation: Installation) -> Object:
    """Return the RunConfig of a proxy less its generation stamp, as a dict in the order of its keys."""
    container = proxy.backend if isinstance(proxy.backend, Container) else None
    remote = proxy.backend if isinstance(proxy.backend, Remote) else None
    auth = effects(proxy).run_config
    oidc = oidc_config(proxy)
    run: Object = {
        "schema_version": "v0.1.0",
        "image": container.image if container else "",
        "remote_url": remote.url if remote else None,
        "remote_auth_config": auth.get("remote_auth_config"),
        "cmd_args": list(container.args) or None if container else None,
        "name": proxy.name,
        "container_name": proxy.name,
        "base_name": proxy.name,
        "transport": proxy.transport,
        "host": installation.proxy_host,
        "port": proxy.port,
        "target_port": container.target_port if container else None,
        "permission_profile_name_or_path": (container.permission_profile.builtin_name or None) if container else None,
        "permission_profile": permission_profile(proxy.backend),
        "env_vars": _env_vars(proxy),
        "env_file_dir": "/vault/secrets" if _has_vault(proxy) else None,
        "volumes": _volumes(container) or None if container else None,
        "container_labels": _container_labels(proxy),
        "oidc_config": oidc,
        "token_exchange_config": auth.get("token_exchange_config"),
        "aws_sts_config": auth.get("aws_sts_config"),
        "authz_config": proxy.authorization and proxy.authorization.document,
        "audit_config": AUDIT if proxy.audit else None,
        "telemetry_config": telemetry_config(proxy.telemetry),
        "rate_limit_config": proxy.rate_limits,
        "rate_limit_namespace": proxy.namespace if proxy.rate_limits else None,
        "trust_proxy_headers": proxy.trust_proxy_headers or None,
        "proxy_mode": proxy.proxy_mode,
        "thv_ca_bundle": oidc and (oidc["CACertPath"] or None),
        "jwks_auth_token_file": oidc and (oidc["AuthTokenFile"] or None),
        "tools_filter": list(proxy.tools.filter) or None,
        "tools_override": tools_override(proxy.tools) or None,
        "middleware_configs": None,  # filled in below, from the rest
        "validating_webhooks": webhook_configs("validating", proxy.webhooks) or None,
        "mutating_webhooks": webhook_configs("mutating", proxy.webhooks) or None,
        "endpoint_prefix": proxy.endpoint_prefix or None,
        "header_forward": header_forward(proxy.name, remote) if remote else None,
        "embedded_auth_server_config": auth.get("embedded_auth_server_config"),
        "scaling_config": scaling_config(proxy),
    }
    run["middleware_configs"] = middleware_configs(run, proxy)
    return {key: value for key, value in run.items() if value is not None}


def _volumes(container: Container) -> list[str]:
    return [f"{v.host_path}:{v.mount_path}{':ro' if v.read_only else ''}" for v in container.volumes]


def _env_vars(proxy: ProxySpec) -> dict[str, str]:
    """The environment of the MCP server; a remote one's is the runner's own."""
    env: dict[str, str] = {}
    if isinstance(proxy.backend, Container):
        env = {variable.name: variable.value for variable in proxy.backend.env}
        if proxy.transport != "stdio":
            env["MCP_PORT"] = env["FASTMCP_PORT"] = str(proxy.backend.target_port)
    env["MCP_TRANSPORT"] = proxy.transport
    return dict(sorted(env.items()))


def _container_labels(proxy: ProxySpec) -> dict[str, str]:
    """The labels of what the runner makes.

    With controller-uid among them, Metacontroller adopts the runner's StatefulSet: it is observed, and deleted with the
    server. For a remote MCP server the runner makes nothing.
    """
    return {
        **({CONTROLLER_UID: proxy.uid} if isinstance(proxy.backend, Container) else {}),
        "toolhive": "true",
        "toolhive-basename": proxy.name,
        "toolhive-name": proxy.name,
        "toolhive-port": str(proxy.port),
        "toolhive-transport": proxy.transport,
    }


def _has_vault(proxy: ProxySpec) -> bool:
    """Whether HashiCorp Vault's agent is asked to put secrets into the pod of the MCP server or of the proxy."""
    pod_template = proxy.backend.pod_template if isinstance(proxy.backend, Container) else None
    metadata = (pod_template or {}).get("metadata", {})
    template = proxy.deployment_overrides.pod_template_metadata_overrides
    places = (metadata.get("annotations"), template.annotations if template else None)
    return any((annotations or {}).get("vault.hashicorp.com/agent-inject") == "true" for annotations in places)
