"""What belongs to an MCPServer, and by what its controller knows it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hooks.api.kinds import MCP_SERVER
from hooks.go_json import to_json
from hooks.kubernetes.kinds import CONFIG_MAP, ROLE, SERVICE, SERVICE_ACCOUNT, STATEFUL_SET, Kind
from hooks.kubernetes.objects import (
    Object,
    annotations_of,
    controller_of,
    controller_reference,
    is_deleting,
    labels_of,
    raw_spec,
)
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.migrate.operator_record import is_the_operators, reconstruct_last_applied
from hooks.migrate.plan import Plan, merge_patch
from hooks.proxy import children
from hooks.proxy.names import MANAGED_BY, Names
from hooks.references.table import REFERENCES
from hooks.simulator.cluster import Cluster, controller_uid
from hooks.text import where

MAX_ANNOTATIONS = 256 * 1024
"""What the API server takes for all annotations of an object, names and texts."""


def take(plan: Plan, cluster: Cluster, server: Object) -> bool:
    """Make Metacontroller know a server's children, and its proxy runner's objects go with it.

    Returns:
        False where nobody controls something under a child's name, and nothing tells whose it is.
    """
    is_told = True
    name, uid = server["metadata"]["name"], server["metadata"]["uid"]
    namespace = server["metadata"]["namespace"]
    for kind in children.KINDS:
        for child in cluster.owned(uid, kind, namespace):
            _take_child(plan, kind, child, server)
    for kind, child in _wanted(cluster, server):
        if controller_uid(child) is None and _was_its_own(cluster, kind, child, server):
            _take_child(plan, kind, child, server)
        elif controller_uid(child) != uid:
            plan.left.append(_not_its_own(kind, child, server))
            is_told &= controller_uid(child) is not None
    made = cluster.get((STATEFUL_SET.key, namespace, Names(MCP_SERVER.kind, name).stateful_set))
    for service_name in Names(MCP_SERVER.kind, name).runner_services:
        service = cluster.get((SERVICE.key, namespace, service_name))
        if made and service and _is_the_runners(made, name) and _is_the_runners(service, name):
            text = f"owner StatefulSet/{name}, as proxy runner 0.44.0 has it"
            plan.add(SERVICE, service, partial(_owned_by, made), text)
    return is_told


def give_back(plan: Plan, cluster: Cluster, server: Object) -> None:
    """Take away what Metacontroller and the hooks noted on a server's children."""
    text = "take away what Metacontroller and the hooks noted on it"
    for kind in children.KINDS:
        for child in cluster.touching(server["metadata"]["uid"], kind, server["metadata"]["namespace"]):
            plan.add(kind, child, partial(_given_back, server), text)


def _wanted(cluster: Cluster, server: Object) -> Iterator[tuple[Kind, Object]]:
    """What exists under the names that a server's children have.

    Where the spec names the server's account, the operator made none: what nobody controls there is the user's.
    """
    name, namespace = server["metadata"]["name"], server["metadata"]["namespace"]
    users = Names(MCP_SERVER.kind, name).server_account if raw_spec(server).get("serviceAccount") is not None else None
    for kind, child in children.child_names(Names(MCP_SERVER.kind, name)):
        found = cluster.get((kind.key, namespace, child))
        if found and not (kind == SERVICE_ACCOUNT and child == users and controller_uid(found) is None):
            yield kind, found


def _was_its_own(cluster: Cluster, kind: Kind, child: Object, server: Object) -> bool:
    """Whether an object that nobody controls, under the name of a server's child, was made for that server.

    Somebody may say so by Metacontroller's label. An older proxy runner gave its StatefulSet no owner. And
    Metacontroller lets go of children that have no label, where it ran too early. An account holds nothing that tells
    its maker; the operator made it along with the Role.
    """
    name = server["metadata"]["name"]
    if labels_of(child).get(CONTROLLER_UID) == server["metadata"]["uid"]:
        return True
    if kind == STATEFUL_SET:
        return _is_the_runners(child, name)
    role = (ROLE.key, child["metadata"]["namespace"], Names(MCP_SERVER.kind, name).account)
    evidence = cluster.get(role) if kind == SERVICE_ACCOUNT else child
    return evidence is not None and is_the_operators(evidence)


def _is_the_runners(obj: Object, server: str) -> bool:
    """Whether a proxy runner made this for a server of this name: by the labels that it gives to all that it makes."""
    return {"toolhive": "true", "toolhive-name": server}.items() <= labels_of(obj).items()


