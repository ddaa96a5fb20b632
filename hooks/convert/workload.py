"""The spec of an MCPServer or MCPRemoteProxy in its current fields.

Which release had which field is in tests/releases/fields.json, from the CRDs of ToolHive 0.3 to 0.44.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hooks.api.meta import OLDER_API_VERSION
from hooks.api.older_fields import REFERENCES, RENAMED
from hooks.api.workload import DEFAULT_PORT
from hooks.convert.edits import Placement
from hooks.convert.oidc import FindConfigMap, converted_oidc
from hooks.convert.parts import NotConvertible, Wanted
from hooks.convert.telemetry import converted_telemetry
from hooks.kubernetes.objects import Object

PLACEMENT = Placement(
    instead={new: old for old, new in (RENAMED | REFERENCES).items()},
    after={"proxyMode": ("transport", "image")},
)
SINCE_0_6 = (
    "endpointPrefix",
    "sessionAffinity",
    "replicas",
    "backendReplicas",
    "sessionStorage",
    "oidcConfigRef",
    "telemetryConfigRef",
    "rateLimiting",
    "authServerRef",
    "webhookConfigRef",
    "authzConfigRef",
)
"""Fields of an MCPServer that came with or after release 0.6.0, in which proxyMode's default became streamable-http."""


@dataclass
class ConvertedSpec:
    """A spec in its current fields; references to configs have no name yet."""

    spec: Object
    wanted: list[Wanted] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def converted_workload(obj: Object, find_config_map: FindConfigMap) -> ConvertedSpec:
    """Return the spec of an MCPServer or MCPRemoteProxy in its current fields.

    Raises:
        NotConvertible: a field has no counterpart among them.
    """
    old: Object = {key: value for key, value in obj["spec"].items() if value is not None}
    new = ConvertedSpec({key: value for key, value in obj["spec"].items() if key not in RENAMED | REFERENCES})
    name = obj["metadata"]["name"]
    for before, now in RENAMED.items():
        if before in old:
            _rename(new, old, before, now)
    _group(new, old)
    _authorization(new, old)
    if obj["kind"] == "MCPServer":
        _proxy_mode(new, old, obj["apiVersion"])
    _incoming_auth(new, old, name, find_config_map)
    _telemetry(new, old, name)
    _tools(new, old, name)
    return new


def _rename(new: ConvertedSpec, old: Object, before: str, now: str) -> None:
    """Say a field by its current name; which of two ports counts is as the hooks have it for both generations.

    A current port of 8080 beside another old one is the default of 0.44's CRD, and not the author's.
    """
    both = now in old and old[now] != old[before]
    by_default = both and before != "remoteURL" and old[now] == DEFAULT_PORT
    new.spec[now] = old[now] if now in old and not by_default else old[before]
    if both:
        new.notes.append(f"{before} and {now} differ: {before if by_default else now} is the one that counts")


def _group(new: ConvertedSpec, old: Object) -> None:
    """Until release 0.19 groupRef was the group's name."""
    if isinstance(old.get("groupRef"), str):
        new.spec["groupRef"] = {"name": old["groupRef"]}


def _authorization(new: ConvertedSpec, old: Object) -> None:
    """Leave out the settings of the type that isn't chosen: no release used them, and current ones refuse them."""
    authz = old.get("authzConfig")
    if not isinstance(authz, dict):
        return
    chosen = authz.get("type") or "configMap"
    for other in ("configMap", "inline"):
        if other != chosen and other in authz and chosen in authz:
            new.spec["authzConfig"] = {key: value for key, value in authz.items() if key != other}
            new.notes.append(f"authzConfig.{other} is left out: type {chosen} never used it")


def _proxy_mode(new: ConvertedSpec, old: Object, api_version: str) -> None:
    """Write proxyMode out where the spec leaves it to a default that v1beta1 doesn't share."""
    if "proxyMode" in old or api_version != OLDER_API_VERSION or old.get("transport", "stdio") != "stdio":
        return
    sign = next(
        (field for field in SINCE_0_6 if field in old), "groupRef.name" if isinstance(old.get("groupRef"), dict) else ""
    )
    if sign:
        note = f"left to its default, streamable-http, since {sign} came after ToolHive 0.6, which had that "
        note += "default; unconverted these hooks would take sse"
    else:
        new.spec["proxyMode"] = "sse"
        note = (
            "written out as sse, v1alpha1's default here; ToolHive 0.6 to 0.44 had streamable-http: change it for those"
        )
    new.notes.append(f"proxyMode is {note}")


def _incoming_auth(new: ConvertedSpec, old: Object, server: str, find_config_map: FindConfigMap) -> None:
    if "oidcConfig" in old:
        _refuse_both(old, "oidcConfig", "oidcConfigRef")
        wanted, notes = converted_oidc(old["oidcConfig"], server, find_config_map)
        new.wanted.append(wanted)
        new.notes += notes


def _telemetry(new: ConvertedSpec, old: Object, server: str) -> None:
    if "telemetry" in old:
        _refuse_both(old, "telemetry", "telemetryConfigRef")
        wanted, notes = converted_telemetry(old["telemetry"], server)
        new.wanted.append(wanted)
        new.notes += notes


def _refuse_both(old: Object, before: str, now: str) -> None:
    if now in old:
        raise NotConvertible(f"spec has both {before} and {now}: take the one out that isn't meant")


def _tools(new: ConvertedSpec, old: Object, server: str) -> None:
    tools: Any = old.get("tools")
    if not tools:
        return
    if "toolConfigRef" in old:
        new.notes.append("tools is left out: toolConfigRef won over it")
        return
    if not isinstance(tools, list) or not all(isinstance(tool, str) for tool in tools):
        raise NotConvertible("spec.tools is no list of names")
    once = list(dict.fromkeys(tools))
    if len(once) < len(tools):
        new.notes.append("tools names a tool twice, the MCPToolConfig once")
    name = f"{server}-tools"
    new.wanted.append(Wanted("toolConfigRef", "MCPToolConfig", name, name, {"toolsFilter": once}))
