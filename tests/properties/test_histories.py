"""What a server's children are follows from its spec, not from the specs that it had before."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG, MCP_SERVER
from hooks.kubernetes.objects import Object
from tests.offline import MCP_SERVER_KINDS, World
from tests.stamps import unstamped, unstamped_template
from tests.strategies import good_specs, specs
from tests.unordered import unordered
from tests.world import NAMESPACE, deleting

ACCOUNT = "ServiceAccount/demo-sa"
"""Once made it stays: a pod may still use it."""


def comparable(children: dict[str, Object]) -> dict[str, Object]:
    """The children less what may differ: a number of replicas that was once sent is sent on, where Metacontroller
    merges a list by name, new items come last, and the generation stamp counts edits.
    """
    others = {name: obj for name, obj in unstamped(children).items() if name != ACCOUNT}
    deployment = others.pop("Deployment/demo")
    spec = {key: value for key, value in deployment["spec"].items() if key != "replicas"}
    return {**others, "Deployment/demo": {**deployment, "spec": unordered(spec)}}


HALF_SYNCED = st.tuples(good_specs() | specs("MCPServer"), st.lists(st.integers(0, 2), max_size=3))


@given(good_specs(), st.lists(HALF_SYNCED, max_size=3))
def test_a_history_leaves_no_trace(last: Object, history: list[tuple[Object, list[int]]]) -> None:
    """Edits come before the last one was synced, or half synced, and some of them are wrong."""
    world = World()
    for spec, steps in history:
        world.apply(**spec)
        for number in steps:
            world.step(number)

    world.edit(**last)

    fresh = World(**last)
    assert comparable(world.children()) == comparable(fresh.children())
    assert unordered(unstamped_template(world.templates[-1])) == unordered(unstamped_template(fresh.templates[-1]))


@given(good_specs(), specs("MCPServer"), st.lists(st.integers(0, 2), max_size=4))
def test_a_deleted_server_leaves_nothing_and_frees_its_config(spec: Object, other: Any, steps: list[int]) -> None:
    world = World(**{**spec, "externalAuthConfigRef": {"name": "tx"}})
    config = world.get(MCP_EXTERNAL_AUTH_CONFIG, "tx")
    world.cluster.put(deleting(config))
    world.apply(**other)
    for number in steps:
        world.step(number)

    going = world.get(MCP_SERVER, "demo")
    world.put(deleting(going))

    assert world.cluster.get((MCP_SERVER.key, NAMESPACE, "demo")) is None
    assert [
        obj for kind in MCP_SERVER_KINDS for obj in world.cluster.owned(going["metadata"]["uid"], kind, NAMESPACE)
    ] == []
