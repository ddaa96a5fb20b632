"""Children lose the label by which Metacontroller knows them, or get another server's."""

from __future__ import annotations

import re

import pytest

from tests.controlplane import WatchLog, eventually
from tests.e2e.chaos.fleet import Fleet, deleted, pods_made
from tests.e2e.installation import CHILD_KINDS, PARENT_KINDS, TOOLHIVE, Installation, conditions

pytestmark = [pytest.mark.e2e, pytest.mark.chaos, pytest.mark.timeout(900)]

KINDS = [kind.rpartition("/")[2].lower() for kind in CHILD_KINDS]


def command_of(fleet: Fleet, name: str, count: int) -> str:
    """The command by which the server says that its children come back, once it says so of so many."""

    def said() -> str:
        status = fleet.installation.server(fleet.namespace, name)["status"]
        assert status["conditions"][0]["reason"] == "ChildReleased", status
        [command] = re.findall("`kubectl (.*?)`", status["message"])
        assert status["message"].startswith(f"{count} objects of this server have lost the label controller-uid")
        return str(command)

    return eventually(said)


def references(fleet: Fleet) -> list[str]:
    found: list[str] = fleet.installation.external_auth(fleet.namespace, "shared")["status"]["referencingServers"]
    return found


def is_running(fleet: Fleet, name: str) -> bool:
    return conditions(fleet.installation.server(fleet.namespace, name))["Ready"] == ("True", "Ready")


def heal(fleet: Fleet, commands: list[str]) -> None:
    for command in commands:
        fleet.installation.cluster.kubectl(*command.split())


def test_labels_taken_from_all_children_cost_nothing_and_each_server_says_how_to_put_them_back(
    installation: Installation,
) -> None:
    cluster = installation.cluster
    fleet = Fleet.deploy(installation, "stripped", users=6, bystanders=2)
    servers = [*fleet.users, *fleet.bystanders]
    with fleet.watch() as log:
        for kind in KINDS:
            cluster.kubectl("label", kind, "--all", "controller-uid-", "-n", fleet.namespace, check=False)

        commands = [command_of(fleet, name, 7) for name in servers]
        assert references(fleet) == sorted(fleet.users)
        fleet.delete("mcpexternalauthconfig", "shared")
        log.wait_quiet(5)
        assert references(fleet) == sorted(fleet.users)

        heal(fleet, commands)
        fleet.settle(going=["shared"])
        log.wait_quiet(3)

        assert deleted(log) == []
        assert pods_made(log) == {}
        assert [log.rollouts(name) for name in servers] == [0] * len(servers)


def test_children_with_another_servers_label_are_still_counted_for_their_own(installation: Installation) -> None:
    cluster = installation.cluster
    fleet = Fleet.deploy(installation, "moved", users=1, bystanders=1)
    [robbed], [robber] = fleet.users, fleet.bystanders
    uid = installation.server(fleet.namespace, robber)["metadata"]["uid"]
    moved = [f"deployment/{robbed}", f"configmap/{robbed}-runconfig", f"serviceaccount/{robbed}-proxy-runner"]
    with WatchLog(cluster, [*CHILD_KINDS, *PARENT_KINDS, "v1/Pod"], fleet.namespace) as log:
        cluster.kubectl("label", *moved, f"controller-uid={uid}", "--overwrite", "-n", fleet.namespace)

        command = command_of(fleet, robbed, 3)
        log.wait_quiet(3)
        assert references(fleet) == [robbed]
        owners = cluster.get("apps/v1/Deployment", robbed, fleet.namespace) or {"metadata": {}}
        assert [owner["name"] for owner in owners["metadata"]["ownerReferences"]] == [robber]

        heal(fleet, [command])
        # Not as new: the robber was asked to keep `replicas` too, and a number that was once sent is sent on.
        eventually(lambda: all(is_running(fleet, name) for name in (robbed, robber)))
        log.wait_quiet(3)

        assert references(fleet) == [robbed]
        assert deleted(log) == []
        assert pods_made(log) == {}
        assert log.rollouts(robbed) == 0
        kept = [value for value in log.history("MCPExternalAuthConfig", "shared", _references) if value]
        assert kept == [[robbed]]


def _references(config: dict[str, dict[str, list[str]]]) -> list[str]:
    return config.get("status", {}).get("referencingServers", [])


def test_a_server_that_is_deleted_takes_children_along_that_carry_its_label_and_theirs_come_back(
    installation: Installation,
) -> None:
    """They are that server's until a user puts the label back; then they are made anew."""
    cluster = installation.cluster
    fleet = Fleet.deploy(installation, "taken-along", users=1, bystanders=1)
    [robbed], [robber] = fleet.users, fleet.bystanders
    uid = installation.server(fleet.namespace, robber)["metadata"]["uid"]
    cluster.kubectl("label", f"service/mcp-{robbed}-proxy", f"controller-uid={uid}", "--overwrite", "-n", "taken-along")

    def released() -> bool:
        status = installation.server(fleet.namespace, robbed)["status"]
        assert status["conditions"][0]["reason"] == "ChildReleased"
        assert "url" not in status
        return True

    eventually(released)
    fleet.delete("mcpserver", robber)
    eventually(lambda: cluster.get(f"{TOOLHIVE}/MCPServer", robber, fleet.namespace) is None)
    fleet.settle()
