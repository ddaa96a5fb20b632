"""The security contexts of the proxy's pod."""

from __future__ import annotations

from hooks.installation import Installation
from hooks.kubernetes.objects import Object


def pod_security(installation: Installation) -> Object:
    """Return the security context of the pod; OpenShift assigns the ids itself."""
    ids = {} if installation.openshift else {"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000}
    return {"runAsNonRoot": True, **ids, "seccompProfile": {"type": "RuntimeDefault"}}


def container_security(installation: Installation) -> Object:
    """Return the context of the proxy's container: as Pod Security's level `restricted` asks, its root read-only."""
    ids = {} if installation.openshift else {"runAsUser": 1000, "runAsGroup": 1000}
    return {
        "privileged": False,
        "runAsNonRoot": True,
        **ids,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "seccompProfile": {"type": "RuntimeDefault"},
        "capabilities": {"drop": ["ALL"]},
    }
