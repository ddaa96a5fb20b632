"""The hooks answer wrongly, late, half or not at all for a while: what users do meanwhile is done, and no more."""

from __future__ import annotations

import time

import pytest

from tests.controlplane import eventually
from tests.e2e.chaos.fleet import Fleet, config, deleted, pods_made, server
from tests.e2e.installation import TOOLHIVE, Installation
from tests.e2e.relay import Fault

pytestmark = [pytest.mark.e2e, pytest.mark.chaos, pytest.mark.timeout(900)]

FAULTS = {
    "500": Fault(answer=(500, b"mcpserver sync failed\n")),
    "slow": Fault(delay=12),  # Metacontroller gives up after 10 s
    "garbage": Fault(answer=(200, b"<html>It works!</html>")),
    "JSON of something else": Fault(answer=(200, b'["it", "works"]')),
    "cut short": Fault(cut=True),
}
CALLS = 20
OUTAGE_SECONDS = 120


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_answers_that_are_none_change_nothing(fleet: Fleet, fault: Fault) -> None:
    relay = fleet.installation.relay
    assert relay is not None
    with fleet.watch() as log:
        calls = relay.position()
        with relay.failing(fault):
            fleet.roll()
            fleet.patch("mcpserver", fleet.bystanders[0], {"args": [f"--edit={fleet.edits}"]})
            eventually(lambda: relay.position() - calls >= CALLS, message="the hooks are not called")
            assert deleted(log) == []
            assert not any(log.rollouts(name) for name in [*fleet.users, *fleet.bystanders])
        fleet.settle()
        log.wait_quiet(3)

        edited = [*fleet.users, fleet.bystanders[0]]
        assert {name: log.rollouts(name) for name in edited} == dict.fromkeys(edited, 1)
        assert pods_made(log) == dict.fromkeys(edited, 1)
        assert deleted(log) == []


def test_two_minutes_without_hooks(installation: Installation) -> None:
    """Users edit, create and delete meanwhile; nothing of theirs is lost, and nothing happens that they did not ask."""
    cluster = installation.cluster
    fleet = Fleet.deploy(installation, "outage", users=6, bystanders=3)
    edited, moved, deleted_one, *others = fleet.users
    robbed = fleet.bystanders[0]
    with fleet.watch() as log:
        cluster.processes["hooks"].kill()
        down = time.monotonic()
        fleet.patch("mcpserver", edited, {"args": ["--verbose"]})
        fleet.apply(config("another"), server("new", "another"))
        fleet.patch("mcpserver", moved, {"externalAuthConfigRef": {"name": "another"}})
        fleet.delete("mcpserver", deleted_one)
        fleet.delete("mcpexternalauthconfig", "shared")  # in use, so it stays
        fleet.delete("service", f"mcp-{robbed}-proxy")
        fleet.patch("mcpserver", edited, {"args": ["--verbose", "--twice"]})
        # Not a wait for something: that long the hooks are away.
        time.sleep(max(OUTAGE_SECONDS - (time.monotonic() - down), 0))
        assert deleted(log) == [f"Service/mcp-{robbed}-proxy"]
        assert not any(log.rollouts(name) for name in [*fleet.users, *fleet.bystanders])
        assert cluster.get(f"{TOOLHIVE}/MCPServer", deleted_one, fleet.namespace) is not None
        cluster.processes["hooks"].restart()

        fleet.settle(going={"shared"})
        log.wait_quiet(3)
        assert installation.external_auth(fleet.namespace, "shared")["status"]["referencingServers"] == sorted(
            [edited, *others]
        )
        assert {name: log.rollouts(name) for name in [edited, moved, *others, *fleet.bystanders]} == {
            **dict.fromkeys([edited, moved], 1),
            **dict.fromkeys([*others, *fleet.bystanders], 0),
        }
        assert pods_made(log) == dict.fromkeys([edited, moved, "new"], 1)
        assert deleted(log) == sorted([*(_all_of(deleted_one)), f"Service/mcp-{robbed}-proxy"])

        for name in [edited, *others]:
            fleet.delete("mcpserver", name)
        fleet.settle()
        assert cluster.get(f"{TOOLHIVE}/MCPExternalAuthConfig", "shared", fleet.namespace) is None


def _all_of(name: str) -> list[str]:
    """A server and its children."""
    return [
        *(f"MCPServer/{name}", f"Deployment/{name}", f"Service/mcp-{name}-proxy", f"ConfigMap/{name}-runconfig"),
        *(f"ServiceAccount/{name}-proxy-runner", f"ServiceAccount/{name}-sa"),
        *(f"Role/{name}-proxy-runner", f"RoleBinding/{name}-proxy-runner"),
    ]
