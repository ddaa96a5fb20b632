"""What taking over changes, and what going back changes: pure functions from what is there to single writes.

Each change is one write of one object, and is worked out from that object alone. So a run that was interrupted needs
no record: the next one finds what is left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self, TypeAlias

from hooks.controllers import CONTROLLERS
from hooks.controllers.claims import CLAIM_LABELS, referenced
from hooks.controllers.external_auth import EXTERNAL_AUTH
from hooks.controllers.kinds import (
    CONFIG_MAP,
    MCP_EXTERNAL_AUTH_CONFIG,
    MCP_SERVER,
    MCP_TOOL_CONFIG,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
)
from hooks.controllers.mcpserver import children, names
from hooks.controllers.tool_config import TOOL_CONFIG
from hooks.migrate.reference import desired
from hooks.protocol import CONTROLLER_UID, LAST_APPLIED, Kind, Object, Objects, SyncRequest, raw_spec
from hooks.render.cluster import controller_uid
from hooks.render.composite import finalizer
from hooks.render.merge import to_json

PARENTS = (MCP_SERVER, MCP_EXTERNAL_AUTH_CONFIG, MCP_TOOL_CONFIG)
MAX_ANNOTATIONS = 256 * 1024
"""What the API server takes for all annotations of an object, names and texts."""

OLD_FINALIZERS = {
    MCP_SERVER: "mcpserver.toolhive.stacklok.dev/finalizer",
    MCP_EXTERNAL_AUTH_CONFIG: "mcpexternalauthconfig.toolhive.stacklok.dev/finalizer",
    MCP_TOOL_CONFIG: "toolhive.stacklok.dev/toolconfig-finalizer",
}
NEW_FINALIZERS = {controller.parent: finalizer(controller) for controller in CONTROLLERS}

World: TypeAlias = Mapping[Kind, list[Object]]
"""The parents, and the objects of all kinds of children, of one namespace."""
Patch: TypeAlias = Callable[[Object], Object | None]
"""A merge patch for an object as it is; None where there is nothing to do, or no more."""


@dataclass(frozen=True, slots=True)
class Change:
    """One write."""

    kind: Kind
    obj: Object
    """The object, as it was read."""
    patch: Patch
    text: str
    """What it does, for people."""

    @property
    def title(self) -> str:
        """What people call the object."""
        return f"{self.kind.kind}/{self.obj['metadata']['name']}"


@dataclass(slots=True)
class Plan:
    """The changes, in their order, and what a person should know."""

    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What nothing needs to be done about."""
    left: list[str] = field(default_factory=list)
    """What can't be changed now, with the remedy."""

    def __iadd__(self, other: Plan) -> Self:
        self.changes += other.changes
        self.notes += other.notes
        self.left += other.left
        return self

    def add(self, kind: Kind, obj: Object, patch: Patch, text: str) -> None:
        """Add a change, unless there is nothing to do."""
        if patch(obj) is not None:
            self.changes.append(Change(kind, obj, patch, text))


def take_over(world: World) -> Plan:
    """What makes the old operator's objects Metacontroller's: labels and records on children, then the finalizers.

    The finalizers are replaced in one write, so that no object is without protection at any moment.
    """
    plan = Plan()
    for server in world[MCP_SERVER]:
        _take_children(plan, world, server)
        _exchange_finalizer(plan, MCP_SERVER, server, OLD_FINALIZERS, NEW_FINALIZERS)
    _exchange_config_finalizers(plan, world, OLD_FINALIZERS, NEW_FINALIZERS)
    return plan


def give_back(world: World) -> Plan:
    """What makes them the old operator's again."""
    plan = Plan()
    for server in world[MCP_SERVER]:
        for kind in children.KINDS:
            for child in world[kind]:
                if _labels(child).get(CONTROLLER_UID) == server["metadata"]["uid"]:
                    patch = partial(_given_back, server)
                    plan.add(kind, child, patch, "take away what Metacontroller and these hooks noted on it")
        _exchange_finalizer(plan, MCP_SERVER, server, NEW_FINALIZERS, OLD_FINALIZERS)
    _exchange_config_finalizers(plan, world, NEW_FINALIZERS, OLD_FINALIZERS)
    return plan


