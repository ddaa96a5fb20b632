"""Which answers are refused: those that would lose, misplace or wipe something."""

import json
from typing import Any

import pytest

from hooks.api.kinds import MCP_SERVER
from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, SECRET
from hooks.kubernetes.objects import Object
from hooks.metacontroller import last_applied, reading, requests
from hooks.metacontroller.requests import BrokenRule
from hooks.metacontroller.responses import RelatedRule, SyncResponse
from tests.world import observed, server, sync_request

STATUS = {"phase": "Pending"}
EXPECTED = [(CONFIG_MAP, "demo-runconfig"), (DEPLOYMENT, "demo")]


def read(request: Object) -> requests.SyncRequest:
    return reading.read_sync(json.dumps(request).encode(), MCP_SERVER)


def refused(response: SyncResponse, request: Object) -> str:
    """Why a response to this request is refused."""
    with pytest.raises(BrokenRule) as caught:
        response.to_wire(read(request), EXPECTED)
    return str(caught.value)


def _child(name: str = "demo-runconfig", **rest: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **rest}


@pytest.mark.parametrize(
    ("children", "complaint"),
    [
        ([_child("other", data={})], "ConfigMap/other is not a child of this parent"),
        ([_child("other")], "ConfigMap/other is not a child of this parent"),
        (
            [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "demo-runconfig"}}],
            "Secret/demo-runconfig is not a child of this parent",
        ),
        (
            [{"kind": "ConfigMap", "metadata": {"name": "demo-runconfig"}}],
            "ConfigMap/demo-runconfig is not a child of this parent",
        ),
        (
            [_child(metadata={"name": "demo-runconfig", "namespace": "kube-system"})],
            "ConfigMap/demo-runconfig is in another namespace than its parent",
        ),
        (
            [_child(metadata={"name": "demo-runconfig", "uid": "1"})],
            "ConfigMap/demo-runconfig carries what only the API server may set",
        ),
        ([_child(status={})], "ConfigMap/demo-runconfig carries what only the API server may set"),
        ([_child(), _child()], "ConfigMap/demo-runconfig is returned twice"),
        (
            [_child(metadata={"name": "demo-runconfig", "labels": {"controller-uid": "another"}})],
            "ConfigMap/demo-runconfig has another parent's controller-uid label",
        ),
        *(
            (
                [_child(metadata={"name": "demo-runconfig", group: {"a": 1}})],
                f"ConfigMap/demo-runconfig has {group} that are not strings: its others would be lost",
            )
            for group in ("labels", "annotations")
        ),
    ],
)
def test_a_child_that_is_not_the_parents_is_refused(children: list[Object], complaint: str) -> None:
    assert refused(SyncResponse(STATUS, children), sync_request(server())) == complaint


def test_a_child_whose_kind_the_compositecontroller_does_not_have_is_refused() -> None:
    request = sync_request(server())
    del request["children"]["ConfigMap.v1"]

    assert refused(SyncResponse(STATUS, [_child()]), request) == (
        "configmaps are not among the CompositeController's childResources"
    )


def test_a_forgotten_child_is_refused_and_one_that_is_removed_is_not() -> None:
    seen = observed(_child(), server())
    request = sync_request(server(), children=[seen])

    assert refused(SyncResponse(STATUS), request) == "observed children would be deleted: ConfigMap/demo-runconfig"
    removed = SyncResponse(STATUS, removed=frozenset({("ConfigMap", "demo-runconfig")}))
    assert removed.to_wire(read(request), EXPECTED) == {"status": STATUS, "children": []}


def test_a_stranger_may_be_kept_as_it_is_and_not_changed() -> None:
    stranger = observed(_child("stranger", data={"a": "b"}), server())
    request = sync_request(server(), children=[stranger])

    kept = SyncResponse(STATUS, [last_applied.minimal_desired(stranger)]).to_wire(read(request), EXPECTED)
    assert kept["children"] == [_child("stranger", data={"a": "b"})]
    changed = SyncResponse(STATUS, [_child("stranger", data={"a": "c"})])
    assert refused(changed, request) == "ConfigMap/stranger is not a child of this parent"


def test_a_status_is_never_wiped_nor_a_live_parent_finalized() -> None:
    request = sync_request(server())

    assert refused(SyncResponse({}), request) == "the response has no status: the parent's would be wiped"
    live = SyncResponse(STATUS, finalized=True)
    assert refused(live, request) == "finalized is for a parent that is being finalized"


def test_finalized_waits_for_the_children() -> None:
    request = {**sync_request(server(), children=[observed(_child(), server())]), "finalizing": True}

    early = SyncResponse(STATUS, finalized=True)
    assert refused(early, request) == "finalized while children exist: ConfigMap/demo-runconfig"


@pytest.mark.parametrize(
    ("namespace", "selection", "complaint"),
    [
        ("", {}, "a related rule without a namespace would match objects of every namespace"),
        ("team-a", {"names": ("a",), "labels": {"a": "b"}}, "a related rule takes names or labels, not both"),
        ("team-a", {"labels": {"a": "x" * 64}}, "a related rule selects by a value that no label can have"),
    ],
)
def test_a_rule_that_reaches_too_far_is_refused(namespace: str, selection: Any, complaint: str) -> None:
    with pytest.raises(BrokenRule) as caught:
        RelatedRule(SECRET, namespace, **selection)

    assert str(caught.value) == complaint


def test_a_rule_has_its_names_sorted_and_once() -> None:
    assert RelatedRule(SECRET, "team-a", names=("b", "a", "b")).to_wire() == {
        "apiVersion": "v1",
        "resource": "secrets",
        "namespace": "team-a",
        "names": ["a", "b"],
    }
