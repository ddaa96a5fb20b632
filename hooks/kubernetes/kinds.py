"""A kind of objects, and the core kinds that controllers make and look up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Kind:
    """A served kind: what a manifest calls it, and the plural by which rules name it."""

    api_version: str
    kind: str
    resource: str

    @property
    def api_versions(self) -> tuple[str, ...]:
        """Every served version, the one in which objects are stored first."""
        return (self.api_version,)

    def includes(self, obj: Mapping[str, object]) -> bool:
        """Return whether an object is of this kind, in any of its served versions."""
        return obj.get("kind") == self.kind and obj.get("apiVersion") in self.api_versions

    @cached_property
    def key(self) -> str:
        """The outer key of `children` and `related`: `Deployment.apps/v1`, `ConfigMap.v1`."""
        return f"{self.kind}.{self.api_version}"


CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps")
DEPLOYMENT = Kind("apps/v1", "Deployment", "deployments")
POD = Kind("v1", "Pod", "pods")
ROLE = Kind("rbac.authorization.k8s.io/v1", "Role", "roles")
ROLE_BINDING = Kind("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings")
SECRET = Kind("v1", "Secret", "secrets")
SERVICE = Kind("v1", "Service", "services")
SERVICE_ACCOUNT = Kind("v1", "ServiceAccount", "serviceaccounts")
STATEFUL_SET = Kind("apps/v1", "StatefulSet", "statefulsets")
