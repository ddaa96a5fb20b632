"""What `migrate` plans for objects as the old operator left them: no cluster, pure functions."""

from __future__ import annotations

from hooks.controllers import CONTROLLERS
from hooks.migrate.plan import Plan
from hooks.migrate.reference import MANAGER
from hooks.migrate.ways import take_over
from hooks.protocol import Object
from hooks.render.cluster import Cluster
from hooks.render.run import served_kinds
from tests.reference.cases import inputs, namespace_of, reference_children

CASE = "minimal"
SERVER_UID = "uid-of-the-server"


def left_by_the_operator(**spec: object) -> dict[str, Object]:
    """A case's MCPServer and its children, by Kind/name."""
    [server] = [obj for obj in inputs(CASE) if obj["kind"] == "MCPServer"]
    metadata = {**server["metadata"], "namespace": namespace_of(CASE), "uid": SERVER_UID}
    server = {**server, "spec": {**server["spec"], **spec}, "metadata": metadata}
    children = reference_children(CASE)
    for child in children:
        child["metadata"]["ownerReferences"][0]["uid"] = SERVER_UID
        child["metadata"]["managedFields"] = [{"manager": MANAGER, "fieldsV1": {"f:metadata": {}}}]
    return {f"{obj['kind']}/{obj['metadata']['name']}": obj for obj in (server, *children)}


def plan(objects: dict[str, Object]) -> Plan:
    return take_over(Cluster(served_kinds(CONTROLLERS), objects.values()))


def changed(of: Plan) -> list[str]:
    return [change.title for change in of.changes]


def test_an_account_that_the_spec_names_is_the_users_whatever_its_name() -> None:
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
