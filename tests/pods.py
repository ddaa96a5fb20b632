"""Pods that the tests make themselves, in namespaces under Pod Security's level restricted."""

from __future__ import annotations

from typing import Any


def pod_spec(container: str, image: str) -> dict[str, Any]:
    """The spec of a pod with one container, which the level restricted admits, as it does those of runner 0.44.0."""
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": container, "image": image, "securityContext": security}],
    }
