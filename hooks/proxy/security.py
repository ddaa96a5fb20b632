"""The security contexts of the proxy's pod."""

from __future__ import annotations

from hooks.installation import Config
from hooks.kubernetes.objects import Object


def pod_security(config: Config) -> Object:
    """Return the security context of the pod; OpenShift assigns the ids itself."""
    if config.openshift:
        return {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    return {"runAsNonRoot": True, "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000}


def container_security(config: Config) -> Object:
    """Return the security context of the proxy's container."""
    context: Object = {
        "privileged": False,
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
    }
    if config.openshift:
        return {**context, "seccompProfile": {"type": "RuntimeDefault"}, "capabilities": {"drop": ["ALL"]}}
    return {**context, "runAsUser": 1000, "runAsGroup": 1000}
