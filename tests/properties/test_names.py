"""Each of a server's names may be its own, free, another object's, or a child's that Metacontroller released."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from hooks.kubernetes.kinds import SERVICE, STATEFUL_SET
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import CONTROLLER_UID
from tests.world import (
    BINDING,
    NOW,
    child_names,
    condition,
    deleting,
    made,
    observed,
    pod,
    running,
    server,
    sync,
    with_metadata,
)

OWNER = server()
UID = OWNER["metadata"]["uid"]
TEMPLATE = {"metadata": {"labels": {CONTROLLER_UID: UID}}}
RUNNERS = {"app": "demo", "toolhive": "true", "toolhive-name": "demo"}
CHILDREN = {
    f"{obj['kind']}/{obj['metadata']['name']}": obj
    for obj in (
        *running(OWNER),
        observed(made(STATEFUL_SET, "demo", metadata={"labels": RUNNERS}, spec={"template": TEMPLATE}), OWNER),
    )
}
SERVICES = ["Service/mcp-demo", "Service/mcp-demo-headless"]
DEPLOYMENT = "Deployment/demo"
ROLE, ACCOUNT = "Role/demo-proxy-runner", "ServiceAccount/demo-proxy-runner"
Standings: TypeAlias = dict[str, str]

standings = st.fixed_dictionaries(
    {name: st.sampled_from(["own"] * 8 + ["free", "foreign", "owned", "released", "moved"]) for name in CHILDREN}
    | {name: st.sampled_from(["free"] * 8 + ["foreign", "owned"]) for name in SERVICES}
)


def controlled(obj: Object, kind: str, name: str) -> Object:
    owner = {"apiVersion": OWNER["apiVersion"], "kind": kind, "name": name, "uid": "uid-other", "controller": True}
    return with_metadata(obj, ownerReferences=[owner])


def neighbour(name: str, standing: str) -> Object:
    """The object under a name that isn't a child."""
    _, _, plain = name.partition("/")
    child = CHILDREN.get(name)
    if child is None or standing in ("foreign", "owned"):
        bare = made(SERVICE, plain) if child is None else {**child, "metadata": made(SERVICE, plain)["metadata"]}
        return controlled(bare, "Widget", "w") if standing == "owned" else bare
    labels = {key: value for key, value in child["metadata"]["labels"].items() if key != CONTROLLER_UID}
    if standing == "released":
        return with_metadata(child, labels=labels, ownerReferences=[])
    return controlled(with_metadata(child, labels={**labels, CONTROLLER_UID: "uid-other"}), "MCPServer", "other")


def seen(of: Standings) -> tuple[list[Object], list[Object]]:
    """The children that a request has, and the other objects under the server's names."""
    own = [CHILDREN[name] for name, standing in of.items() if standing == "own"]
    return own, [neighbour(name, standing) for name, standing in of.items() if standing not in ("own", "free")]


def names_with(of: Standings, *wanted: str) -> set[str]:
    """The names of these standings. Customize asks for no Deployment, so only the server's own one is seen."""
    return {name for name, standing in of.items() if standing in wanted and (name != DEPLOYMENT or standing == "own")}


@given(standings)
def test_a_live_server_loses_nothing_and_gains_nothing(of: Standings) -> None:
    children, others = seen(of)
    own, conflict, released = (
        names_with(of, "own"),
        names_with(of, "foreign", "owned"),
        names_with(of, "released", "moved"),
    )

    answer = sync(OWNER, children, others, may_delete=[BINDING])
    returned = set(child_names(answer))

    assert own - {BINDING} <= returned
    still_binds = {ROLE, ACCOUNT} <= own | released
    may_bind = {ROLE, ACCOUNT} <= own and not conflict
    assert (BINDING in returned) == (still_binds if BINDING in own else may_bind)
    assert (DEPLOYMENT in returned) == (DEPLOYMENT in own or not (conflict or released))
    assert (ACCOUNT in returned) == (ACCOUNT in own or BINDING not in conflict)
    assert ("url" in answer["status"]) == ("Service/mcp-demo-proxy" in own and not conflict)
    reason = "ChildReleased" if released else "NameConflict" if conflict else "NoPods"
    assert [c["reason"] for c in answer["status"]["conditions"] if c["type"] == "Ready"] == [reason]
    assert 0 < answer["resyncAfterSeconds"] <= 60
    if conflict or released:
        again = sync({**OWNER, "status": answer["status"]}, children, others, may_delete=[BINDING])
        assert again == answer


@given(standings, st.sampled_from([None, "demo-5d89", "demo-canary-5d89", "other-5d89"]))
def test_a_server_that_goes_waits_for_its_own_proxy_alone(of: Standings, replica_set: str | None) -> None:
    children, others = seen(of)
    pods = []
    if replica_set:
        owner: Any = {"kind": "ReplicaSet", "name": replica_set, "controller": True}
        pods = [with_metadata(pod("demo-1", "demo"), ownerReferences=[owner])]
    its_proxy, its_pods = of[DEPLOYMENT] == "own", replica_set == "demo-5d89"

    answer = sync(deleting(OWNER), children, [*others, *pods], now=NOW + timedelta(minutes=1))

    assert answer["finalized"] == (not children and not its_pods)
    if its_proxy or its_pods:
        own = names_with(of, "own")
        server = {"StatefulSet/demo", "ServiceAccount/demo-sa"} if "StatefulSet/demo" in own else set()
        stays = own & (server | {"Service/mcp-demo-headless", "Service/mcp-demo"})
        assert set(child_names(answer)) == stays
    else:
        assert answer["children"] == []
    waits = condition(answer, "Ready")
    assert waits is not None
    assert answer["finalized"] or "`kubectl " in waits[2]
