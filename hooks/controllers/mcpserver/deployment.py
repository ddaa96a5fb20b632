"""The proxy's Deployment: one pod that runs the proxy runner, which makes and fronts the MCP server itself."""

from __future__ import annotations

from urllib.parse import quote

from hooks.api.mcpserver import MCPServerSpec, MetadataOverrides, ProxyDeploymentOverrides
from hooks.api.meta import SecretKeyRef
from hooks.controllers.controller import Config
from hooks.controllers.mcpserver import names
from hooks.controllers.mcpserver.pod_patch import pod_patch
from hooks.controllers.mcpserver.ports import over_foreign
from hooks.controllers.mcpserver.quantity import canonical
from hooks.controllers.mcpserver.references import References
from hooks.controllers.mcpserver.restart import last_restart, restarted_at, strategy
from hooks.protocol import Object, last_applied, last_applied_may_have

CLIENT_SECRET_ENV = "TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET"  # noqa: S105  # a name, not a secret

DEFAULT_ENV = {
    "XDG_CONFIG_HOME": "/tmp",  # noqa: S108  # the pod's own
    "HOME": "/tmp",  # noqa: S108
    "TOOLHIVE_RUNTIME": "kubernetes",
    "UNSTRUCTURED_LOGS": "false",
}

PORTS = ("spec", "template", "spec", "containers", names.PROXY_CONTAINER, "ports")

NO_OVERRIDES = ProxyDeploymentOverrides()

PROBE: Object = {"httpGet": {"path": "/health", "port": "http"}}


def deployment(
    server: Object,
    spec: MCPServerSpec,
    references: References,
    config: Config,
    *,
    checksum: str,
    observed: Object | None,
) -> Object:
    """The Deployment of an MCPServer.

    Args:
        server: the MCPServer.
        spec: its spec.
        references: what the spec refers to.
        config: what the installation decides.
        checksum: of the RunConfig, so that a change of it rolls the pods.
        observed: the Deployment as it is, if it is.
    """
    name = server["metadata"]["name"]
    labels = names.labels(name)
    overrides, template_overrides = _overrides(spec)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "labels": {**(overrides.labels or {}), **labels},
            "annotations": {
                **(overrides.annotations or {}),
                names.MANAGED_BY: "toolhive-hooks",
            },
        },
        "spec": {
            **_replicas(spec, observed),
            "selector": {"matchLabels": labels},
            "strategy": strategy(server, observed),
            "template": {
                "metadata": {
                    "labels": {
                        **(template_overrides.labels or {}),
                        **labels,
                    },
                    "annotations": _template_annotations(server, spec, references, checksum, observed),
                },
                "spec": _pod_spec(server, spec, references, config, observed),
            },
        },
    }


def _overrides(spec: MCPServerSpec) -> tuple[ProxyDeploymentOverrides, MetadataOverrides]:
    """What the user adds to the Deployment, and to its pods."""
    overrides = (spec.resource_overrides and spec.resource_overrides.proxy_deployment) or NO_OVERRIDES
    return overrides, overrides.pod_template_metadata_overrides or NO_OVERRIDES


def _replicas(spec: MCPServerSpec, observed: Object | None) -> Object:
    """One proxy for a stdio server, whose one process it talks to; else nobody's business but an autoscaler's.

    A number that was once sent and then isn't would be removed and set to 1 by the API server. So while
    Metacontroller's last-applied annotation has one, the observed number is sent.
    """
    if spec.transport == "stdio":
        return {"replicas": 1}
    if observed is None or not last_applied_may_have(observed, "replicas"):
        return {}
    sent = (last_applied(observed) or {}).get("spec")
    if isinstance(sent, dict) and "replicas" in sent:
        return {"replicas": observed["spec"].get("replicas", 1)}
    return {}


def _template_annotations(
    server: Object, spec: MCPServerSpec, references: References, checksum: str, observed: Object | None
) -> dict[str, str]:
    """What rolls the pods when it changes, over what the user adds.

    As in the reference, a Deployment's annotations reach the pods where the spec gives annotations for these too.
    """
    overrides, template_overrides = _overrides(spec)
    users: dict[str, str] = {}
    if template_overrides.annotations is not None:
        users = {**template_overrides.annotations, **(overrides.annotations or {})}
    ours = {names.RUNCONFIG_CHECKSUM: checksum}
    if references.credential_digest:
        ours[names.CREDENTIAL_DIGEST] = references.credential_digest
    time = restarted_at(server) or last_restart(observed)
    if time:
        ours[names.RESTARTED_AT] = time
    return {**users, **ours}


def _pod_spec(
    server: Object, spec: MCPServerSpec, references: References, config: Config, observed: Object | None
) -> Object:
    name = server["metadata"]["name"]
    pull_secrets = dict.fromkeys(secret.name for secret in _overrides(spec)[0].image_pull_secrets)
    volumes = _volumes(name, spec)
    ports = [{"containerPort": spec.port, "name": "http", "protocol": "TCP"}]
    return {
        "serviceAccountName": names.proxy_runner(name),
        **({"imagePullSecrets": [{"name": secret} for secret in pull_secrets]} if pull_secrets else {}),
        "securityContext": _pod_security(config),
        "containers": [
            {
                "name": names.PROXY_CONTAINER,
                "image": config.runner_image,
                "args": ["run", "--foreground=true", *_patch_args(server, spec, references), literal(spec.image)],
                "ports": over_foreign(ports, observed, PORTS, "containerPort"),
                "env": _env(server, spec, references),
                "livenessProbe": {
                    **PROBE,
                    "initialDelaySeconds": 30,
                    "periodSeconds": 10,
                    "timeoutSeconds": 5,
                    "failureThreshold": 3,
                },
                "readinessProbe": {
                    **PROBE,
                    "initialDelaySeconds": 5,
                    "periodSeconds": 5,
                    "timeoutSeconds": 3,
                    "failureThreshold": 3,
                },
                "resources": _resources(spec),
                "securityContext": _container_security(config),
                "volumeMounts": [mount for mount, _ in volumes],
            }
        ],
        "volumes": [volume for _, volume in volumes],
    }


