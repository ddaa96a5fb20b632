"""Parts that the specs of workload kinds share: resources, volumes, Secrets, permissions, overrides."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hooks.api.meta import EnvVar, Model, NameRef, Rule, RuledModel, SecretKeyRef
from hooks.api.placement import Affinity, Toleration, TopologySpreadConstraint
from hooks.api.scalars import Quantity

DEFAULT_PORT = 8080
"""The port where a spec names none, for proxy and MCP server alike.

The CRD of ToolHive 0.44 wrote it into each stored object as proxyPort, whether its author asked for it or not.
"""
SessionAffinity = Literal["ClientIP", "None"]


class Audit(Model):
    """Whether requests are recorded."""

    enabled: bool = False
    """Whether the proxy writes an audit log."""


class Volume(Model):
    """A hostPath volume."""

    name: str
    """Name of the volume."""
    host_path: str
    """Path on the node."""
    mount_path: str
    """Path at which the volume is mounted."""
    read_only: bool = False
    """Whether the mount is read-only."""


class ResourceList(Model):
    """An amount of CPU and memory."""

    cpu: Quantity = ""
    """CPU, such as "500m" or "2"."""
    memory: Quantity = ""
    """Memory, such as "256Mi"."""


class Resources(Model):
    """What a container needs, and what it may take."""

    limits: ResourceList | None = None
    """The most that the container may use."""
    requests: ResourceList | None = None
    """The resources that the container requests."""


class SecretEnv(SecretKeyRef):
    """A key of a Secret that becomes an environment variable of the MCP server."""

    target_env_name: str = ""
    """Name of the environment variable; the key's name when left out."""

    @property
    def variable(self) -> str:
        """Return the name of the environment variable that the MCP server gets."""
        return self.target_env_name or self.key


class PermissionProfile(RuledModel):
    """Permissions of the MCP server."""

    rules = (
        Rule(
            "self.type != 'configmap' || (has(self.key) && self.key != '')",
            "key must be set when type is 'configmap'",
            lambda profile: profile.type != "configmap" or profile.key != "",
        ),
    )
    type: Literal["builtin", "configmap"] = "builtin"
    """Where the profile comes from: "builtin", or "configmap" for a key of a ConfigMap."""
    name: str
    """Name of the builtin profile ("none" or "network"), or of the ConfigMap."""
    key: str = ""
    """Key in the ConfigMap that contains the profile as JSON."""


class MetadataOverrides(Model):
    """Labels and annotations to add to those of an object that the operator makes."""

    annotations: dict[str, str] | None = None
    """Annotations to add; those that the operator sets win."""
    labels: dict[str, str] | None = None
    """Labels to add; those that the operator sets win."""


class ProxyDeploymentOverrides(MetadataOverrides):
    """What to add to the proxy's Deployment."""

    pod_template_metadata_overrides: MetadataOverrides | None = None
    """Labels and annotations to add to the proxy's pods."""
    env: list[EnvVar] = Field(default_factory=list)
    """Environment variables of the proxy's container, not of the MCP server."""
    image_pull_secrets: list[NameRef] = Field(default_factory=list)
    """Secrets with which the proxy's image is pulled."""
    node_selector: dict[str, str] = Field(default_factory=dict)
    """Labels that a node must have for the proxy's pods to run there."""
    tolerations: list[Toleration] = Field(default_factory=list)
    """Taints of nodes that the proxy's pods tolerate."""
    affinity: Affinity | None = None
    """Nodes that the proxy's pods run on, and pods that they run near to or far from."""
    topology_spread_constraints: list[TopologySpreadConstraint] = Field(default_factory=list)
    """How evenly the proxy's pods are spread over places."""
    priority_class_name: str = ""
    """PriorityClass of the proxy's pods."""


class ResourceOverrides(Model):
    """What to add to the objects that the operator makes."""

    proxy_deployment: ProxyDeploymentOverrides | None = None
    """Additions to the proxy's Deployment."""
    proxy_service: MetadataOverrides | None = None
    """Additions to the proxy's Service."""