def _take_child(plan: Plan, kind: Kind, child: Object, server: Object) -> None:
    name, uid = server["metadata"]["name"], server["metadata"]["uid"]
    old, record = labels_of(child).get(CONTROLLER_UID, uid), _record(child, server)
    does = [f"label {CONTROLLER_UID}" + (f" (it was {old})" if old != uid else "")]
    if controller_uid(child) is None:
        does.append(f"owner MCPServer/{name}")
    if record is not None and _has_room(child, record):
        does.append("record of what the old operator asked for")
    elif record is not None:
        plan.notes.append(
            f"{kind.kind} {where(child)} has no room for the record of what the old operator asked for (annotations "
            "hold 256 KiB): what it put there and the hooks don't want will stay"
        )
    plan.add(kind, child, partial(_taken, server), ", ".join(does))
    authz = raw_spec(server).get("authzConfig")
    if (kind, child["metadata"]["name"]) == (CONFIG_MAP, Names(MCP_SERVER.kind, name).authz_inline) and not (
        isinstance(authz, dict) and authz.get("inline")
    ):
        plan.notes.append(
            f"ConfigMap {where(child)} will be deleted once Metacontroller runs: its server has no "
            "spec.authzConfig.inline any more, and the old operator never deleted it"
        )


def _taken(server: Object, child: Object) -> Object | None:
    """The label by which Metacontroller keeps a child, the owner, and what Metacontroller takes for its own last wish.

    The owner is not left to Metacontroller, since that adopts nothing for a server that is being deleted.
    """
    uid = server["metadata"]["uid"]
    if controller_uid(child) not in (None, uid) or is_deleting(child):
        return None
    patch = _owned_by(server, child) or {}
    if labels_of(child).get(CONTROLLER_UID) != uid:
        patch = merge_patch(patch, {"metadata": {"labels": {CONTROLLER_UID: uid}}})
    record = _record(child, server)
    if record is not None and _has_room(child, record):
        patch = merge_patch(patch, {"metadata": {"annotations": {LAST_APPLIED: record}}})
    return patch or None


def _record(child: Object, server: Object) -> str | None:
    """The last-applied annotation to write; None where there is one, or the old operator never made such a child."""
    if LAST_APPLIED in annotations_of(child):
        return None
    wanted = reconstruct_last_applied(child, server)
    return None if wanted is None else to_json(wanted)


def _has_room(child: Object, record: str) -> bool:
    texts = {**annotations_of(child), LAST_APPLIED: record}
    return sum(len(key.encode()) + len(text.encode()) for key, text in texts.items()) <= MAX_ANNOTATIONS


def _owned_by(owner: Object, obj: Object) -> Object | None:
    """The owner as the object's controller, unless it has one."""
    if controller_uid(obj) is not None or is_deleting(obj):
        return None
    reference = controller_reference(owner)
    others = [one for one in obj["metadata"].get("ownerReferences") or [] if one.get("uid") != reference["uid"]]
    return {"metadata": {"ownerReferences": [*others, reference]}}


def _given_back(server: Object, child: Object) -> Object | None:
    """Whatever is there of the label, the record, and what the hooks added to the old operator's metadata."""
    if labels_of(child).get(CONTROLLER_UID, server["metadata"]["uid"]) != server["metadata"]["uid"]:
        return None
    claims = [reference.claim for reference in REFERENCES] if child["kind"] == SERVICE_ACCOUNT.kind else ()
    gone = {
        "labels": {CONTROLLER_UID, *claims} & labels_of(child).keys(),
        "annotations": {LAST_APPLIED, MANAGED_BY} & annotations_of(child).keys(),
    }
    metadata = {group: dict.fromkeys(sorted(keys)) for group, keys in gone.items() if keys}
    return {"metadata": metadata} if metadata else None


def _not_its_own(kind: Kind, found: Object, server: Object) -> str:
    owner = controller_of(found)
    metadata = server["metadata"]
    text = f"{kind.kind} {where(found)} has the name of a child of MCPServer {metadata['name']}, and"
    if owner:
        return f"{text} is {owner['kind']}/{owner['name']}'s"
    command = f"kubectl label {kind.resource} {found['metadata']['name']} -n {metadata['namespace']}"
    return f"{text} nobody controls it. If it belongs to that server: {command} {CONTROLLER_UID}={metadata['uid']}"
