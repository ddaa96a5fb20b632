"""Which fields of a workload an operator of ToolHive wouldn't know: its CRDs would erase them."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic.alias_generators import to_camel

from hooks.api.kinds import WORKLOADS
from hooks.api.older_fields import REFERENCES, RENAMED
from hooks.kubernetes.objects import Object, raw_spec
from hooks.proxy.placement import FIELDS
from hooks.simulator.cluster import Cluster
from hooks.text import some, title

CONVERT = "toolhive-hooks migrate --convert --apply"
LATEST = (0, 44)
_PLACEMENT = tuple(map(to_camel, FIELDS))
"""Fields of spec.resourceOverrides.proxyDeployment that no operator up to 0.44 has."""

# From tests/releases/fields.json, which has the fields of each release's CRDs.
_UNTIL = {
    "port": (0, 15),
    "targetPort": (0, 15),
    "tools": (0, 15),
    "remoteURL": (0, 19),
    "oidcConfig": (0, 21),
    "telemetry": (0, 21),
}
"""The old fields, each with the first release that didn't know it any more."""
_SINCE = {
    "proxyPort": (0, 6),
    "mcpPort": (0, 6),
    "sessionStorage": (0, 13),
    "oidcConfigRef": (0, 15),
    "telemetryConfigRef": (0, 15),
    "rateLimiting": (0, 16),
    "authServerRef": (0, 17),
    "webhookConfigRef": (0, 27),
    "authzConfigRef": (0, 30),
}
"""Current fields that a server isn't safe or isn't found without, each with the first release that knew it."""


def old_fields(workload: Object) -> list[str]:
    """Return the fields of older releases that a workload has; until 0.19 groupRef was the group's name."""
    spec = raw_spec(workload)
    fields = [field for field in (*RENAMED, *REFERENCES) if field in spec]
    if isinstance(spec.get("groupRef"), str):
        fields.append("groupRef")
    return [f"spec.{field}" for field in fields]


def displaced_by_the_way_back(cluster: Cluster) -> Iterator[str]:
    """Yield which proxies say where they run in fields that the old operator doesn't know."""
    placed = [
        f"{title(workload)} ({', '.join(fields)})"
        for kind in WORKLOADS
        for workload in cluster.all(kind)
        if (fields := _placement(workload))
    ]
    if placed:
        yield (
            f"the old operator doesn't know where {len(placed)} of the proxies are to run, by fields of "
            f"spec.resourceOverrides.proxyDeployment: {some(placed, '; ')}. Its proxies run on any node, and its own "
            "CRDs would erase these fields. An MCPRemoteProxy can say the same in spec.podTemplateSpec"
        )


def _placement(workload: Object) -> list[str]:
    overrides = raw_spec(workload).get("resourceOverrides")
    deployment = overrides.get("proxyDeployment") if isinstance(overrides, dict) else None
    return [field for field in _PLACEMENT if field in deployment] if isinstance(deployment, dict) else []


def lost_by_the_way_back(cluster: Cluster, release: tuple[int, int] | None) -> Iterator[str]:
    """Yield which workloads the old operator would serve on other ports, or open to everyone.

    Args:
        cluster: what was read.
        release: the operator's; one that isn't known counts as 0.44.
    """
    of = release or LATEST
    gone = {field for field, until in _UNTIL.items() if of >= until}
    unknown = {field for field, since in _SINCE.items() if of < since}
    workloads = [workload for kind in WORKLOADS for workload in cluster.all(kind)]
    lost = {
        title(workload): [field for field in raw_spec(workload) if field in gone | unknown] for workload in workloads
    }
    users = [f"{name} ({', '.join(f'spec.{field}' for field in fields)})" for name, fields in lost.items() if fields]
    if not users:
        return
    are_old = any(not gone.isdisjoint(fields) for fields in lost.values())
    yield (
        f"the old operator, of release {of[0]}.{of[1]}, doesn't know fields of {len(users)} of the workloads. Its CRDs "
        "would erase them, and a server that authenticates its callers by one would be open to everyone: "
        f"{some(users, '; ')}. "
        + (f"Convert them first: {CONVERT}" if are_old else "Use its fields in them, or take a newer release")
    )
