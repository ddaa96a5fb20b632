"""Permission profiles: the builtin ones, and one that a ConfigMap holds, checked."""

from __future__ import annotations

from pydantic import ConfigDict, Field, ValidationError

from hooks.api.meta import Model
from hooks.api.workload import PermissionProfile
from hooks.kubernetes import conditions
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy.runconfig.permissions import NETWORK
from hooks.references.config_maps import find_text
from hooks.references.resolution import Resolution, failed
from hooks.strict_json import read_text

NONE: Object = {"name": "none", "network": {"outbound": {}, "inbound": {}}}
BUILTIN = {"none": NONE, "stdio": NONE, "network": NETWORK}
RESTRICTS_NOTHING = (
    "spec.permissionProfile restricts nothing in Kubernetes: a NetworkPolicy restricts what the MCP server reaches, "
    "and securityContext in spec.podTemplateSpec what it may do"
)


class _Part(Model):
    """A part of a profile; the runner passes over fields that it doesn't know."""

    model_config = ConfigDict(extra="ignore")


class _Outbound(_Part):
    """The hosts and ports that the MCP server may call, under the runner's names."""

    insecure_allow_all: bool = Field(default=False, alias="insecure_allow_all")
    allow_host: list[str] = Field(default_factory=list, alias="allow_host")
    allow_port: list[int] = Field(default_factory=list, alias="allow_port")


class _Inbound(_Part):
    """The hosts that may call the MCP server."""

    allow_host: list[str] = Field(default_factory=list, alias="allow_host")


class _Network(_Part):
    """The network half of a profile."""

    mode: str = ""
    outbound: _Outbound | None = None
    inbound: _Inbound | None = None


class _Profile(_Part):
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


def resolve_profile(request: SyncRequest, profile: PermissionProfile | None) -> Resolution[Object]:
    """Return the permission profile of a spec: a builtin one, the default, or one that a ConfigMap holds.

    The runner carries the profile out in Docker alone, never in Kubernetes, and takes a name that it doesn't know for a
    file. So the condition says what a profile is worth, and only a builtin one has a name.
    """
    condition = "PermissionProfileValidated"
    used = conditions.true(condition, "RestrictsNothing", RESTRICTS_NOTHING)
    if profile is None:
        return Resolution(NETWORK)
    if profile.type == "builtin":
        if profile.name in BUILTIN:
            return Resolution(BUILTIN[profile.name], used)
        message = f"spec.permissionProfile.name: {profile.name!r} is no builtin profile: use 'none' or 'network'"
        return failed(condition, "UnknownProfile", message)
    text = find_text(request, profile.name, profile.key, condition, "spec.permissionProfile")
    if text.value is None:
        return Resolution(condition=text.condition)
    document = read_profile(text.value)
    if document is None:
        which = f"ConfigMap {profile.name!r} key {profile.key!r} (spec.permissionProfile)"
        message = f"{which} is no permission profile: put one there, as a JSON object"
        return failed(condition, "ProfileInvalid", message)
    return Resolution(document, used, name=profile.name)
