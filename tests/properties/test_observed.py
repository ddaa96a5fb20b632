"""Observed objects may be old, incomplete, foreign or nonsense: no child is lost, and no pod starts anew."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from hooks.go_json import same
from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, SERVICE
from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import LAST_APPLIED, last_applied
from hooks.simulator.merge import updated
from tests.neighbours import CLUSTER
from tests.strategies import JSON, good_specs, specs
from tests.world import (
    BINDING,
    NAMESPACE,
    call,
    child,
    child_names,
    observed,
    server,
    settled,
    sync,
    sync_request,
    with_metadata,
)

AUTHZ = "ConfigMap/demo-authz-inline"
KINDS = {"ConfigMap": "v1", "Service": "v1", "Deployment": "apps/v1", "ServiceAccount": "v1", "StatefulSet": "apps/v1"}


def owner_of(spec: Object) -> Object:
    return {**server(), "spec": spec}


def children_of(owner: Object, related: list[Object] = CLUSTER) -> list[Object]:
    """The children that this server has once everything is applied."""
    answer, children = settled(owner, *related)
    assert answer["status"]["phase"] != "Failed", answer["status"]
    return children


def template(answer: Object) -> Object:
    return child(answer, DEPLOYMENT, "demo")["spec"]["template"]


def named(obj: Object) -> str:
    return f"{obj['kind']}/{obj['metadata']['name']}"


def gone(obj: Object) -> None:
    return None


def unjudged(obj: Object) -> Object:
    """Edited a moment ago: its own controller hasn't seen it yet."""
    return with_metadata({**obj, "spec": {"toolsFilter": ["new"]}}, generation=2)


def refused(obj: Object) -> Object:
    ready = {"type": "Ready", "status": "False", "reason": "SpecInvalid", "message": "spec.type: unknown"}
    return {**obj, "status": {"observedGeneration": 1, "conditions": [ready]}}


def without_status(obj: Object) -> Object:
    return {key: value for key, value in obj.items() if key != "status"}


def emptied(obj: Object) -> Object:
    return {**obj, "data": {}} if obj["kind"] == "ConfigMap" else {**obj, "status": {}}


FAULTS = (gone, unjudged, refused, without_status, emptied)


@given(good_specs(), st.lists(st.sampled_from([*FAULTS, copy.copy]), min_size=len(CLUSTER), max_size=len(CLUSTER)))
def test_a_reference_that_goes_bad_restarts_no_pod(spec: Object, faults: list[Any]) -> None:
    owner = owner_of(spec)
    before = children_of(owner)
    worse = [fault(obj) for fault, obj in zip(faults, CLUSTER, strict=True)]

    answer = sync(owner, before, [obj for obj in worse if obj])

    was = {"children": before}
    assert template(answer) == template(was)
    assert child(answer, CONFIG_MAP, "demo-runconfig")["data"] == child(was, CONFIG_MAP, "demo-runconfig")["data"]
    assert set(child_names(was)) <= set(child_names(answer))


SEEN = ("old", "new", "old, going", "new, going", "unseen")


@given(good_specs(), good_specs(), st.lists(st.sampled_from(SEEN), min_size=12, max_size=12))
def test_children_of_two_specs_never_make_a_third_template(one: Object, other: Object, seen: list[str]) -> None:
    """Metacontroller's caches are filled kind by kind: of an edit, some children are seen and others not yet."""
    old = {named(obj): obj for obj in children_of(owner_of(one))}
    new = {named(obj): obj for obj in children_of(owner_of(other))}
    mixture = []
    for name, how in zip(sorted({*old, *new}), seen, strict=False):
        version = (old if how.startswith("old") else new).get(name)
        if version and how != "unseen":
            mixture.append(_going(version) if how.endswith("going") else version)

    answer = sync(owner_of(other), mixture, CLUSTER, may_delete=[AUTHZ, BINDING])

    returned = "Deployment/demo" in child_names(answer)
    assert not returned or template(answer) in [template({"children": list(objs.values())}) for objs in (old, new)]
    assert returned or not any(obj["kind"] == "Deployment" for obj in mixture)
    account = "ServiceAccount/demo-sa"  # once made it stays: a pod may still use it
    stays = account in {named(obj) for obj in mixture if "deletionTimestamp" not in obj["metadata"]} - set(new)
    expected = {**new, account: old[account]} if stays else new
    assert _rest(owner_of(other), mixture) == {name: _applied(obj) for name, obj in expected.items()}


def _going(obj: Object) -> Object:
    return with_metadata(obj, deletionTimestamp="2026-11-23T11:59:00Z")


def _applied(obj: Object) -> Any:
    """What a hook returned for a child; a number of replicas that was once sent is sent on."""
    applied = last_applied(obj) or {}
    applied.get("spec", {}).pop("replicas", None)
    return applied


def _rest(owner: Object, children: list[Object], related: list[Object] = CLUSTER, rounds: int = 6) -> Object:
    """Metacontroller applies each answer until nothing changes; what was applied last of each child."""
    children = [obj for obj in children if "deletionTimestamp" not in obj["metadata"]]
    without_pods = [obj for obj in related if obj["kind"] != "Pod"]
    for _ in range(rounds):
        has_pods = any(obj["kind"] == "Deployment" for obj in children)  # they are deleted with it
        answer = sync(owner, children, related if has_pods else without_pods, may_delete=[AUTHZ, BINDING])
        before, children = children, _apply(owner, children, answer)
        if {named(obj): _plain(obj) for obj in before} == {named(obj): _plain(obj) for obj in children}:
            return {named(obj): _applied(obj) for obj in children}
        owner = {**owner, "status": answer["status"]}
    raise AssertionError("no rest: Metacontroller would write for ever")


