"""What the MCP server's container is permitted to reach: the `permission_profile` of the RunConfig."""

from __future__ import annotations

from collections.abc import Sequence

from hooks.api.workload import Volume
from hooks.kubernetes.objects import Object
from hooks.proxy.spec import Container, Remote

NETWORK: Object = {"name": "network", "network": {"outbound": {"insecure_allow_all": True}, "inbound": {}}}
"""ToolHive's default profile, which a RunConfig has for a remote MCP server too."""


def permission_profile(backend: Container | Remote) -> Object:
    """Return the profile of a backend."""
    if isinstance(backend, Remote):
        return NETWORK
    return with_volumes(backend.permission_profile.document, backend.volumes)


def with_volumes(profile: Object, volumes: Sequence[Volume]) -> Object:
    """Return a profile with the spec's volumes among what may be read and written."""
    read: list[str] = []
    write: list[str] = []
    mounted: set[str] = set()
    for volume in volumes:
        if volume.mount_path not in mounted:
            mounted.add(volume.mount_path)
            (read if volume.read_only else write).append(f"{volume.host_path}:{volume.mount_path}")
    added: Object = {}
    for key, paths in (("read", read), ("write", write)):
        if paths or profile.get(key):
            added[key] = [*(profile.get(key) or []), *paths]
    rest = {key: value for key, value in profile.items() if key not in ("name", "read", "write")}
    return {**({"name": profile["name"]} if "name" in profile else {}), **added, **rest}
