"""RunConfig: what the proxy runner reads at start, in the dialect of runner 0.44.0.

Keys stand here in the order in which they are written; it is the reference's, whose JSON is that of Go structs. A key
whose value is None or empty is left out, as there.
"""

from __future__ import annotations

import hashlib

from hooks import go_json
from hooks.api.mcpserver import MCPServerSpec
from hooks.controllers.controller import Config
from hooks.controllers.mcpserver import names
from hooks.controllers.mcpserver.middlewares import middleware_configs, token_exchange_config
from hooks.controllers.mcpserver.oidc import oidc_config
from hooks.controllers.mcpserver.permissions import permission_profile, profile_name_or_path
from hooks.controllers.mcpserver.references import References
from hooks.controllers.mcpserver.telemetry import telemetry_config
from hooks.protocol import CONTROLLER_UID, Object

HTTP_TARGET_PORT = 8080
"""The port of a direct transport whose spec names none. The reference never deploys such a server."""


def run_config(server: Object, spec: MCPServerSpec, references: References, config: Config) -> Object:
    """The RunConfig of an MCPServer, as a dict in the order of its keys."""
    name = server["metadata"]["name"]
    tools = references.tool_config
    oidc = oidc_config(server, spec, references)
    exchange = token_exchange_config(references.token_exchange) if references.token_exchange else None
    run: Object = {
        "schema_version": "v0.1.0",
        "image": spec.image,
        "remote_auth_config": _remote_auth_config(references),
        "cmd_args": spec.args,
        "name": name,
        "container_name": name,
        "base_name": name,
        "transport": spec.transport,
        "host": config.proxy_host,
        "port": spec.port,
        "target_port": target_port(spec),
        "permission_profile_name_or_path": profile_name_or_path(spec),
        "permission_profile": permission_profile(spec, references.permission_profile),
        "env_vars": _env_vars(spec),
        "env_file_dir": "/vault/secrets" if _has_vault(spec, references) else None,
        "volumes": [f"{v.host_path}:{v.mount_path}{':ro' if v.read_only else ''}" for v in spec.volumes],
        "container_labels": _container_labels(server, spec),
        "oidc_config": oidc,
        "token_exchange_config": exchange,
        "authz_config": references.authz,
        "audit_config": {"max_data_size": 1024} if spec.audit and spec.audit.enabled else None,
        "telemetry_config": telemetry_config(name, spec),
        "trust_proxy_headers": spec.trust_proxy_headers,
        "proxy_mode": spec.proxy_mode,
        "thv_ca_bundle": oidc and oidc["CACertPath"],
        "jwks_auth_token_file": oidc and oidc["AuthTokenFile"],
        "tools_filter": tools.tools_filter if tools else spec.tools,
        "tools_override": _tools_override(references),
    }
    if exchange:
        run["middleware_configs"] = middleware_configs(run)
    return {key: value for key, value in run.items() if value}


def target_port(spec: MCPServerSpec) -> int | None:
    """The port on which the MCP server listens; a stdio server has one only where the spec says so."""
    return spec.target_port or (None if spec.transport == "stdio" else HTTP_TARGET_PORT)


def run_config_map(server: Object, run: Object) -> Object:
    """The ConfigMap that holds runconfig.json."""
    name = server["metadata"]["name"]
    data = {"runconfig.json": go_json.indented(run)}
    labels = {
        f"{names.COMPONENT_GROUP}/component": "run-config",
        f"{names.COMPONENT_GROUP}/mcp-server": name,
        f"{names.COMPONENT_GROUP}/managed-by": "toolhive-operator",
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": names.run_config(name),
            "labels": labels,
            "annotations": {names.CONTENT_CHECKSUM: checksum(data, labels)},
        },
        "data": data,
    }


def checksum(data: dict[str, str], labels: dict[str, str]) -> str:
    """The reference's content checksum: data, then labels, sorted by key, keys and values run together."""
    text = "".join(key + values[key] for values in (data, labels) for key in sorted(values))
    return hashlib.sha256(text.encode()).hexdigest()


def _remote_auth_config(references: References) -> Object | None:
    """What the runner makes of a bearer token: it resolves the name through its environment's secrets provider."""
    if references.bearer_token is None:
        return None
    return {"use_pkce": False, "bearer_token": f"{references.bearer_token.token_secret_ref.name},target=bearer_token"}


def _env_vars(spec: MCPServerSpec) -> dict[str, str]:
    env = {variable.name: variable.value for variable in spec.env}
    env["MCP_TRANSPORT"] = spec.transport
    if spec.transport != "stdio":
        env["MCP_PORT"] = env["FASTMCP_PORT"] = str(target_port(spec))
    return dict(sorted(env.items()))


def _container_labels(server: Object, spec: MCPServerSpec) -> dict[str, str]:
    """The labels of what the runner makes.

    With controller-uid among them, Metacontroller adopts the runner's StatefulSet: it is observed, and goes with the
    server.
    """
    name = server["metadata"]["name"]
    over_http = spec.transport == "stdio" and spec.proxy_mode == "streamable-http"
    return {
        CONTROLLER_UID: server["metadata"]["uid"],
        "toolhive": "true",
        "toolhive-basename": name,
        "toolhive-name": name,
        "toolhive-port": str(spec.port),
        "toolhive-tool-type": "mcp",
        "toolhive-transport": "streamable-http" if over_http else spec.transport,
    }


def _has_vault(spec: MCPServerSpec, references: References) -> bool:
    """Whether HashiCorp Vault's agent is asked to put secrets into the pod of the MCP server or of the proxy."""
    metadata = references.pod_template.get("metadata", {})
    proxy = spec.resource_overrides.proxy_deployment if spec.resource_overrides else None
    template = proxy.pod_template_metadata_overrides if proxy else None
    places = (metadata.get("annotations"), template.annotations if template else None)
    return any((annotations or {}).get("vault.hashicorp.com/agent-inject") == "true" for annotations in places)


def _tools_override(references: References) -> Object | None:
    overrides = (references.tool_config.tools_override if references.tool_config else None) or {}
    return {
        tool: {key: value for key, value in (("name", override.name), ("description", override.description)) if value}
        for tool, override in sorted(overrides.items())
    }
