"""What happens in the benchmark: the life of N servers on one config, days of rest, and a mixed fleet."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from tests.bench import fleet, peers
from tests.bench.run import CHILDREN, Run

PHASES = {
    "create": "every server's RunConfig, Deployment and Service are there",
    "ready": "every server is Ready",
    "edit": "the config's edit is in every RunConfig",
    "rotate": "the secret's new content is known to every Deployment",
    "delete": "the servers are gone, while the config waits for them",
    "release": "the config is gone, from the last server's end on",
    "nothing left": "their pods and children are gone, too",
}
RESYNC_SECONDS = 10
REST_SECONDS = 25
SERVERS_A_SECOND = 1


class Scenario(NamedTuple):
    """One of them, and for what it is."""

    live: Callable[[Run, str], None]
    of: tuple[str, ...]
    """Whose cost it compares."""
    kinds: tuple[str, ...] = fleet.SHARING
    resync_seconds: int = 0


def shared(run: Run, peer: str) -> None:
    """A life of servers that share a config."""
    api = run.peer.api
    run.create(fleet.shared_config(api))
    made = {"Deployment": run.servers, "Service": run.servers, "ConfigMap": run.servers}

    def created() -> bool:
        return all(len(run.objects(kind)) >= count for kind, count in made.items())

    with run.phase("create", created, ready=lambda: run.all("MCPServer", lambda kept: kept["ready"])):
        run.each(lambda number: run.create(fleet.server(number, api)), range(run.servers))
    with run.phase("edit", lambda: run.all("ConfigMap", lambda kept: kept["edited"])):
        patch = {"spec": {"tokenExchange": {"audience": "https://edited.acme.test"}}}
        run.send("PATCH", f"mcpexternalauthconfigs/{fleet.CONFIG}", patch)
    if peer not in peers.OPERATORS:  # they give the pods the Secret, and roll none when that changes
        before = [kept["template"] for kept in run.objects("Deployment")]
        with run.phase("rotate", lambda: run.all("Deployment", lambda kept: kept["template"] not in before)):
            run.send("PATCH", "secrets/tx-oauth", {"data": fleet.secret("rotated")["data"]})
    run.send("DELETE", f"mcpexternalauthconfigs/{fleet.CONFIG}")
    later = {"release": lambda: not run.objects("MCPExternalAuthConfig"), "nothing left": lambda: _nothing_left(run)}
    with run.phase("delete", lambda: not run.objects("MCPServer"), **later):
        run.each(lambda number: run.send("DELETE", f"mcpservers/server-{number}"), range(run.servers))
    waited = run.phases["release"]["seconds"] - run.phases["delete"]["seconds"]
    run.phases["release"]["seconds"] = round(waited, 2)


def calm(run: Run, peer: str) -> None:
    """Servers at rest, with a short resync period; a restart of Metacontroller; servers that come one by one."""
    api = run.peer.api
    run.create(fleet.shared_config(api))
    half = run.servers // 2
    with run.phase("at once", lambda: run.all("MCPServer", lambda kept: kept["ready"], half)):
        run.each(lambda number: run.create(fleet.server(number, api)), range(half))
    run.rest("rest", REST_SECONDS)
    before = run.cluster.processes["metacontroller"]
    before.kill()
    before.restart()
    run.rest("restart", RESYNC_SECONDS)
    with run.phase("trickle", lambda: run.all("MCPServer", lambda kept: kept["ready"])):
        for number in range(half, run.servers):
            run.create(fleet.server(number, api))
            time.sleep(1 / SERVERS_A_SECOND)


def mixed(run: Run, peer: str) -> None:
    """Servers and proxies that use ten configs of six kinds, in one namespace."""
    configs = fleet.mixed_configs()
    run.each(run.create, configs)
    workloads = [fleet.mixed_workload(number) for number in range(run.servers)]

    def ready() -> bool:
        found = [*run.objects("MCPServer"), *run.objects("MCPRemoteProxy")]
        return len(found) == run.servers and all(kept["ready"] for kept in found)

    with run.phase("create", ready):
        run.each(run.create, workloads)
    with run.phase("edit", lambda: run.all("ConfigMap", lambda kept: kept["edited"])):
        for number in range(2):
            patch = {"spec": {"inline": {"issuer": "https://edited.acme.test"}}}
            run.send("PATCH", f"mcpoidcconfigs/oidc-{number}", patch)
    run.each(lambda obj: run.send("DELETE", f"{fleet.plural(obj)}/{obj['metadata']['name']}"), configs)
    later = {
        "release": lambda: not run.objects("MCPExternalAuthConfig"),
        "nothing left": lambda: _nothing_left(run),
    }
    with run.phase("delete", lambda: not any(map(run.objects, run.peer.api.workloads)), **later):
        run.each(lambda obj: run.send("DELETE", f"{fleet.plural(obj)}/{obj['metadata']['name']}"), workloads)


def _nothing_left(run: Run) -> bool:
    """Whether pods and children are gone too: an operator's servers go before them."""
    return not any(run.objects(kind.rpartition("/")[2]) for kind in (*run.peer.api.workloads, *CHILDREN))


SCENARIOS = {
    "shared": Scenario(shared, (peers.OURS, peers.PLACEHOLDER, peers.LOOKING, *peers.OPERATORS)),
    "calm": Scenario(calm, (peers.OURS, peers.PLACEHOLDER), resync_seconds=RESYNC_SECONDS),
    "mixed": Scenario(mixed, (peers.OURS,), kinds=fleet.MIXED),
}