def _plain(obj: Object) -> str:
    return json.dumps(obj, sort_keys=True)


def _apply(owner: Object, children: list[Object], answer: Object) -> list[Object]:
    """What there is once Metacontroller has applied an answer."""
    there = {named(obj): obj for obj in children}
    applied = []
    for made in answer["children"]:
        fresh = observed(made, owner)
        old = there.get(named(made))
        applied.append(updated(old, last_applied(old), last_applied(fresh) or {}) if old else fresh)
    return applied


LABELS = st.dictionaries(
    st.sampled_from(["a", "app", "controller-uid", "toolhive-name"]), st.sampled_from(["", "demo"])
)


def strangers() -> st.SearchStrategy[Object]:
    """Objects that Metacontroller adopted by a label that a user copied, with any annotation."""
    annotation = st.sampled_from(["", "{", "[]", "null", '{"metadata": null}', '{"data": {"k": 1e999}}']) | st.builds(
        json.dumps,
        st.fixed_dictionaries(
            {},
            optional={
                "apiVersion": st.sampled_from(["v1", "apps/v1"]),
                "kind": st.sampled_from(sorted(KINDS)),
                "metadata": JSON | st.fixed_dictionaries({"name": st.just("theirs"), "labels": LABELS | JSON}),
                "data": LABELS | JSON,
                "spec": JSON,
                "status": JSON,
            },
        ),
    )
    return st.builds(
        _stranger,
        st.sampled_from(sorted(KINDS)),
        st.sampled_from(["theirs", "other", "mcp-demo", "demo-authz-inline"]),
        st.none() | LABELS,
        annotation,
        st.fixed_dictionaries({}, optional={"data": LABELS, "spec": st.just({"k": ["v"]}), "type": st.just("t")}),
    )


def _stranger(kind: str, name: str, labels: Object | None, annotation: str, rest: Object) -> Object:
    obj = {"apiVersion": KINDS[kind], "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, **rest}
    made = observed(obj, server())
    made["metadata"]["labels"] |= {key: value for key, value in (labels or {}).items() if key != "controller-uid"}
    made["metadata"]["annotations"] = {LAST_APPLIED: annotation, "mine": "x"}
    return made


@given(st.lists(strangers(), max_size=4, unique_by=named), good_specs() | specs("MCPServer"))
def test_an_object_that_was_adopted_by_accident_is_left_as_it_is(theirs: list[Object], spec: Object) -> None:
    owner = owner_of(spec)
    ours = {AUTHZ, "Service/mcp-demo"}  # the names of ours that may go
    theirs = [obj for obj in theirs if named(obj) not in ours]

    answer = sync(owner, theirs, CLUSTER, may_delete=ours)

    for obj in theirs:
        kept = next(made for made in answer["children"] if named(made) == named(obj))
        after = updated(obj, last_applied(obj), last_applied(observed(kept, owner)) or {})
        assert same(_bare(after), _bare(obj))


def _bare(obj: Object) -> Object:
    annotations = {key: value for key, value in obj["metadata"]["annotations"].items() if key != LAST_APPLIED}
    return with_metadata(obj, annotations=annotations)


EDITS = st.sampled_from(["annotations", "labels", "replicas", "port", "data", "last applied", "restart", "template"])


@given(good_specs(), st.lists(st.tuples(EDITS, st.integers(0, 8)), max_size=5))
def test_edits_of_children_by_hand_are_put_right_and_then_it_is_quiet(
    spec: Object, edits: list[tuple[str, int]]
) -> None:
    owner = owner_of(spec)
    before = children_of(owner)
    children = copy.deepcopy(before)
    for edit, number in edits:
        _meddle(children[number % len(children)], edit)

    _rest(owner, children)


def _meddle(obj: Object, edit: str) -> None:
    metadata = obj["metadata"]
    if edit in ("annotations", "labels"):
        metadata[edit] = {**metadata.get(edit, {}), "theirs": "x"}
    elif edit == "last applied":
        metadata["annotations"].pop(LAST_APPLIED, None)
    elif edit == "data" and "data" in obj:
        obj["data"] = {"runconfig.json": "{}", "more": "1"}
    elif edit == "port" and obj["kind"] == SERVICE.kind:
        obj["spec"]["ports"] = [{"name": "http", "port": 81}]
    elif obj["kind"] == DEPLOYMENT.kind:
        pods = obj["spec"]["template"]
        if edit == "replicas":
            obj["spec"]["replicas"] = 5
        elif edit == "restart":
            pods["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "2026-11-23T12:00:00Z"
        elif edit == "template":
            pods["spec"]["containers"][0]["image"] = "evil:1"


@given(good_specs(), st.randoms(use_true_random=False))
def test_the_order_of_objects_means_nothing(spec: Object, random: Any) -> None:
    owner = owner_of(spec)
    children = children_of(owner)
    shuffled, related = random.sample(children, len(children)), random.sample(CLUSTER, len(CLUSTER))

    assert call(sync_request(owner, shuffled, related), may_delete=[AUTHZ, BINDING]) == call(
        sync_request(owner, children, CLUSTER), may_delete=[AUTHZ, BINDING]
    )


@given(good_specs(), JSON, JSON)
@example({"image": "mcp:1"}, {}, True)
def test_a_forged_status_changes_no_child(spec: Object, status: Any, conditions: Any) -> None:
    owner = owner_of(spec)
    assume(isinstance(status, dict))

    forged = sync({**owner, "status": {**status, "conditions": conditions}}, related=CLUSTER)

    assert forged["children"] == sync(owner, related=CLUSTER)["children"]
