"""Something is killed in the middle of a rollout: it goes on, once for each server, and nothing is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import TypeAlias

import pytest

from tests.controlplane import WatchLog, eventually
from tests.e2e.chaos.fleet import Fleet, deleted, pods_made
from tests.taken import children

pytestmark = [pytest.mark.e2e, pytest.mark.chaos, pytest.mark.timeout(900)]

Kill: TypeAlias = Callable[[Fleet], None]


def kill(name: str) -> Kill:
    """Kill a program as the kernel does, and start it again."""

    def act(fleet: Fleet) -> None:
        process = fleet.installation.cluster.processes[name]
        process.kill()
        process.restart()

    return act


def kill_a_worker(fleet: Fleet) -> None:
    """Kill one of the hooks' processes; the server's master starts another."""
    os.kill(children(fleet.installation.cluster.processes["hooks"].popen.pid)[0], signal.SIGKILL)


KILLS: dict[str, Kill] = {
    "the hooks": kill("hooks"),
    "a worker of the hooks": kill_a_worker,
    "Metacontroller": kill("metacontroller"),
    "the API server": kill("kube-apiserver"),
}


@pytest.mark.parametrize("act", KILLS.values(), ids=KILLS)
def test_a_rollout_of_fifty_goes_on_where_it_was(fleet: Fleet, act: Kill) -> None:
    with fleet.watch() as log:
        fleet.roll()
        for part in (5, 20, 35):  # killed three times on the way
            eventually(lambda part=part: rolled(fleet, log) >= part, timeout=180)
            act(fleet)
        fleet.settle()
        log.wait_quiet(3)

        assert {name: log.rollouts(name) for name in fleet.users} == dict.fromkeys(fleet.users, 1)
        assert set(pods_made(log)) == set(fleet.users)
        if act is not KILLS["the API server"]:  # a pod whose making it had no time to confirm is made twice
            assert set(pods_made(log).values()) == {1}
        assert deleted(log) == []


def rolled(fleet: Fleet, log: WatchLog) -> int:
    """How many servers have their new pod template."""
    return sum(log.rollouts(name) > 0 for name in fleet.users)