def _patch_args(server: Object, spec: MCPServerSpec, references: References) -> list[str]:
    patch = pod_patch(server, spec, references.pod_template)
    return [literal(f"--k8s-pod-patch={patch}")] if patch else []


def literal(text: str) -> str:
    """The text of an argument or a variable that a container shall have to the letter.

    The kubelet puts the container's own variables, the client secret among them, in the place of `$(NAME)`, and `$` in
    the place of `$$` (k8s.io/kubernetes/third_party/forked/golang/expansion).
    """
    return text.replace("$", "$$")


def _env(server: Object, spec: MCPServerSpec, references: References) -> list[Object]:
    """The proxy's environment, in the reference's order. The MCP server's own is in RunConfig.

    Each name once: Metacontroller merges this list by name, and the kubelet takes the last.
    """
    env: dict[str, Object] = {}
    otel = spec.telemetry.open_telemetry if spec.telemetry else None
    if otel:
        metadata = server["metadata"]
        service = otel.service_name or metadata["name"]
        name = quote(service, safe=" /:@!$&'()*+;?[]~")  # the list is of key=value, apart by commas
        attributes = f"service.name={name},service.namespace={metadata['namespace']}"
        env["OTEL_RESOURCE_ATTRIBUTES"] = {"value": literal(attributes)}
    if references.token_exchange:
        env[CLIENT_SECRET_ENV] = _from_secret(references.token_exchange.client_secret_ref)
    if references.bearer_token:
        secret = references.bearer_token.token_secret_ref
        env[f"TOOLHIVE_SECRET_{secret.name}"] = _from_secret(secret)
        env["TOOLHIVE_SECRETS_PROVIDER"] = {"value": "environment"}
    for variable in _overrides(spec)[0].env:
        # `$(NAME)` is the user's own here. The API server drops an empty value, and would be asked to add it again at
        # every sync.
        env[variable.name] = {"value": variable.value} if variable.value else {}
    for variable_name, value in DEFAULT_ENV.items():
        env.setdefault(variable_name, {"value": value})
    return [{"name": variable_name, **value} for variable_name, value in env.items()]


def _from_secret(secret: SecretKeyRef) -> Object:
    return {"valueFrom": {"secretKeyRef": {"name": secret.name, "key": secret.key}}}


def _volumes(name: str, spec: MCPServerSpec) -> list[tuple[Object, Object]]:
    """Each mount with its volume, in the reference's order."""
    run_config = (
        {"name": "runconfig", "mountPath": "/etc/runconfig", "readOnly": True},
        {"name": "runconfig", "configMap": {"name": names.run_config(name)}},
    )
    return [run_config, *_host_paths(spec), *_permission_profile(spec), *_authz(name, spec)]


def _host_paths(spec: MCPServerSpec) -> list[tuple[Object, Object]]:
    return [
        (
            {"name": v.name, "mountPath": v.mount_path, **({"readOnly": True} if v.read_only else {})},
            {"name": v.name, "hostPath": {"path": v.host_path}},
        )
        for v in spec.volumes
    ]


def _permission_profile(spec: MCPServerSpec) -> list[tuple[Object, Object]]:
    profile = spec.permission_profile
    if profile is None or profile.type != "configmap":
        return []
    return [
        (
            {"name": "permission-profile", "mountPath": "/etc/toolhive/profiles", "readOnly": True},
            {"name": "permission-profile", "configMap": {"name": profile.name}},
        )
    ]


def _authz(name: str, spec: MCPServerSpec) -> list[tuple[Object, Object]]:
    authz = spec.authz_config
    if authz is None:
        return []
    if authz.type == "configMap" and authz.config_map:
        config_map, key = authz.config_map.name, authz.config_map.key or "authz.json"
    elif authz.type == "inline" and authz.inline:
        config_map, key = names.authz_inline(name), "authz.json"
    else:
        return []
    return [
        (
            {"name": "authz-config", "mountPath": "/etc/toolhive/authz", "readOnly": True},
            {
                "name": "authz-config",
                "configMap": {"name": config_map, "items": [{"key": key, "path": "authz.json"}]},
            },
        )
    ]


def _resources(spec: MCPServerSpec) -> Object:
    """spec.resources, which the reference gives to the proxy's container, not to the MCP server's."""
    if spec.resources is None:
        return {}
    amounts = {
        group: {name: canonical(amount) for name in ("cpu", "memory") if (amount := getattr(wanted, name, ""))}
        for group, wanted in (("limits", spec.resources.limits), ("requests", spec.resources.requests))
    }
    return {group: amount for group, amount in amounts.items() if amount}


def _pod_security(config: Config) -> Object:
    if config.openshift:
        return {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    return {"runAsNonRoot": True, "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000}


def _container_security(config: Config) -> Object:
    context: Object = {
        "privileged": False,
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
    }
    if config.openshift:
        return {**context, "seccompProfile": {"type": "RuntimeDefault"}, "capabilities": {"drop": ["ALL"]}}
    return {**context, "runAsUser": 1000, "runAsGroup": 1000}
