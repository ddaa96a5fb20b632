"""What an MCP server is permitted to reach: the `permission_profile` of its RunConfig."""

from __future__ import annotations

from pydantic import Field, ValidationError

from hooks.api.mcpserver import MCPServerSpec
from hooks.api.meta import Model
from hooks.controllers.mcpserver.problem import Problem
from hooks.protocol import Object
from hooks.strict_json import read_text

NETWORK: Object = {"name": "network", "network": {"outbound": {"insecure_allow_all": True}, "inbound": {}}}
NONE: Object = {"name": "none", "network": {"outbound": {}, "inbound": {}}}
BUILTIN = {"none": NONE, "stdio": NONE, "network": NETWORK}


class _Outbound(Model):
    """What may be called; the names are the runner's."""

    insecure_allow_all: bool = Field(default=False, alias="insecure_allow_all")
    allow_host: list[str] = Field(default_factory=list, alias="allow_host")
    allow_port: list[int] = Field(default_factory=list, alias="allow_port")


class _Inbound(Model):
    """Who may call."""

    allow_host: list[str] = Field(default_factory=list, alias="allow_host")


class _Network(Model):
    """The network half of a profile."""

    mode: str = ""
    outbound: _Outbound | None = None
    inbound: _Inbound | None = None


class _Profile(Model):
    """The types that the runner wants: it ends with a panic on any other."""

    name: str = ""
    read: list[str] = Field(default_factory=list)
    write: list[str] = Field(default_factory=list)
    network: _Network | None = None
    privileged: bool = False


def read_profile(text: str) -> Object | None:
    """A profile in a ConfigMap's text, or None where it is no JSON object that the runner could read."""
    profile = read_text(text)
    try:
        _Profile.parse(profile)
    except ValidationError:
        return None
    return profile if isinstance(profile, dict) else None


def unknown_builtin(spec: MCPServerSpec) -> Problem | None:
    """The reference takes such a name for a file on the operator's disk."""
    profile = spec.permission_profile
    if profile is None or profile.type != "builtin" or profile.name in BUILTIN:
        return None
    message = f"spec.permissionProfile.name: {profile.name!r} is no builtin profile: use 'none' or 'network'"
    return Problem("PermissionProfileValidated", "UnknownProfile", message)


def permission_profile(spec: MCPServerSpec, from_config_map: Object | None) -> Object:
    """The profile, with the spec's volumes among what may be read and written."""
    builtin = BUILTIN.get(spec.permission_profile.name, NETWORK) if spec.permission_profile else NETWORK
    profile = builtin if from_config_map is None else from_config_map
    read: list[str] = []
    write: list[str] = []
    mounted: set[str] = set()
    for volume in spec.volumes:
        if volume.mount_path not in mounted:
            mounted.add(volume.mount_path)
            (read if volume.read_only else write).append(f"{volume.host_path}:{volume.mount_path}")
    added: Object = {}
    for key, paths in (("read", read), ("write", write)):
        if paths or profile.get(key):
            added[key] = [*(profile.get(key) or []), *paths]
    rest = {key: value for key, value in profile.items() if key not in ("name", "read", "write")}
    return {**({"name": profile["name"]} if "name" in profile else {}), **added, **rest}


def profile_name_or_path(spec: MCPServerSpec) -> str | None:
    """The name of a builtin profile, or where the proxy's pod has the file of another."""
    profile = spec.permission_profile
    if profile is None:
        return None
    return profile.name if profile.type == "builtin" else f"/etc/toolhive/profiles/{profile.key}"
