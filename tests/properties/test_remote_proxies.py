"""An MCPRemoteProxy whose names and pods may be anyone's: it loses nothing, gains nothing, and says what is true."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import CONTROLLER_UID
from tests.remote import RUNNER, remote, remote_pod
from tests.world import KINDS, child_names, condition, deleting, made, running, server, sync, with_metadata

OWNER = remote()
CHILDREN = {f"{obj['kind']}/{obj['metadata']['name']}": obj for obj in running(OWNER)}
SERVERS = {f"{obj['kind']}/{obj['metadata']['name']}": obj for obj in running(server())}
BINDING, ROLE, ACCOUNT = f"RoleBinding/{RUNNER}", f"Role/{RUNNER}", f"ServiceAccount/{RUNNER}"

standings = st.fixed_dictionaries(
    {name: st.sampled_from(["own"] * 8 + ["free", "servers", "foreign", "released"]) for name in CHILDREN}
)


def neighbour(name: str, standing: str) -> Object:
    """The object under a name that isn't a child: the MCPServer's of the same name, where that has one."""
    obj = CHILDREN[name]
    if standing == "servers" and name in SERVERS:
        return SERVERS[name]
    if standing == "released":
        labels = {key: value for key, value in obj["metadata"]["labels"].items() if key != CONTROLLER_UID}
        return with_metadata(obj, labels=labels, ownerReferences=[])
    kind = next(kind for kind in KINDS.values() if kind.kind == obj["kind"])
    return {**obj, "metadata": made(kind, obj["metadata"]["name"])["metadata"]}


@given(standings, st.lists(st.booleans(), max_size=2))
def test_a_live_proxy_loses_nothing_and_gains_nothing(of: dict[str, str], ready: list[bool]) -> None:
    own = [CHILDREN[name] for name, standing in of.items() if standing == "own"]
    others = [neighbour(name, standing) for name, standing in of.items() if standing not in ("own", "free")]
    pods = [remote_pod(f"demo-{number}", ready=is_ready) for number, is_ready in enumerate(ready)]
    looked_at = [(name, standing) for name, standing in of.items() if name != "Deployment/demo"]
    conflict = {name for name, standing in looked_at if standing in ("servers", "foreign")}
    released = {name for name, standing in looked_at if standing == "released"}
    names = {name for name, standing in of.items() if standing == "own"}

    answer = sync(OWNER, own, [*others, *pods], may_delete=[BINDING])
    returned = set(child_names(answer))

    assert names - {BINDING} <= returned <= set(CHILDREN)
    assert ("Deployment/demo" in returned) == ("Deployment/demo" in names or not (conflict or released))
    assert (BINDING not in returned) or BINDING in names or {ROLE, ACCOUNT} <= names
    assert ("url" in answer["status"]) == ("Service/mcp-demo-remote-proxy" in names and not conflict)
    found = condition(answer, "Ready")
    assert found is not None
    if conflict or released:
        assert (answer["status"]["phase"], found[1]) == ("Failed", "ChildReleased" if released else "NameConflict")
    else:
        is_ready = any(ready) and "Deployment/demo" in names
        assert (found[0] == "True") == (answer["status"]["phase"] == "Ready") == is_ready
    again = sync({**OWNER, "status": answer["status"]}, own, [*others, *pods], may_delete=[BINDING])
    assert again["children"] == answer["children"]


@given(of=standings, has_pod=st.booleans())
@example(of=dict.fromkeys(CHILDREN, "released"), has_pod=True)
@example(of=dict.fromkeys(CHILDREN, "released"), has_pod=False)
@example(of=dict.fromkeys(CHILDREN, "foreign"), has_pod=True)
def test_a_proxy_that_goes_waits_for_its_children_and_pods(of: dict[str, str], has_pod: bool) -> None:
    own = [CHILDREN[name] for name, standing in of.items() if standing == "own"]
    others = [neighbour(name, standing) for name, standing in of.items() if standing not in ("own", "free")]

    answer = sync(deleting(OWNER), own, [*others, *([remote_pod()] if has_pod else [])])

    assert answer["children"] == []
    assert answer["finalized"] == (not own and not has_pod)
