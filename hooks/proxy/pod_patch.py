"""The `--k8s-pod-patch` argument: what the proxy runner merges into the MCP server's own pod.

The reference parses spec.podTemplateSpec into Go structs and writes these as JSON, so keys come in the order of the
structs. So do ours: the argument, and with it the pod template, doesn't depend on how a manifest was written.
"""

from __future__ import annotations

from hooks import go_json
from hooks.api.pod_template import in_go_order
from hooks.kubernetes.objects import Object
from hooks.proxy import names
from hooks.proxy.spec import Container


def make_pod_patch(backend: Container) -> str:
    """Return the patch as compact JSON, or "" where there is nothing to patch."""
    template = backend.pod_template or {}
    pod: Object = dict(template.get("spec", {}))
    # As Go writes a nil slice and an empty one: without any template the reference starts from an empty one.
    containers = pod.get("containers", [] if backend.pod_template is None else None)
    if backend.service_account:
        pod["serviceAccountName"] = backend.service_account
    containers = _with_secrets(containers, backend)
    if _is_empty(template.get("metadata", {}), {**pod, "containers": containers}):
        return ""
    pod["containers"] = [_with_resources(container) for container in containers] if containers else containers
    if pod.get("initContainers"):
        pod["initContainers"] = [_with_resources(container) for container in pod["initContainers"]]
    return go_json.compact(in_go_order({"metadata": {}, **template, "spec": pod}))


def _is_empty(metadata: Object, pod: Object) -> bool:
    """Whether a template asks for nothing, by the fields that the operator looks at; others alone count as nothing."""
    parts = (
        *("serviceAccountName", "containers", "volumes", "initContainers", "tolerations", "nodeSelector"),
        *("imagePullSecrets", "priorityClassName"),
    )
    objects = ("affinity", "securityContext")
    has_metadata = bool(metadata.get("labels") or metadata.get("annotations"))
    return not (has_metadata or any(pod.get(part) for part in parts) or any(part in pod for part in objects))


def mcp_container_env(template: Object | None) -> list[Object]:
    """Return the environment that a pod template gives to the MCP server's container."""
    containers = (template or {}).get("spec", {}).get("containers", ())
    own = [container for container in containers if container["name"] == names.MCP_CONTAINER]
    return own[0].get("env", []) if own else []


def _with_resources(container: Object) -> Object:
    """Return a container as Go writes one: with its resources, even where they are empty."""
    return {**container, "resources": container.get("resources", {})}


def _with_secrets(containers: list[Object] | None, backend: Container) -> list[Object] | None:
    """The containers with spec.secrets in the environment of the one named `mcp`, which is added where missing."""
    env = [
        {
            "name": secret.variable,
            "valueFrom": {"secretKeyRef": {"name": secret.name, "key": secret.key}},
        }
        for secret in backend.secrets
    ]
    if not env:
        return containers
    containers = list(containers or [])
    for index, container in enumerate(containers):
        if container["name"] == names.MCP_CONTAINER:
            containers[index] = {**container, "env": [*container.get("env", []), *env]}
            return containers
    return [*containers, {"name": names.MCP_CONTAINER, "env": env}]
