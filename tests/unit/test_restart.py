"""Restarting a server by annotation."""

from __future__ import annotations

import pytest

from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.kubernetes.objects import Object
from tests.world import child, observed, running, server, sync

RESTART = "mcpserver.toolhive.stacklok.dev/restarted-at"
PROCESSED = "mcpserver.toolhive.stacklok.dev/last-processed-restart"
STRATEGY = "mcpserver.toolhive.stacklok.dev/restart-strategy"


def deployment(owner: Object, *children: Object) -> Object:
    return child(sync(owner, children), DEPLOYMENT, "demo")


class TestRestart:
    IMMEDIATE = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "100%"}}
    ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}

    def asked(self, time: str, strategy: str = "immediate") -> Object:
        return server(annotations={RESTART: time, STRATEGY: strategy})

    def seen(self, owner: Object, **status: int) -> list[Object]:
        children = running(owner)
        counts = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, **status}
        return [{**obj, "status": counts} if obj["kind"] == "Deployment" else obj for obj in children]

    @pytest.mark.parametrize("time", ["2026-11-01T00:00:00Z", "2026-11-01T00:00:00+01:00"])
    def test_a_time_is_copied_to_the_pods(self, time: str) -> None:
        annotations = deployment(self.asked(time, "rolling"))["spec"]["template"]["metadata"]["annotations"]

        assert annotations[RESTART] == time

    @pytest.mark.parametrize("time", ["", "now", "2026-11-01", "2026-11-01T00:00:00"])
    def test_a_restart_at_no_time_is_ignored(self, time: str) -> None:
        assert deployment(self.asked(time)) == deployment(server())

    def test_immediate_lasts_until_that_rollout_is_complete(self) -> None:
        before = self.seen(server())
        begun = deployment(self.asked("2026-11-01T00:00:00Z"), *before)
        assert begun["spec"]["strategy"] == self.IMMEDIATE

        rolling = [observed(begun, server()) if obj["kind"] == "Deployment" else obj for obj in before]
        assert deployment(self.asked("2026-11-01T00:00:00Z"), *rolling)["spec"]["strategy"] == self.IMMEDIATE

        counts = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}

        def counted(generation: int) -> list[Object]:
            return [
                {**obj, "status": counts, "metadata": {**obj["metadata"], "generation": generation}}
                if obj["kind"] == "Deployment"
                else obj
                for obj in rolling
            ]

        # The counts are those of before the restart, as long as its controller hasn't seen this generation.
        assert deployment(self.asked("2026-11-01T00:00:00Z"), *counted(2))["spec"]["strategy"] == self.IMMEDIATE
        assert deployment(self.asked("2026-11-01T00:00:00Z"), *counted(1))["spec"]["strategy"] == self.ROLLING

    @pytest.mark.parametrize("processed", ["2026-11-01T00:00:00Z", "2026-11-01T02:00:00+01:00"])
    def test_a_restart_that_the_operator_processed_is_not_done_again(self, processed: str) -> None:
        """So its pods aren't taken down at once when they roll for the take-over."""
        time = "2026-11-01T00:00:00Z"
        done = server(annotations={RESTART: time, STRATEGY: "immediate", PROCESSED: processed})
        before = self.seen(server())

        assert deployment(done, *before) == deployment(server(), *before)

    @pytest.mark.parametrize(
        "processed", ["2026-10-31T23:59:59Z", "2026-11-01T00:30:00+01:00", "", "soon", "2026-12-01"]
    )
    def test_a_restart_that_the_operator_did_not_process_is_done(self, processed: str) -> None:
        time = "2026-11-01T00:00:00Z"
        asked = server(annotations={RESTART: time, STRATEGY: "immediate", PROCESSED: processed})

        made = deployment(asked, *self.seen(server()))

        assert made["spec"]["strategy"] == self.IMMEDIATE
        assert made["spec"]["template"]["metadata"]["annotations"][RESTART] == time

    def test_a_new_server_is_not_restarted(self) -> None:
        assert deployment(self.asked("2026-11-01T00:00:00Z"))["spec"]["strategy"] == self.ROLLING


def test_a_restart_that_was_done_is_not_taken_back() -> None:
    """An unreadable time, or none any more, would otherwise roll the pods once more."""
    asked = server(annotations={RESTART: "2026-11-01T00:00:00Z"})
    before = running(asked)

    for later in (server(), server(annotations={RESTART: "soon"})):
        template = deployment(later, *before)["spec"]["template"]
        assert template["metadata"]["annotations"][RESTART] == "2026-11-01T00:00:00Z"
