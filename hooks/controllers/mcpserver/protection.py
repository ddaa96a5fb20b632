"""What a spec asks for against callers, and the guard for when the cluster's CRD hides it.

ToolHive 0.44 has CRDs of the same names without the fields of October 2025. Put over ours, they take oidcConfig and
tools out of each spec that is read, at the same generation; the next write of a status takes them out of the store
(both seen on a real control plane). A server must not be opened by that.
"""

from __future__ import annotations

from typing import NamedTuple

from hooks.api.kinds import MCP_SERVER
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import CONFIG_MAP
from hooks.kubernetes.objects import Object, raw_spec
from hooks.metacontroller.requests import BrokenRule, SyncRequest
from hooks.proxy.config_maps import read_run_config
from hooks.proxy.names import names_of

CONDITION = "AccessRestricted"


class _Protection(NamedTuple):
    """Fields of the spec that ask for a protection, that of October 2025 first, and the RunConfig's key for it."""

    fields: tuple[str, str]
    key: str


_PROTECTIONS = {
    "authentication": _Protection(("oidcConfig", "oidcConfigRef"), "oidc_config"),
    "authorization": _Protection(("authzConfig", "authzConfigRef"), "authz_config"),
    "a filter of tools": _Protection(("tools", "toolConfigRef"), "tools_filter"),
}


def access_condition(request: SyncRequest) -> Condition:
    """Return what the spec asks for: the next sync of the same generation knows by it whether a field was hidden."""
    asked = _asked(raw_spec(request.parent))
    if not asked:
        message = "The spec asks for no authentication, no authorization and no filter of tools"
        return conditions.false(CONDITION, "Open", message)
    return conditions.true(CONDITION, "Restricted", f"The spec asks for {', '.join(asked)}")


def refuse_hidden_protection(request: SyncRequest) -> None:
    """Refuse to go on where the spec lost a protection without a new generation.

    Raises:
        BrokenRule: the proxy has a protection that the spec of the same generation doesn't ask for any more. Nothing is
            written then, and Metacontroller tries again.
    """
    if _observed_generation(request.parent) != request.generation:
        return
    asked = _asked(raw_spec(request.parent))
    lost = [what for what in _PROTECTIONS if what not in asked]
    # An edit that takes a protection away may wait for something else: then the proxy keeps it, and the status says so.
    noted = conditions.find(request.parent, CONDITION) or {}
    if noted.get("observedGeneration") == request.generation:
        lost = [what for what in lost if noted.get("status") == "True" and what in str(noted.get("message"))]
    if not lost:
        return
    run = read_run_config(request.children.get(CONFIG_MAP, names_of(request).run_config))
    lost = [what for what in lost if run.get(_PROTECTIONS[what].key)]
    if lost:
        fields = " and ".join(f"spec.{_PROTECTIONS[what].fields[0]}" for what in lost)
        raise BrokenRule(
            f"the proxy has {', '.join(lost)}, which the spec of the same generation doesn't ask for. "
            f"The CRD {MCP_SERVER.resource}.{MCP_SERVER.group} was replaced by one that hides {fields}: apply that of "
            "toolhive-hooks again"
        )


def _asked(spec: Object) -> list[str]:
    return [what for what, each in _PROTECTIONS.items() if any(spec.get(field) for field in each.fields)]


def _observed_generation(parent: Object) -> object:
    status = parent.get("status")
    return status.get("observedGeneration") if isinstance(status, dict) else None
