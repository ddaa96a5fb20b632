"""What `migrate` plans for objects as the old operator left them: no cluster, pure functions."""

from __future__ import annotations

import copy

import pytest

from hooks.api.kinds import MCP_SERVER
from hooks.controllers import CONTROLLERS
from hooks.go_json import to_json
from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.migrate.directions import take_over
from hooks.migrate.finalizers import METACONTROLLERS, OPERATORS
from hooks.migrate.managed_fields import MANAGER
from hooks.migrate.plan import Plan
from hooks.proxy.names import Names
from hooks.simulator.cluster import Cluster
from hooks.simulator.run import served_kinds
from tests.reference.cases import inputs, namespace_of, reference_children

CASE = "minimal"
SERVER_UID = "uid-of-the-server"


def left_by_the_operator(**spec: object) -> dict[str, Object]:
    """A case's MCPServer and its children, by Kind/name."""
    [server] = [obj for obj in inputs(CASE) if obj["kind"] == "MCPServer"]
    metadata = {**server["metadata"], "namespace": namespace_of(CASE), "uid": SERVER_UID}
    # Read in the version that is stored, as commands read it.
    server = {
        "apiVersion": MCP_SERVER.api_version,
        "kind": "MCPServer",
        "metadata": metadata,
        "spec": {**server["spec"], **spec},
    }
    children = reference_children(CASE)
    for child in children:
        child["metadata"]["ownerReferences"][0]["uid"] = SERVER_UID
        child["metadata"]["managedFields"] = [{"manager": MANAGER, "fieldsV1": {"f:metadata": {}}}]
    return {f"{obj['kind']}/{obj['metadata']['name']}": obj for obj in (server, *children)}


def being_deleted(obj: Object, *finalizers: str) -> None:
    obj["metadata"] |= {"deletionTimestamp": "2026-11-01T00:00:00Z", "finalizers": list(finalizers)}


def plan(objects: dict[str, Object]) -> Plan:
    return take_over(Cluster(served_kinds(CONTROLLERS), objects.values()))


def changed(of: Plan) -> list[str]:
    return [change.title for change in of.changes]


def test_an_account_that_the_spec_names_is_the_users() -> None:
    objects = left_by_the_operator(serviceAccount=f"{CASE}-sa")
    account = objects[f"ServiceAccount/{CASE}-sa"]["metadata"]
    del account["ownerReferences"], account["managedFields"]

    planned = plan(objects)

    assert f"ServiceAccount/{CASE}-sa" not in changed(planned)
    assert planned.left == []


def test_an_account_that_the_spec_does_not_name_is_the_operators_where_its_role_is() -> None:
    objects = left_by_the_operator()
    del objects[f"ServiceAccount/{CASE}-sa"]["metadata"]["ownerReferences"]

    assert f"ServiceAccount/{CASE}-sa" in changed(plan(objects))


def restored(objects: dict[str, Object], *, noted: str, kind: str = "MCPServer") -> dict[str, Object]:
    """The same objects once a backup of a namespace that was taken over was restored: no child has an owner."""
    labels = {**Names(kind, CASE).labels, CONTROLLER_UID: noted}
    for child in objects.values():
        metadata = child["metadata"]
        if metadata.pop("ownerReferences", None):
            del metadata["managedFields"]
            record = {"metadata": {"name": metadata["name"], "labels": labels}}
            metadata["annotations"] = {LAST_APPLIED: to_json(record)}
            metadata["labels"] = {**metadata.get("labels", {}), CONTROLLER_UID: noted}
    return objects


def test_restored_children_are_the_servers_by_metacontrollers_own_note() -> None:
    objects = restored(left_by_the_operator(), noted="uid-before-the-restore")

    planned = plan(objects)

    assert planned.left == []
    assert set(changed(planned)) == objects.keys() - {f"MCPServer/{CASE}"}
    assert {change.text for change in planned.changes} == {
        f"label controller-uid (it was uid-before-the-restore), owner MCPServer/{CASE}"
    }


@pytest.mark.parametrize(("noted", "kind"), [("uid-of-another", "MCPServer"), ("of-one-gone", "MCPRemoteProxy")])
def test_an_object_noted_as_another_parents_child_is_left(noted: str, kind: str) -> None:
    objects = restored(left_by_the_operator(), noted=noted, kind=kind)
    another = copy.deepcopy(objects[f"MCPServer/{CASE}"])
    another["metadata"] |= {"name": "another", "uid": "uid-of-another"}

    planned = plan({**objects, "MCPServer/another": another})

    assert changed(planned) == []
    assert len(planned.left) == len(objects) - 1


def statefulset(**labels: str) -> Object:
    metadata = {"name": CASE, "namespace": namespace_of(CASE), "uid": "uid-of-the-statefulset", "labels": labels}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata}


def test_a_server_that_is_being_deleted_waits_for_a_statefulset_of_unknown_owner() -> None:
    objects = left_by_the_operator()
    server = objects[f"MCPServer/{CASE}"]
    being_deleted(server, OPERATORS[MCP_SERVER])
    objects["StatefulSet"] = statefulset(theirs="yes")

    waits = plan(objects)
    assert "MCPServer/minimal" not in changed(waits)
    assert [text.partition(" ")[0] for text in waits.left] == ["StatefulSet", "MCPServer"]
    assert waits.left[1] == (
        f"MCPServer {namespace_of(CASE)}/{CASE} is being deleted, and might leave something of that name behind: it "
        f"keeps its finalizer {OPERATORS[MCP_SERVER]}. Label what belongs to it and delete what doesn't, or let it go "
        f"as it is: kubectl edit mcpserver {CASE} -n {namespace_of(CASE)}"
    )

    objects["StatefulSet"] = statefulset(**{CONTROLLER_UID: SERVER_UID})
    goes = plan(objects)
    assert changed(goes)[-2:] == ["StatefulSet/minimal", "MCPServer/minimal"]
    assert goes.left == []


def test_a_server_that_is_being_deleted_does_not_wait_for_a_statefulset_of_another_owner() -> None:
    objects = left_by_the_operator()
    being_deleted(objects[f"MCPServer/{CASE}"], OPERATORS[MCP_SERVER])
    objects["StatefulSet"] = statefulset()
    other = {"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "uid": "uid-of-another", "controller": True}
    objects["StatefulSet"]["metadata"]["ownerReferences"] = [other]

    assert changed(plan(objects))[-1] == "MCPServer/minimal"


def test_of_two_finalizers_on_what_is_being_deleted_the_old_operators_goes() -> None:
    """Metacontroller's stays: it has begun to finalize."""
    objects = left_by_the_operator()
    server = objects[f"MCPServer/{CASE}"]
    being_deleted(server, METACONTROLLERS[MCP_SERVER], "theirs", OPERATORS[MCP_SERVER])

    change = plan(objects).changes[-1]

    assert change.patch(server) == {"metadata": {"finalizers": [METACONTROLLERS[MCP_SERVER], "theirs"]}}
