"""What the hooks cost a cluster: counted in calls and bytes, which the load of the machine can only make fewer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.controlplane import WatchLog, eventually
from tests.controlplane.assets import ROOT
from tests.e2e.installation import PARENT_KINDS, TOOLHIVE, Installation
from tests.e2e.relay import Call

pytestmark = pytest.mark.e2e

EXAMPLE = ROOT / "examples/token-exchange"
SERVERS = 10


def test_from_create_to_running_a_server_takes_at_most_eight_calls(installation: Installation, namespace: str) -> None:
    calls = _calls_during(installation, namespace, lambda: _create_servers(installation, namespace))

    syncs = Counter(call.parent for call in calls if call.hook == "sync")
    assert len(syncs) == SERVERS
    assert syncs.total() <= 8 * SERVERS


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

        statuses = log.history("MCPServer", "weather", lambda server: server.get("status"))

    assert [status["phase"] for status in statuses] == ["Ready", "Terminating"]


def _create_servers(installation: Installation, namespace: str) -> None:
    spec: dict[str, Any] = {"image": "ghcr.io/example/weather-mcp:1.4.2", "transport": "streamable-http"}
    servers = [
        {"apiVersion": TOOLHIVE, "kind": "MCPServer", "metadata": {"name": f"other-{number}"}, "spec": spec}
        for number in range(SERVERS)
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

    eventually(running, 60)
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
