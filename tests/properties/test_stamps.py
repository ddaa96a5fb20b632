"""After any events, RunConfig and pod template come to rest with one generation stamp, by few rollouts."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hooks.api.kinds import MCP_SERVER
from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, STATEFUL_SET
from hooks.kubernetes.objects import Object
from hooks.proxy import names
from tests.offline import World
from tests.stamps import RUN_CONFIG, stamps, unstamped_template
from tests.strategies import good_specs
from tests.unordered import unordered
from tests.world import NAMESPACE, made


@dataclass
class Stamped:
    """A server, and its StatefulSet as a proxy runner makes it."""

    world: World
    spec: Object
    history: list[int] = field(default_factory=list)
    """The stamp after each event, whatever kind it was of."""

    @property
    def generation(self) -> int:
        return int(self.world.get(MCP_SERVER, "demo")["metadata"]["generation"])

    @property
    def theirs(self) -> int:
        """The stamp of the StatefulSet; 0 without one."""
        found = self.world.cluster.get((STATEFUL_SET.key, NAMESPACE, "demo"))
        return int(found["spec"]["template"]["metadata"]["annotations"][names.MCPSERVER_GENERATION]) if found else 0

    def edit(self, spec: Object) -> None:
        self.spec = spec
        self.world.edit(**spec)

    def edit_unnoticed(self) -> None:
        """An edit of the Service alone, of which neither RunConfig nor pod template has anything."""
        overrides = {**self.spec.get("resourceOverrides", {}), "proxyService": {"labels": {"at": str(self.generation)}}}
        self.edit({**self.spec, "resourceOverrides": overrides})

    def start_proxy(self, stamp: int | None = None) -> None:
        """A proxy starts, of the newest template, or with the stamp of an older one: a stale one changes nothing."""
        ours = stamps(self.world.children())[1] if stamp is None else stamp
        if ours >= self.theirs:
            self.restore(ours)

    def restore(self, stamp: int) -> None:
        """A StatefulSet with this stamp is there all at once."""
        metadata = {"annotations": {names.MCPSERVER_GENERATION: str(stamp)}}
        template = {"metadata": metadata, "spec": {"containers": [{"name": "mcp", "image": "ghcr.io/acme/old:1"}]}}
        labels = {"app": "demo", "toolhive": "true", "toolhive-name": "demo"}
        self.world.put(made(STATEFUL_SET, "demo", metadata={"labels": labels}, spec={"template": template}))

    def lose(self) -> None:
        """Somebody deletes the StatefulSet."""
        key = (STATEFUL_SET.key, NAMESPACE, "demo")
        if self.world.cluster.get(key):
            self.world.cluster.delete(key)
            self.world.settle()

    def meddle(self, number: Any, digest: str | None) -> None:
        """A tenant edits the RunConfig: its stamp, its hash."""
        config_map = copy.deepcopy(self.world.get(CONFIG_MAP, "demo-runconfig"))
        run = json.loads(config_map["data"][RUN_CONFIG])
        config_map["data"][RUN_CONFIG] = json.dumps({**run, "mcpserver_generation": number})
        if digest is not None:
            config_map["metadata"]["annotations"][names.WORKLOAD_HASH] = digest
        self.world.put(config_map)


NUMBERS = st.integers(1, 12)
EDITS = st.tuples(st.just("edit"), good_specs()) | st.tuples(st.just("edit_unnoticed"))
STARTS = st.tuples(st.just("start_proxy"))
HANDS = (
    st.tuples(st.just("start_proxy"), NUMBERS)
    | st.tuples(st.just("restore"), NUMBERS | st.just(2**63 - 1))
    | st.tuples(st.just("lose"))
    | st.tuples(
        st.just("meddle"),
        st.integers(-1, 12) | st.sampled_from([2**63 - 1, 2**63, "3", None, True]),
        st.none() | st.just(""),
    )
)


def run(events: list[tuple[Any, ...]], spec: Object) -> Stamped:
    """Let all this happen, with a rest after each, to which `settle` sees. Each event rolls the pods once at most."""
    server = Stamped(World(**spec), spec)
    for name, *arguments in events:
        before = len(server.world.templates)
        getattr(server, name)(*arguments)
        file, template = stamps(server.world.children())
        assert file == template
        assert server.theirs <= file <= max(server.generation, server.theirs)
        assert len(server.world.templates) <= before + (name != "edit_unnoticed")
        server.history.append(file)
    return server


@given(good_specs(), st.lists(EDITS | STARTS, max_size=6))
def test_edits_and_proxies_that_start_never_take_a_stamp_down(spec: Object, events: list[tuple[Any, ...]]) -> None:
    """A number goes up with what the pods are made from, and stays where that stays: no two templates share one."""
    server = run(events, spec)

    assert server.history == sorted(server.history)
    numbers = [stamp_of(template) for template in server.world.templates]
    assert numbers == sorted(set(numbers))


@given(good_specs(), st.lists(EDITS | STARTS | HANDS, max_size=6))
def test_an_edit_by_hand_causes_one_rollout_at_most(spec: Object, events: list[tuple[Any, ...]]) -> None:
    server = run(events, spec)

    fresh = World(**server.spec).get(DEPLOYMENT, "demo")["spec"]["template"]
    ours = server.world.get(DEPLOYMENT, "demo")["spec"]["template"]
    assert unordered(unstamped_template(ours)) == unordered(unstamped_template(fresh))


def stamp_of(template: Object) -> int:
    return int(template["metadata"]["annotations"][names.MCPSERVER_GENERATION])
