"""What the hooks cost a cluster: counted in calls and bytes, which the load of the machine can only make fewer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from hooks.controllers.configs.users import LISTED_AT_MOST
from tests.controlplane import WatchLog, eventually
from tests.controlplane.assets import ROOT
from tests.e2e.installation import PARENT_KINDS, TOOLHIVE, Installation
from tests.e2e.relay import Call

pytestmark = pytest.mark.e2e

EXAMPLE = ROOT / "examples/token-exchange"
SERVERS = 10
LATE = 3
"""Servers that come one by one, beside many."""
USES = {"externalAuthConfigRef": {"name": "weather-api"}}


def test_from_create_to_running_a_server_takes_at_most_eight_calls(installation: Installation, namespace: str) -> None:
    with WatchLog(installation.cluster, [f"{TOOLHIVE}/MCPServer"], namespace) as log:
        calls = _calls_during(installation, namespace, lambda: _create_servers(installation, namespace))
        messages = [event.object.get("status", {}).get("message", "") for event in log.events()]

    syncs = Counter(call.parent for call in calls if call.hook == "sync")
    assert len(syncs) == SERVERS
    assert syncs.total() <= 8 * SERVERS
    # The call after that of its Role makes it: a note of that would be a write of each status, and a call five s later.
    assert [message for message in messages if "RoleBinding" in message] == []


def test_a_config_hears_nothing_of_servers_that_do_not_use_it(installation: Installation, namespace: str) -> None:
    """Neither is it called for them, nor does what it is sent grow with their number."""
    installation.deploy(namespace, EXAMPLE)
    before = _edit(installation, namespace, "first")

    calls = _calls_during(installation, namespace, lambda: _create_servers(installation, namespace))
    after = _edit(installation, namespace, "other")

    assert [call for call in calls if call.kind == "mcpexternalauthconfig"] == []
    assert abs(after.sent - before.sent) <= 10  # resourceVersion's digits


def test_deleting_a_server_writes_its_status_once(installation: Installation, namespace: str) -> None:
    """Each write would be another call of every config of the namespace that waits for its last server."""
    installation.deploy(namespace, EXAMPLE)
    with WatchLog(installation.cluster, PARENT_KINDS, namespace) as log:
        log.wait_quiet(2)
        installation.cluster.kubectl("delete", "mcpserver", "weather", "-n", namespace)
        log.wait_deleted("MCPServer", "weather")

        statuses = log.history("MCPServer", "weather", lambda server: server.get("status"))

    assert [status["phase"] for status in statuses] == ["Ready", "Terminating"]


def test_a_life_takes_so_many_calls_and_writes_of_status(installation: Installation, namespace: str) -> None:
    """Create, an edit of the config with the rollout that comes of it, delete. Load may fold calls, not add any."""
    installation.deploy(namespace, EXAMPLE)
    since = installation.relay.position()
    with WatchLog(installation.cluster, [f"{TOOLHIVE}/MCPServer"], namespace) as log:
        _calls_during(installation, namespace, lambda: _create_servers(installation, namespace, **USES))
        _edit(installation, namespace, "first")
        log.wait_quiet(3)
        installation.cluster.kubectl("delete", "mcpserver", "--all", "-n", namespace)
        names = [f"other-{number}" for number in range(SERVERS)]
        log.wait_deleted("MCPServer", *names)
        lives = [log.history("MCPServer", name, lambda one: one.get("status")) for name in names]

    calls = [call for call in installation.relay.calls(since=since) if call.parent.startswith(f"{namespace}/other-")]
    assert len(calls) <= 30 * SERVERS
    assert sum(map(len, lives)) <= 12 * SERVERS


def test_a_server_more_on_a_config_and_in_a_group_that_many_use_calls_for_no_other_server(
    installation: Installation, namespace: str
) -> None:
    """So N servers that come one by one cost O(N) calls: those of a config and a group are as many for each of them."""
    installation.deploy(namespace, EXAMPLE)
    group = {"apiVersion": TOOLHIVE, "kind": "MCPGroup", "metadata": {"name": "team"}, "spec": {"description": "all"}}
    installation.cluster.kubectl("apply", "-n", namespace, "-f", "-", input=json.dumps(group))
    uses = {**USES, "groupRef": {"name": "team"}}
    create = partial(_create_servers, installation, namespace, LISTED_AT_MOST + 1, **uses)
    _calls_during(installation, namespace, create)
    with WatchLog(installation.cluster, PARENT_KINDS, namespace) as log:
        log.wait_quiet(3)
        since = installation.relay.position()
        for number in range(LATE):
            create = partial(_create_servers, installation, namespace, 1, f"late-{number}", **uses)
            _calls_during(installation, namespace, create)
            log.wait_quiet(3)  # config and group may be called after the server is Ready

    calls = _calls(installation, namespace, since)
    servers = Counter(call.parent for call in calls if call.kind == "mcpserver")
    late = {f"{namespace}/late-{number}-0" for number in range(LATE)}
    assert late <= servers.keys()
    # While it waited for pods, each of the others asked to be called again after a minute: that one may still come.
    assert [count for parent, count in servers.items() if parent not in late and count > 1] == []
    shared = Counter(call.kind for call in calls if call.kind != "mcpserver")
    assert shared.keys() == {"mcpexternalauthconfig", "mcpgroup"}
    assert max(shared.values()) <= 3 * LATE + 1


def _create_servers(
    installation: Installation, namespace: str, count: int = SERVERS, prefix: str = "other", **refs: Any
) -> None:
    spec: dict[str, Any] = {"image": "ghcr.io/example/weather-mcp:1.4.2", "transport": "streamable-http", **refs}
    servers = [
        {"apiVersion": TOOLHIVE, "kind": "MCPServer", "metadata": {"name": f"{prefix}-{number}"}, "spec": spec}
        for number in range(count)
    ]
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": servers})
    installation.cluster.kubectl("apply", "-n", namespace, "-f", "-", input=manifest)


def _calls_during(installation: Installation, namespace: str, change: Callable[[], None]) -> list[Call]:
    """The namespace's hook calls from a change until all its servers are Ready."""
    since = installation.relay.position()
    change()

    def running() -> bool:
        servers = installation.cluster.objects(f"{TOOLHIVE}/MCPServer", namespace)
        phases = Counter(server.get("status", {}).get("phase") for server in servers)
        assert set(phases) == {"Ready"}, phases
        return True

    eventually(running, 180)
    return _calls(installation, namespace, since)


def _calls(installation: Installation, namespace: str, since: int) -> list[Call]:
    """The namespace's hook calls since a position."""
    return [call for call in installation.relay.calls(since=since) if call.parent.startswith(f"{namespace}/")]


def _edit(installation: Installation, namespace: str, audience: str) -> Call:
    """Edit the config; return the sync call that comes of it."""
    since = installation.relay.position()
    patch = json.dumps({"spec": {"tokenExchange": {"audience": f"https://{audience}.example.com"}}})
    installation.cluster.kubectl(
        *("patch", "mcpexternalauthconfig", "weather-api", "-n", namespace, "--type=merge", "-p", patch)
    )

    def syncs() -> list[Call]:
        calls = installation.relay.calls(since=since, kind="mcpexternalauthconfig", hook="sync")
        return [call for call in calls if call.parent == f"{namespace}/weather-api"]

    return eventually(syncs)[0]
