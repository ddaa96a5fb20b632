"""The protections from callers that a spec asks for, and the guard for when the cluster's CRD hides such a field.

ToolHive 0.44 has CRDs of the same names without the fields of October 2025. Put over ours, they take oidcConfig and
tools out of each spec that is read, at the same generation; the next write of a status takes them out of the store
(both seen on a real control plane). A server must not be opened by that.

The object's managedFields still name such a field after any later write: the API server takes a name out of
there when a write removes the field, and for a CRD that hides it there is nothing to remove (tried with kubectl, with
server-side apply and with updates as Helm makes them). So a field that is named there and not in spec was hidden.
"""

from __future__ import annotations

from typing import NamedTuple

from hooks.api.kinds import MCP_SERVER
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import CONFIG_MAP
from hooks.kubernetes.objects import Object, is_observed, raw_spec, spec_fields_written
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
    """Refuse to go on where the spec lost a protection that no author took out.

    Raises:
        BrokenRule: the proxy has a protection that the spec doesn't ask for any more, although its managedFields name
            the field, or the generation is the same; or they name it, and there is no RunConfig. Nothing is written
            then, and Metacontroller tries again.
    """
    hidden = _hidden(request.parent)
    lost = list(dict.fromkeys([*hidden, *_lost_at_rest(request)]))
    if not lost:
        return
    run = read_run_config(request.children.get(CONFIG_MAP, names_of(request).run_config))
    # Without a RunConfig, as where it was deleted or the hooks come later, the proxy made now would be the open one.
    lost = [what for what in lost if run.get(_PROTECTIONS[what].key) or (what in hidden and not run)]
    if lost:
        had = "the proxy has" if run else "the server was written with"
        fields = " and ".join(f"spec.{hidden.get(what, _PROTECTIONS[what].fields[0])}" for what in lost)
        raise BrokenRule(
            f"{had} {', '.join(lost)}, and the spec lost {fields} though no author removed it. "
            f"The CRD {MCP_SERVER.resource}.{MCP_SERVER.group} was replaced by one that hides fields: apply that of "
            "toolhive-hooks again, then the manifest"
        )


def _hidden(parent: Object) -> dict[str, str]:
    """Return the protections that a spec doesn't ask for, each with its field that managedFields still name."""
    spec, written = raw_spec(parent), {key for fields in spec_fields_written(parent) for key in fields}
    return {
        what: field
        for what, each in _PROTECTIONS.items()
        for field in each.fields
        if f"f:{field}" in written and not any(other in spec for other in each.fields)
    }


def _lost_at_rest(request: SyncRequest) -> list[str]:
    """Return the protections that a spec doesn't ask for, where its generation is that of the last status.

    This is for objects whose managedFields don't name all that was written: a restore or an author may take some away.
    """
    if not is_observed(request.parent):
        return []
    asked = _asked(raw_spec(request.parent))
    lost = [what for what in _PROTECTIONS if what not in asked]
    # An edit that takes a protection away may wait for something else: then the proxy keeps it, and the status says so.
    noted = conditions.find(request.parent, CONDITION) or {}
    if noted.get("observedGeneration") == request.generation:
        lost = [what for what in lost if noted.get("status") == "True" and what in str(noted.get("message"))]
    return lost


def _asked(spec: Object) -> list[str]:
    return [what for what, each in _PROTECTIONS.items() if any(spec.get(field) for field in each.fields)]
