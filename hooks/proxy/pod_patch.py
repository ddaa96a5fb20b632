"""The `--k8s-pod-patch` argument: what the proxy runner merges into the MCP server's own pod.

The reference parses spec.podTemplateSpec into Go structs and writes these as JSON, so keys come in the order of the
structs and unset values not at all. The runner reads it the same way, whatever the order; ours is fixed, so that the
argument, and with it the pod template, doesn't depend on how a manifest was written.
"""

from __future__ import annotations

from typing import Any

from hooks import go_json
from hooks.kubernetes.objects import Object
from hooks.proxy import names
from hooks.proxy.spec import Container

_ORDER = (
    # metadata of objects, and what comes first in most structs
    *("metadata", "name", "generateName", "namespace", "labels", "annotations"),
    # Container
    *("image", "command", "args", "workingDir"),
    # EnvVar, EnvVarSource, SecretKeySelector, EnvFromSource, ContainerPort
    *("key", "operator", "value", "effect", "tolerationSeconds", "valueFrom", "prefix", "configMapRef", "secretRef"),
    *("hostPort", "containerPort", "protocol", "hostIP", "ports"),
    # PodSpec; `env`, `resources` and their like are Container's
    *("spec", "volumes", "initContainers", "containers", "ephemeralContainers", "envFrom", "env"),
    *("limits", "requests", "claims", "resources", "resizePolicy", "restartPolicy", "volumeMounts", "volumeDevices"),
    *("livenessProbe", "readinessProbe", "startupProbe", "lifecycle"),
    *("terminationGracePeriodSeconds", "activeDeadlineSeconds", "dnsPolicy", "nodeSelector", "serviceAccountName"),
    *("serviceAccount", "automountServiceAccountToken", "nodeName", "hostNetwork", "hostPID", "hostIPC"),
    *("shareProcessNamespace", "securityContext", "imagePullSecrets", "hostname", "subdomain", "affinity"),
    *("schedulerName", "tolerations", "hostAliases", "priorityClassName", "priority", "dnsConfig", "readinessGates"),
)
_RANK = {key: rank for rank, key in enumerate(_ORDER)}

_DROPPED_WHEN_EMPTY = {"labels", "annotations", "nodeSelector", "limits", "requests", "matchLabels"}
_DROPPED_WHEN_FALSE = {"hostNetwork", "hostPID", "hostIPC", "readOnly", "stdin", "stdinOnce", "tty"}
_DROPPED_WHEN_BLANK = {"value", "subPath", "subPathExpr", "nodeName", "hostname", "subdomain", "serviceAccountName"}


def make_pod_patch(backend: Container) -> str:
    """Return the patch as compact JSON, or "" where there is nothing to patch."""
    template = _as_go_writes(backend.pod_template or {})
    pod: Object = dict(template.get("spec") or {})
    # As Go writes a nil slice and an empty one: the reference starts from [] only where the user gave no template.
    containers = pod.get("containers") or (None if backend.pod_template is not None else [])
    if backend.service_account:
        pod["serviceAccountName"] = backend.service_account
    containers = _with_secrets(containers, backend)
    if not pod.get("serviceAccountName") and not containers:
        return ""
    pod["containers"] = [_with_resources(container) for container in containers] if containers else containers
    if pod.get("initContainers"):
        pod["initContainers"] = [_with_resources(container) for container in pod["initContainers"]]
    return go_json.compact(_ordered({"metadata": {}, **template, "spec": pod}))


def _with_resources(container: Any) -> Any:
    """A container as Go writes one: its resources stand there even when there are none."""
    return {**container, "resources": container.get("resources", {})} if isinstance(container, dict) else container


def template_fault(template: Object) -> str:
    """Return what keeps a podTemplateSpec, which the CRD has no schema for, from being one; "" where nothing does."""
    for key in ("metadata", "spec"):
        if template.get(key) is not None and not isinstance(template[key], dict):
            return f"spec.podTemplateSpec.{key} must be an object"
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    for group in ("annotations", "labels"):
        values = metadata.get(group) or {}
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            return f"spec.podTemplateSpec.metadata.{group} must be an object of strings"
    containers = spec.get("containers") or []
    if not isinstance(containers, list) or not all(isinstance(container, dict) for container in containers):
        return "spec.podTemplateSpec.spec.containers must be a list of objects"
    for index, container in enumerate(containers):
        env = [] if container.get("env") is None else container["env"]
        if not isinstance(container.get("name"), str):
            return f"spec.podTemplateSpec.spec.containers[{index}].name must be a string"
        if not isinstance(env, list) or not all(isinstance(variable, dict) for variable in env):
            return f"spec.podTemplateSpec.spec.containers[{index}].env must be a list of objects"
    return ""


def mcp_container_env(template: Object | None) -> list[Object]:
    """The environment that a sound podTemplateSpec gives to the MCP server's container."""
    containers = ((template or {}).get("spec") or {}).get("containers") or []
    own = [container for container in containers if container["name"] == names.MCP_CONTAINER]
    return own[0].get("env") or [] if own else []


def _with_secrets(containers: list[Object] | None, backend: Container) -> list[Object] | None:
    """The containers with spec.secrets in the environment of the one named `mcp`, which is added where missing."""
    env = [
        {
            "name": secret.target_env_name or secret.key,
            "valueFrom": {"secretKeyRef": {"name": secret.name, "key": secret.key}},
        }
        for secret in backend.secrets
    ]
    if not env:
        return containers
    containers = list(containers or [])
    for index, container in enumerate(containers):
        if container.get("name") == names.MCP_CONTAINER:
            containers[index] = {**container, "env": [*(container.get("env") or []), *env]}
            return containers
    return [*containers, {"name": names.MCP_CONTAINER, "env": env}]


def _as_go_writes(value: Any, key: str = "") -> Any:
    """A copy without what Go leaves out: null, empty lists, and the zero values of fields that are not pointers."""
    if isinstance(value, dict):
        items = {name: _as_go_writes(item, name) for name, item in value.items()}
        return {name: item for name, item in items.items() if not _left_out(name, item)}
    if isinstance(value, list):
        return [_as_go_writes(item, key) for item in value]
    return value


def _left_out(key: str, value: Any) -> bool:
    return (
        value is None
        or value == []
        or (value == {} and key in _DROPPED_WHEN_EMPTY)
        or (value is False and key in _DROPPED_WHEN_FALSE)
        or (value == "" and key in _DROPPED_WHEN_BLANK)
    )


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (_RANK.get(key, len(_RANK)), key))
        return {key: _ordered(value[key]) for key in keys}
    return [_ordered(item) for item in value] if isinstance(value, list) else value
