"""The environment of the proxy's container. The MCP server's own environment is in the RunConfig."""

from __future__ import annotations

from urllib.parse import quote

from hooks.kubernetes.objects import Object
from hooks.proxy import names
from hooks.proxy.outgoing_auth import effect
from hooks.proxy.spec import ProxySpec

DEFAULTS = {
    "XDG_CONFIG_HOME": "/tmp",  # noqa: S108  # the pod's own
    "HOME": "/tmp",  # noqa: S108
    "TOOLHIVE_RUNTIME": "kubernetes",
    "UNSTRUCTURED_LOGS": "false",
}


def make_env(proxy: ProxySpec) -> list[Object]:
    """Return the variables of the proxy's container, in the reference's order.

    Each name stands once: Metacontroller merges this list by name, and the kubelet takes the last.
    """
    env: dict[str, Object] = {**_resource_attributes(proxy), **effect(proxy.outgoing_auth).env}
    for variable in proxy.deployment_overrides.env:
        # `$(NAME)` is the user's own here. The API server drops an empty value, and would be asked to add it again at
        # every sync.
        env[variable.name] = {"value": variable.value} if variable.value else {}
    # It wins over the RunConfig, which the kubelet keeps up to date in the pods of an older template too.
    stamp = f"metadata.annotations['{names.MCPSERVER_GENERATION}']"
    env[names.GENERATION_ENV] = {"valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": stamp}}}
    for name, value in DEFAULTS.items():
        env.setdefault(name, {"value": value})
    return [{"name": name, **source} for name, source in env.items()]


def literal(text: str) -> str:
    """Return the text of an argument or a variable that a container shall have to the letter.

    The kubelet puts the container's own variables, the client secret among them, in the place of `$(NAME)`, and `$` in
    the place of `$$` (k8s.io/kubernetes/third_party/forked/golang/expansion).
    """
    return text.replace("$", "$$")


def _resource_attributes(proxy: ProxySpec) -> dict[str, Object]:
    if proxy.telemetry is None or proxy.telemetry.open_telemetry is None:
        return {}
    name = quote(proxy.telemetry.service_name, safe=" /:@!$&'()*+;?[]~")  # the list is of key=value, apart by commas
    return {"OTEL_RESOURCE_ATTRIBUTES": {"value": literal(f"service.name={name},service.namespace={proxy.namespace}")}}
