"""What `migrate` makes of objects as operator 0.44.0 left them: no cluster, pure functions."""

from __future__ import annotations

import copy

import pytest

from hooks.api.kinds import RESOURCES, CustomResource
from hooks.controllers import CONTROLLERS
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.migrate.directions import give_back, take_over
from hooks.migrate.finalizers import METACONTROLLERS, OPERATORS
from hooks.migrate.operator_record import reconstruct_last_applied
from hooks.migrate.plan import Plan, merge_patch
from hooks.simulator.cluster import Cluster
from hooks.simulator.run import served_kinds
from tests import takeover_044
from tests.reference.api_defaults import with_defaults, without_cluster_state
from tests.reference_v1beta1 import cases
from tests.takeover_044 import workload

KINDS = {kind.kind: kind for kind in RESOURCES}
FINALIZED = [kind for kind in RESOURCES if OPERATORS[kind]]


def cluster(objects: list[Object]) -> Cluster:
    """The objects as commands read them: those of our kinds in the stored version."""
    return Cluster(served_kinds(CONTROLLERS), [obj for obj in objects if obj["kind"] != "Secret"])


def after(plan: Plan, objects: list[Object]) -> list[Object]:
    patched = {change.obj["metadata"]["uid"]: change.patch(change.obj) or {} for change in plan.changes}
    return [merge_patch(obj, patched.get(obj["metadata"]["uid"], {})) for obj in objects]


@pytest.mark.parametrize("manager", ["thv-operator", "operator-044"])
@pytest.mark.parametrize("case", takeover_044.ALL)
def test_with_the_api_servers_defaults_the_record_is_the_object_again(case: str, manager: str) -> None:
    """So nothing that the operator asked for is missing, also where it ran under another name."""
    objects = takeover_044.objects(case, manager=manager)
    checked = [child for child in objects if child["metadata"].get("ownerReferences")]
    assert len(checked) == 7
    for child in checked:
        assert completed(child, workload(objects)) == without_cluster_state(child)


@pytest.mark.parametrize("case", cases.ALL)
def test_for_every_kind_of_workload_the_record_is_the_object_again(case: str) -> None:
    kind, _, name = cases.workload(case).partition("/")
    [owner] = [obj for obj in cases.inputs(case) if (obj["kind"], obj["metadata"]["name"]) == (kind, name)]
    owner["metadata"]["uid"] = "uid-1"
    for child in cases.operator_children(case):
        if child["kind"] == "StatefulSet" or child["metadata"]["name"].endswith("-headless"):
            continue
        assert completed(child, owner) == without_cluster_state(child)


def completed(child: Object, owner: Object) -> Object:
    """The record with the API server's defaults, less Metacontroller's own label; replicas are nobody's wish."""
    record = reconstruct_last_applied(child, owner)
    assert record is not None, child["metadata"]["name"]
    assert record["metadata"].pop("namespace") == child["metadata"]["namespace"]
    assert record["metadata"]["labels"].pop(CONTROLLER_UID) == owner["metadata"]["uid"]
    if not record["metadata"]["labels"]:
        del record["metadata"]["labels"]
    if record["kind"] == "Deployment":
        assert "replicas" not in record["spec"]
        record["spec"]["replicas"] = child["spec"]["replicas"]
        record["spec"]["strategy"] = child["spec"]["strategy"]
    return with_defaults(record)


@pytest.mark.parametrize("case", takeover_044.ALL)
def test_all_is_taken_over_at_once_and_given_back_as_it_was(case: str) -> None:
    before = takeover_044.objects(case)
    plan = take_over(cluster(before))
    assert (plan.notes, plan.left) == ([], [])
    over = after(plan, before)
    assert take_over(cluster(over)).changes == []

    for old, new in zip(before, over, strict=True):
        if old["kind"] in KINDS:
            assert new["metadata"]["finalizers"] == [METACONTROLLERS[KINDS[old["kind"]]]]
            assert new["spec"] == old["spec"]
    assert after(give_back(cluster(over)), over) == [_with_empty_maps(obj) for obj in before]


def _with_empty_maps(obj: Object) -> Object:
    """A merge patch that takes the last label leaves an empty map; the API server drops it."""
    if "ownerReferences" in obj["metadata"]:
        return {**obj, "metadata": {"annotations": {}, "labels": {}, **obj["metadata"]}}
    return obj