def merge_patch(value: Any, patch: Any) -> Any:
    """A value with a JSON merge patch applied to it (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(value) if isinstance(value, dict) else {}
    for key, inner in patch.items():
        if inner is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), inner)
    return merged


# -- children


def _take_children(plan: Plan, world: World, server: Object) -> None:
    name, uid = server["metadata"]["name"], server["metadata"]["uid"]
    for kind in children.KINDS:
        for child in world[kind]:
            if controller_uid(child) == uid:
                _take_child(plan, kind, child, server)
    made = _find(world, STATEFUL_SET, names.deployment(name))
    if made and _is_the_runners(made, name):
        plan.add(STATEFUL_SET, made, partial(_adopted, server), f"label {CONTROLLER_UID}, owner MCPServer/{name}")
    for service_name in names.runner_services(name):
        service = _find(world, SERVICE, service_name)
        if service and made and _is_the_runners(service, name):
            text = f"owner StatefulSet/{name}, as proxy runner 0.44.0 has it"
            plan.add(SERVICE, service, partial(_owned_by, STATEFUL_SET, made), text)
    taken = {(change.kind, change.obj["metadata"]["name"]) for change in plan.changes}
    for kind, child_name in children.child_names(_request(server)):
        found = _find(world, kind, child_name)
        if found and controller_uid(found) != uid and (kind, child_name) not in taken:
            plan.notes.append(_not_its_own(kind, found, server))


def _take_child(plan: Plan, kind: Kind, child: Object, server: Object) -> None:
    old = _labels(child).get(CONTROLLER_UID, server["metadata"]["uid"])
    text = f"label {CONTROLLER_UID}" + (f" (it was {old})" if old != server["metadata"]["uid"] else "")
    record = _record(child, server)
    if record is not None and not _has_room(child, record):
        who = f"{kind.kind} {_where(child)}"
        plan.notes.append(
            f"{who} has no room for the record of what the old operator asked for (annotations hold 256 KiB): "
            "what it put there and the hooks don't want will stay"
        )
    elif record is not None:
        text += ", and the record of what the old operator asked for"
    plan.add(kind, child, partial(_taken, server), text)
    if (kind, child["metadata"]["name"]) == (CONFIG_MAP, names.authz_inline(server["metadata"]["name"])):
        authz = raw_spec(server).get("authzConfig")
        if not isinstance(authz, dict) or not authz.get("inline"):
            plan.notes.append(
                f"ConfigMap {_where(child)} will be deleted once Metacontroller runs: its server has no "
                "spec.authzConfig.inline any more. The old operator never deleted it"
            )


def _taken(server: Object, child: Object) -> Object | None:
    """The label by which Metacontroller keeps a child, and what it takes for its own last wish."""
    uid = server["metadata"]["uid"]
    if controller_uid(child) != uid or _is_deleting(child):
        return None
    metadata: Object = {} if _labels(child).get(CONTROLLER_UID) == uid else {"labels": {CONTROLLER_UID: uid}}
    record = _record(child, server)
    if record is not None and _has_room(child, record):
        metadata["annotations"] = {LAST_APPLIED: record}
    return {"metadata": metadata} if metadata else None


def _record(child: Object, server: Object) -> str | None:
    """The last-applied annotation to write; None where there is one, or the old operator never made such a child."""
    if LAST_APPLIED in _annotations(child):
        return None
    wanted = desired(child, server)
    return None if wanted is None else to_json(wanted)


def _has_room(child: Object, record: str) -> bool:
    texts = {**_annotations(child), LAST_APPLIED: record}
    return sum(len(key.encode()) + len(text.encode()) for key, text in texts.items()) <= MAX_ANNOTATIONS


def _adopted(server: Object, made: Object) -> Object | None:
    """The StatefulSet of an older proxy runner, which made it without an owner: as Metacontroller would adopt it.

    Not left to Metacontroller, since that adopts nothing for a server that is being deleted.
    """
    owned = _owned_by(MCP_SERVER, server, made)
    return owned and merge_patch(owned, {"metadata": {"labels": {CONTROLLER_UID: server["metadata"]["uid"]}}})


def _owned_by(kind: Kind, owner: Object, obj: Object) -> Object | None:
    """The owner as the object's controller, unless it has one."""
    if controller_uid(obj) is not None or _is_deleting(obj):
        return None
    metadata = owner["metadata"]
    reference = {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    others = [one for one in obj["metadata"].get("ownerReferences") or [] if one.get("uid") != metadata["uid"]]
    return {"metadata": {"ownerReferences": [*others, reference]}}


def _given_back(server: Object, child: Object) -> Object | None:
    if _labels(child).get(CONTROLLER_UID) != server["metadata"]["uid"]:
        return None
    gone = {CONTROLLER_UID, *(CLAIM_LABELS.values() if child["kind"] == SERVICE_ACCOUNT.kind else ())}
    labels = dict.fromkeys(gone & _labels(child).keys())
    annotations = dict.fromkeys({LAST_APPLIED, names.MANAGED_BY} & _annotations(child).keys())
    return {"metadata": {"labels": labels, **({"annotations": annotations} if annotations else {})}}


def _is_the_runners(obj: Object, server: str) -> bool:
    """Whether a proxy runner made this for a server of this name: by the labels that it gives to all that it makes."""
    return {"toolhive": "true", "toolhive-name": server}.items() <= _labels(obj).items()


def _not_its_own(kind: Kind, found: Object, server: Object) -> str:
    owner = next((one for one in found["metadata"].get("ownerReferences") or [] if one.get("controller")), None)
    metadata = server["metadata"]
    text = f"{kind.kind} {_where(found)} isn't MCPServer {metadata['name']}'s, though it has the name that one needs"
    if owner:
        return f"{text}: it is {owner['kind']}/{owner['name']}'s, and left alone"
    command = f"kubectl label {kind.resource} {found['metadata']['name']}"
    label = f"{CONTROLLER_UID}={metadata['uid']}"
    return f"{text}: nobody controls it. Give it to that server, if it is: {command} -n {metadata['namespace']} {label}"


# -- finalizers


def _exchange_config_finalizers(plan: Plan, world: World, old: Mapping[Kind, str], new: Mapping[Kind, str]) -> None:
    for shared in (EXTERNAL_AUTH, TOOL_CONFIG):
        for config in world[shared.kind]:
            users = [
                server["metadata"]["name"]
                for server in world[MCP_SERVER]
                if referenced(server, shared.server_field) == config["metadata"]["name"]
            ]
            _exchange_finalizer(plan, shared.kind, config, old, new, users)


def _exchange_finalizer(  # noqa: PLR0917  # both tables, by direction
    plan: Plan,
    kind: Kind,
    parent: Object,
    old: Mapping[Kind, str],
    new: Mapping[Kind, str],
    users: Iterable[str] = (),
) -> None:
    """Replace a parent's finalizer.

    The API server takes no new finalizer for an object that is being deleted. So there the old one goes: the deletion
    that was asked for goes on. A config that is in use keeps it: its servers would lose it.
    """
    if old[kind] not in _finalizers(parent):
        return
    who = f"{kind.kind} {_where(parent)}"
    if _is_deleting(parent) and users:
        plan.left.append(
            f"{who} is being deleted while MCPServers use it ({', '.join(users)}): it keeps its finalizer "
            f"{old[kind]}. Remove their references, or the servers, and run this again"
        )
        return
    text = f"finalizer {old[kind]} -> {new[kind]}"
    if _is_deleting(parent):
        text = f"no finalizer {old[kind]}: it is being deleted, and will go" + (
            ", with its children" if kind == MCP_SERVER else ""
        )
    plan.add(kind, parent, partial(_exchanged, old[kind], new[kind]), text)


def _exchanged(old: str, new: str, parent: Object) -> Object | None:
    if old not in _finalizers(parent):
        return None
    others = [name for name in _finalizers(parent) if name not in (old, new)]
    return {"metadata": {"finalizers": others if _is_deleting(parent) else [*others, new]}}


# -- reading objects


def _find(world: World, kind: Kind, name: str) -> Object | None:
    return next((obj for obj in world[kind] if obj["metadata"]["name"] == name), None)


def _request(server: Object) -> SyncRequest:
    """A request about nothing but a server's name, for the names of its children."""
    none = Objects({}, server["metadata"]["namespace"])
    return SyncRequest(server, none, none, finalizing=False, child_resources=frozenset())


def _where(obj: Object) -> str:
    return f"{obj['metadata']['namespace']}/{obj['metadata']['name']}"


def _labels(obj: Object) -> dict[str, str]:
    return obj["metadata"].get("labels") or {}


def _annotations(obj: Object) -> dict[str, str]:
    return obj["metadata"].get("annotations") or {}


def _finalizers(obj: Object) -> list[str]:
    return obj["metadata"].get("finalizers") or []


def _is_deleting(obj: Object) -> bool:
    return "deletionTimestamp" in obj["metadata"]
