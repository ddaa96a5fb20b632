"""MCPGroup: which workloads belong together.

A group has no children, and nothing protects it: its members see by themselves when it goes. What a group's status says
is for people; members go by its phase alone.
"""

from __future__ import annotations

from datetime import datetime

from hooks.api.kinds import MCP_GROUP
from hooks.controllers.configs.users import Users, members_of, rules_for_members
from hooks.installation import Installation
from hooks.kubernetes import conditions
from hooks.kubernetes.objects import Object
from hooks.metacontroller.controller import Controller
from hooks.metacontroller.requests import CustomizeRequest, SyncRequest
from hooks.metacontroller.responses import RelatedRule, SyncResponse
from hooks.references.table import references_to

REFERENCES = references_to(MCP_GROUP)


def customize(request: CustomizeRequest, _installation: Installation) -> list[RelatedRule]:
    """Return what a group's sync looks at: the claims of its members."""
    return rules_for_members(request.parent, REFERENCES)


def sync(request: SyncRequest, _installation: Installation, now: datetime) -> SyncResponse:
    """Return the status of a group."""
    members = members_of(request, REFERENCES)
    ready = conditions.true("Ready", "Ready", f"MCPGroup can be used{members.note}")
    checked = conditions.true(
        "MCPServersChecked", "ListMCPServersCheckSucceeded", "Members are found by the claims of their ServiceAccounts"
    )
    return SyncResponse(
        {
            "observedGeneration": request.generation,
            "phase": "Ready",
            **_members(members),
            "conditions": conditions.stamp([ready, checked], request.parent, now),
        }
    )


def finalize(request: SyncRequest, installation: Installation, now: datetime) -> SyncResponse:
    """Let a group go at once."""
    return SyncResponse(sync(request, installation, now).status, finalized=True)


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