@pytest.mark.parametrize("kind", FINALIZED, ids=lambda kind: kind.kind)
def test_the_finalizer_of_every_kind_is_exchanged_and_exchanged_back(kind: CustomResource) -> None:
    held = thing(kind.kind, "x", finalizers=["theirs", OPERATORS[kind]])

    [over] = take_over(cluster([held])).changes
    assert over.patch(held) == {"metadata": {"finalizers": ["theirs", METACONTROLLERS[kind]]}}
    taken = merge_patch(held, over.patch(held))
    [back] = give_back(cluster([taken])).changes
    assert merge_patch(taken, back.patch(taken)) == held


def test_a_remote_proxy_has_no_finalizer_of_the_operators_and_loses_ours_on_the_way_back() -> None:
    proxy = thing("MCPRemoteProxy", "x", spec={"remoteUrl": "https://mcp.example.com"})
    assert take_over(cluster([proxy])).changes == []

    held = thing("MCPRemoteProxy", "x", finalizers=["metacontroller.io/compositecontroller-mcpremoteproxy"])
    [change] = give_back(cluster([held])).changes
    assert change.patch(held) == {"metadata": {"finalizers": []}}
    assert change.text == (
        "no finalizer metacontroller.io/compositecontroller-mcpremoteproxy: the old operator uses none"
    )


def test_a_group_with_members_loses_its_finalizer() -> None:
    """Nothing protects it, before or after."""
    group = thing("MCPGroup", "team", finalizers=[OPERATORS[KINDS["MCPGroup"]]])
    group["metadata"]["deletionTimestamp"] = "2026-11-01T00:00:00Z"
    member = thing("MCPServer", "a", spec={"image": "i", "groupRef": {"name": "team"}})

    plan = take_over(cluster([group, member]))

    assert plan.left == []
    assert [change.patch(change.obj) for change in plan.changes] == [{"metadata": {"finalizers": []}}]


@pytest.mark.parametrize("user", ["MCPServer", "MCPRemoteProxy"])
def test_a_config_that_any_workload_uses_keeps_its_finalizer(user: str) -> None:
    config = thing("MCPOIDCConfig", "idp", finalizers=[OPERATORS[KINDS["MCPOIDCConfig"]]])
    config["metadata"]["deletionTimestamp"] = "2026-11-01T00:00:00Z"
    spec = {"oidcConfigRef": {"name": "idp", "audience": "a"}}

    plan = take_over(cluster([config, thing(user, "a", spec=spec)]))

    assert plan.changes == []
    assert plan.left == [
        "MCPOIDCConfig team-a/idp is being deleted while workloads use it (a): it keeps its finalizer "
        "mcpoidcconfig.toolhive.stacklok.dev/finalizer. Remove their references, or the workloads, and run this again"
    ]


def test_the_children_of_a_remote_proxy_are_taken() -> None:
    """With what its spec adds to the proxy's own pod: gone from the spec, it is to go from the pod."""
    [proxy] = [obj for obj in cases.inputs("proxy-minimal") if obj["kind"] == "MCPRemoteProxy"]
    proxy["metadata"]["uid"] = "uid-1"
    tolerations = [{"key": "edge", "operator": "Exists"}]
    containers = [{"name": "toolhive", "stdin": True}, {"name": "sidecar", "image": "theirs:1"}]
    proxy["spec"]["podTemplateSpec"] = {"spec": {"tolerations": tolerations, "containers": containers}}
    children = copy.deepcopy(cases.operator_children("proxy-minimal"))
    for child in children:
        child["metadata"]["ownerReferences"][0]["uid"] = "uid-1"
        child["metadata"].setdefault("uid", f"uid of {child['kind']}/{child['metadata']['name']}")
    [deployment] = [child for child in children if child["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    pod["tolerations"] = tolerations
    pod["containers"][0]["stdin"] = True
    pod["containers"].append({"name": "sidecar", "image": "theirs:1", "resources": {}})

    changed = [change.title for change in take_over(cluster([proxy, *children])).changes]
    assert sorted(changed) == sorted(f"{child['kind']}/{child['metadata']['name']}" for child in children)
    record = reconstruct_last_applied(deployment, proxy)
    assert record is not None
    recorded = record["spec"]["template"]["spec"]
    assert recorded["tolerations"] == tolerations
    assert recorded["containers"][0]["stdin"] is True
    assert recorded["containers"][1] == {"name": "sidecar", "image": "theirs:1"}


def thing(kind: str, name: str, *, spec: Object | None = None, finalizers: list[str] | None = None) -> Object:
    metadata = {"name": name, "namespace": "team-a", "uid": f"uid of {name}", "generation": 1}
    if finalizers is not None:
        metadata["finalizers"] = finalizers
    return {"apiVersion": KINDS[kind].api_version, "kind": kind, "metadata": metadata, "spec": spec or {}}
