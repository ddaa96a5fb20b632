"""Which answers are refused: those that would lose, misplace or wipe something."""

import json
from typing import Any

import pytest

from hooks.api.kinds import MCP_SERVER
from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, POD, SECRET
from hooks.kubernetes.objects import Object
from hooks.metacontroller import last_applied, reading, requests
from hooks.metacontroller.requests import BrokenRule
from hooks.metacontroller.responses import RelatedRule, SyncResponse
from tests.world import observed, server, sync_request

STATUS = {"phase": "Pending"}
EXPECTED = [(CONFIG_MAP, "demo-runconfig"), (DEPLOYMENT, "demo")]


def read(request: Object) -> requests.SyncRequest:
    return reading.read_sync(json.dumps(request).encode(), MCP_SERVER)


def _child(name: str = "demo-runconfig", **rest: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **rest}


@pytest.mark.parametrize(
    ("children", "complaint"),
    [
        ([_child("other", data={})], "ConfigMap/other is not a child of this parent"),
        ([_child("other")], "ConfigMap/other is not a child of this parent"),
        ([{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "demo-runconfig"}}], "Secret/demo-runconfig is"),
        ([{"kind": "ConfigMap", "metadata": {"name": "demo-runconfig"}}], "ConfigMap/demo-runconfig is not a child"),
        ([_child(metadata={"name": "demo-runconfig", "namespace": "kube-system"})], "is in another namespace than"),
        ([_child(metadata={"name": "demo-runconfig", "uid": "1"})], "carries what only the API server may set"),
        ([_child(status={})], "carries what only the API server may set"),
        ([_child(), _child()], "ConfigMap/demo-runconfig is returned twice"),
    ],
)
def test_a_child_that_is_not_the_parents_is_refused(children: list[Object], complaint: str) -> None:
    with pytest.raises(BrokenRule, match=complaint):
        SyncResponse(STATUS, children).to_wire(read(sync_request(server())), EXPECTED)


def test_a_child_whose_kind_the_compositecontroller_does_not_have_is_refused() -> None:
    request = sync_request(server())
    del request["children"]["ConfigMap.v1"]

    with pytest.raises(BrokenRule, match="configmaps are not among the CompositeController's childResources"):
        SyncResponse(STATUS, [_child()]).to_wire(read(request), EXPECTED)


def test_a_forgotten_child_is_refused_and_one_that_is_removed_is_not() -> None:
    seen = observed(_child(), server())
    request = read(sync_request(server(), children=[seen]))

    with pytest.raises(BrokenRule, match="observed children would be deleted: ConfigMap/demo-runconfig"):
        SyncResponse(STATUS).to_wire(request, EXPECTED)
    removed = SyncResponse(STATUS, removed=frozenset({("ConfigMap", "demo-runconfig")}))
    assert removed.to_wire(request, EXPECTED) == {"status": STATUS, "children": []}


def test_a_stranger_may_be_kept_as_it_is_and_not_changed() -> None:
    stranger = observed(_child("stranger", data={"a": "b"}), server())
    request = read(sync_request(server(), children=[stranger]))

    kept = SyncResponse(STATUS, [last_applied.minimal_desired(stranger)]).to_wire(request, EXPECTED)
    assert kept["children"] == [_child("stranger", data={"a": "b"})]
    with pytest.raises(BrokenRule, match="ConfigMap/stranger is not a child of this parent"):
        SyncResponse(STATUS, [_child("stranger", data={"a": "c"})]).to_wire(request, EXPECTED)


def test_a_label_that_would_fail_the_sync_is_refused() -> None:
    request = read(sync_request(server()))

    for labels in ({"controller-uid": "another"}, {"a": 1}):
        with pytest.raises(BrokenRule):
            SyncResponse(STATUS, [_child(metadata={"name": "demo-runconfig", "labels": labels})]).to_wire(
                request, EXPECTED
            )
    with pytest.raises(BrokenRule):
        RelatedRule(POD, "team-a", labels={"toolhive-name": "x" * 64})


def test_a_status_is_never_wiped_nor_a_live_parent_finalized() -> None:
    request = read(sync_request(server()))

    with pytest.raises(BrokenRule, match="the response has no status"):
        SyncResponse({}).to_wire(request, EXPECTED)
    with pytest.raises(BrokenRule, match="finalized is for a parent that is being finalized"):
        SyncResponse(STATUS, finalized=True).to_wire(request, EXPECTED)


def test_finalized_waits_for_the_children() -> None:
    request = {**sync_request(server(), children=[observed(_child(), server())]), "finalizing": True}

    with pytest.raises(BrokenRule, match="finalized while children exist: ConfigMap/demo-runconfig"):
        SyncResponse(STATUS, finalized=True).to_wire(read(request), EXPECTED)


def test_a_rule_reaches_no_further_than_one_namespace() -> None:
    with pytest.raises(BrokenRule):
        RelatedRule(SECRET, "")
    with pytest.raises(BrokenRule):
        RelatedRule(SECRET, "team-a", names=("a",), labels={"a": "b"})

    assert RelatedRule(SECRET, "team-a", names=("b", "a", "b")).to_wire() == {
        "apiVersion": "v1",
        "resource": "secrets",
        "namespace": "team-a",
        "names": ["a", "b"],
    }
