"""MCPGroup: which workloads belong together.

A group has no children, and may be deleted while it has members, whose conditions say so. A group's status is for
people; members read its phase alone.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import ValidationError

from hooks.api.errors import spec_errors
from hooks.api.kinds import MCP_GROUP
from hooks.api.mcpgroup import MCPGroupSpec
from hooks.controllers.configs.users import Users, members_of, rules_for_members
from hooks.controllers.pruned import pruned
from hooks.installation import Installation
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.objects import Object
from hooks.metacontroller.controller import Controller
from hooks.metacontroller.requests import CustomizeRequest, SyncRequest
from hooks.metacontroller.responses import RESYNC_SECONDS, RelatedRule, SyncResponse
from hooks.references.table import references_to

REFERENCES = references_to(MCP_GROUP)


def customize(request: CustomizeRequest, _installation: Installation) -> list[RelatedRule]:
    """Return what a group's sync looks at: the claims of its members."""
    return rules_for_members(request.parent, REFERENCES)


def sync(request: SyncRequest, _installation: Installation, now: datetime) -> SyncResponse:
    """Return the status of a group."""
    members = members_of(request, REFERENCES)
    ready = _ready(request.parent, members.note)
    is_ready = ready.status == "True"
    checked = conditions.true(
        "MCPServersChecked", "ListMCPServersCheckSucceeded", "Members are found by the claims of their ServiceAccounts"
    )
    return SyncResponse(
        {
            "observedGeneration": request.generation,
            "phase": "Ready" if is_ready else "Failed",
            **_members(members),
            "conditions": conditions.stamp([ready, checked], request.parent, now),
        },
        resync_after_seconds=0 if is_ready else RESYNC_SECONDS,
    )


def finalize(request: SyncRequest, installation: Installation, now: datetime) -> SyncResponse:
    """Let a group go at once."""
    return SyncResponse(sync(request, installation, now).status, finalized=True)


def _ready(parent: Object, note: str) -> Condition:
    """A group is validated for its author alone: a fault in it stops no member."""
    try:
        MCPGroupSpec.parse(parent.get("spec"))
    except ValidationError as error:
        return conditions.false("Ready", "SpecInvalid", f"{'; '.join(spec_errors(error, MCPGroupSpec))}{note}")
    if dropped := pruned(parent, MCPGroupSpec):
        return conditions.false("Ready", "FieldPruned", f"{dropped}{note}")
    return conditions.true("Ready", "Ready", f"MCPGroup can be used{note}")


def _members(members: Users) -> Object:
    """The names and their number by kind, where the status has room for them; nothing of a kind without any."""
    found: Object = {}
    for kind, names, count in (
        ("MCPServer", "servers", "serverCount"),
        ("MCPRemoteProxy", "remoteProxies", "remoteProxyCount"),
    ):
        of_kind = members.of_kind(kind)
        found |= {names: of_kind, count: len(of_kind)} if of_kind else {}
    return found


CONTROLLER = Controller(
    parent=MCP_GROUP,
    child_kinds=(),
    customize=customize,
    sync=sync,
    finalize=finalize,
    child_names=lambda _name: (),
)
