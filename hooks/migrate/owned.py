"""What belongs to an MCPServer or MCPRemoteProxy, and by what its controller knows it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from hooks.api.kinds import WORKLOADS
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
from hooks.metacontroller.last_applied import LAST_APPLIED, last_applied
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


def take(plan: Plan, cluster: Cluster, workload: Object) -> bool:
    """Make Metacontroller know a workload's children, and its proxy runner's objects go with it.

    Returns:
        False where an object has a child's name and no controller, and nothing shows whose it is.
    """
    is_told = True
    name, uid = workload["metadata"]["name"], workload["metadata"]["uid"]
    namespace = workload["metadata"]["namespace"]
    for kind in children.KINDS:
        for child in cluster.owned(uid, kind, namespace):
            _take_child(plan, kind, child, workload)
    for kind, child in _wanted(cluster, workload):
        if controller_uid(child) is None and _was_its_own(cluster, kind, child, workload):
            _take_child(plan, kind, child, workload)
        elif controller_uid(child) != uid:
            plan.left.append(_not_its_own(kind, child, workload))
            is_told &= controller_uid(child) is not None
    made = cluster.get((STATEFUL_SET.key, namespace, _names(workload).stateful_set))
    for service_name in _names(workload).runner_services:
        service = cluster.get((SERVICE.key, namespace, service_name))
        if made and service and _is_the_runners(made, name) and _is_the_runners(service, name):
            text = f"owner StatefulSet/{name}, as proxy runner 0.44.0 has it"
            plan.add(SERVICE, service, partial(_owned_by, made), text)
    return is_told


def give_back(plan: Plan, cluster: Cluster, workload: Object) -> None:
    """Take away what Metacontroller and the hooks noted on a workload's children."""
    text = "take away what Metacontroller and the hooks noted on it"
    for kind in children.KINDS:
        for child in cluster.touching(workload["metadata"]["uid"], kind, workload["metadata"]["namespace"]):
            plan.add(kind, child, partial(_given_back, workload), text)


def _wanted(cluster: Cluster, workload: Object) -> Iterator[tuple[Kind, Object]]:
    """What exists under the names that a workload's children have.

    Where the spec names the workload's account, the operator made none: one without a controller is the user's.
    """
    names, namespace = _names(workload), workload["metadata"]["namespace"]
    users = names.server_account if raw_spec(workload).get("serviceAccount") is not None else None
    for kind, child in children.child_names(names):
        found = cluster.get((kind.key, namespace, child))
        if found and not (kind == SERVICE_ACCOUNT and child == users and controller_uid(found) is None):
            yield kind, found


def _names(workload: Object) -> Names:
    return Names(workload["kind"], workload["metadata"]["name"])


def _was_its_own(cluster: Cluster, kind: Kind, child: Object, workload: Object) -> bool:
    """Whether an object without a controller, under the name of a workload's child, was made for that workload.

    A person may say so by Metacontroller's label. A restored child has Metacontroller's note, and no owner. An older
    proxy runner gave its StatefulSet no owner. And Metacontroller lets go of children that have no label, where it ran
    too early. An account has no trace of its maker; the operator made it along with the Role.
    """
    name = workload["metadata"]["name"]
    if labels_of(child).get(CONTROLLER_UID) == workload["metadata"]["uid"] or _was_restored(cluster, child, workload):
        return True
    if kind == STATEFUL_SET:
        return _is_the_runners(child, name)
    role = (ROLE.key, child["metadata"]["namespace"], _names(workload).account)
    evidence = cluster.get(role) if kind == SERVICE_ACCOUNT else child
    return evidence is not None and is_the_operators(evidence)


def _was_restored(cluster: Cluster, child: Object, workload: Object) -> bool:
    """Whether Metacontroller wrote an object as the child of one that is gone, of this workload's kind and name.

    Velero restores a workload with another uid, and its children without their owner.
    """
    noted, named = last_applied(child), _names(workload)
    if noted is None:
        return False
    labels, namespace = labels_of(noted), workload["metadata"]["namespace"]
    living = {parent["metadata"]["uid"] for kind in WORKLOADS for parent in cluster.all(kind, namespace)}
    expected = {**named.labels, **named.run_config_labels}
    is_of_its_kind = all(labels.get(key, text) == text for key, text in expected.items())
    return is_of_its_kind and labels.get(CONTROLLER_UID) not in {None, *living} - {workload["metadata"]["uid"]}


def _is_the_runners(obj: Object, server: str) -> bool:
    """Whether a proxy runner made this for a server of this name: by the labels that it gives to all that it makes."""
    return {"toolhive": "true", "toolhive-name": server}.items() <= labels_of(obj).items()


def _take_child(plan: Plan, kind: Kind, child: Object, workload: Object) -> None:
    uid = workload["metadata"]["uid"]
    old, record = labels_of(child).get(CONTROLLER_UID, uid), _record(child, workload)
    does = [f"label {CONTROLLER_UID}" + (f" (it was {old})" if old != uid else "")]
    if controller_uid(child) is None:
        does.append(f"owner {workload['kind']}/{workload['metadata']['name']}")
    if record is not None and _has_room(child, record):
        does.append("record of the old operator's settings")
    elif record is not None:
        plan.notes.append(
            f"{kind.kind} {where(child)} has no room in its annotations (256 KiB) for the record of the old operator's "
            "settings. Settings that the hooks don't want will stay"
        )
    plan.add(kind, child, partial(_taken, workload), ", ".join(does))
    authz = raw_spec(workload).get("authzConfig")
    if (kind, child["metadata"]["name"]) == (CONFIG_MAP, _names(workload).authz_inline) and not (
        isinstance(authz, dict) and authz.get("inline")
    ):
        plan.notes.append(
            f"ConfigMap {where(child)} will be deleted once Metacontroller runs: its {_names(workload).word} has no "
            "spec.authzConfig.inline any more, and the old operator never deleted it"
        )


def _taken(workload: Object, child: Object) -> Object | None:
    """Return the patch that adds Metacontroller's label, the owner, and the last-applied record; None for none.

    The owner is not left to Metacontroller, since that adopts nothing for a workload that is being deleted.
    """
    uid = workload["metadata"]["uid"]
    if controller_uid(child) not in (None, uid) or is_deleting(child):
        return None
    patch = _owned_by(workload, child) or {}
    if labels_of(child).get(CONTROLLER_UID) != uid:
        patch = merge_patch(patch, {"metadata": {"labels": {CONTROLLER_UID: uid}}})
    record = _record(child, workload)
    if record is not None and _has_room(child, record):
        patch = merge_patch(patch, {"metadata": {"annotations": {LAST_APPLIED: record}}})
    return patch or None


def _record(child: Object, workload: Object) -> str | None:
    """The last-applied annotation to write; None where there is one, or the old operator never made such a child."""
    if LAST_APPLIED in annotations_of(child):
        return None
    wanted = reconstruct_last_applied(child, workload)
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


def _given_back(workload: Object, child: Object) -> Object | None:
    """Return the patch that removes the label, the record, and the metadata that the hooks added; None for none."""
    if labels_of(child).get(CONTROLLER_UID, workload["metadata"]["uid"]) != workload["metadata"]["uid"]:
        return None
    claims = [reference.claim for reference in REFERENCES] if child["kind"] == SERVICE_ACCOUNT.kind else ()
    gone = {
        "labels": {CONTROLLER_UID, *claims} & labels_of(child).keys(),
        "annotations": {LAST_APPLIED, MANAGED_BY} & annotations_of(child).keys(),
    }
    metadata = {group: dict.fromkeys(sorted(keys)) for group, keys in gone.items() if keys}
    return {"metadata": metadata} if metadata else None


def _not_its_own(kind: Kind, found: Object, workload: Object) -> str:
    owner = controller_of(found)
    metadata = workload["metadata"]
    text = f"{kind.kind} {where(found)} has the name of a child of {workload['kind']} {metadata['name']}, and"
    if owner:
        return f"{text} is {owner['kind']}/{owner['name']}'s"
    command = f"kubectl label {kind.resource} {found['metadata']['name']} -n {metadata['namespace']}"
    mine = f"If it belongs to that {_names(workload).word}"
    return f"{text} it has no controller. {mine}: {command} {CONTROLLER_UID}={metadata['uid']}"
