"""`toolhive-hooks migrate` on a real API server, interrupted: by a kill, by others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hooks.metacontroller.last_applied import LAST_APPLIED
from tests import old_operator
from tests.apiserver.api_relay import api_relay
from tests.apiserver.migration.spaces import (
    CASE,
    CHANGES,
    KINDS,
    essence,
    everything,
    killed,
    lay_down,
    migrate,
    spaces,
)
from tests.controlplane import ControlPlane

pytestmark = pytest.mark.apiserver


def test_a_run_that_is_killed_at_any_write_is_finished_by_the_next(cluster: ControlPlane, tmp_path: Path) -> None:
    with spaces(cluster, CHANGES + 1) as [whole, *others]:
        for space in (whole, *others):
            lay_down(cluster, space)
        over, back = ("--apply",), ("--revert", "--apply")
        # Back, it is the same code that writes: three moments are enough.
        for arguments, count, moments in ((over, CHANGES, range(1, CHANGES + 1)), (back, CHANGES - 1, (1, 5, 10))):
            migrate(cluster, whole, *arguments)
            uninterrupted = essence(cluster, whole)
            for moment in moments:
                space, left = others[moment - 1], count - moment
                killed(cluster, tmp_path, space, moment, *arguments)
                result = migrate(cluster, space, *arguments)

                assert result.returncode == 0
                made = f"{left} change{'s' * (left != 1)} made\n" if left else "nothing to change\n"
                assert result.stdout.endswith(made)
                assert essence(cluster, space) == uninterrupted


def test_where_the_api_server_goes_away_nothing_more_is_tried(
    cluster: ControlPlane, laid_down: str, tmp_path: Path
) -> None:
    """It did the third write, but nobody was told."""

    def leave(writes: int) -> None:
        relay.away = writes >= 3

    with api_relay(cluster, tmp_path, leave) as relay:
        result = migrate(cluster, laid_down, "--apply", kubeconfig=relay.kubeconfig)

    assert (result.returncode, len(relay.writes)) == (1, 3)
    assert result.stdout.endswith(f"\n2 of {CHANGES} changes made\n")
    [stopped] = result.stderr.splitlines()
    assert re.fullmatch(
        rf"stopped at ConfigMap {laid_down}/{CASE}-runconfig: http://127\.0\.0\.1:\d+ can't be reached: .*\. "
        "Run this again: finished changes are left alone",
        stopped,
    )
    rest = migrate(cluster, laid_down, "--apply")
    assert (rest.returncode, rest.stdout.splitlines()[-1]) == (0, f"{CHANGES - 3} changes made")


def test_an_object_that_changes_meanwhile_keeps_that_change(
    cluster: ControlPlane, laid_down: str, tmp_path: Path
) -> None:
    """The first patch of the Deployment finds another version than was read; the next is made from that."""
    theirs = {"metadata": {"annotations": {"note": "theirs"}, "finalizers": ["example.test/theirs"]}}

    def edit(writes: int) -> None:
        if writes == 1:
            for kind, name in ((KINDS[2], f"mcp-{CASE}-proxy"), (old_operator.SERVER, CASE)):
                both = [
                    *theirs["metadata"]["finalizers"],
                    *(["mcpserver.toolhive.stacklok.dev/finalizer"] * ("MCP" in kind)),
                ]
                metadata = {**theirs["metadata"], "finalizers": both}
                old_operator.patch(cluster, laid_down, kind, name, {"metadata": metadata})

    with api_relay(cluster, tmp_path, edit) as relay:
        result = migrate(cluster, laid_down, "--apply", kubeconfig=relay.kubeconfig)

    assert (result.returncode, len(relay.writes)) == (0, CHANGES + 2)
    after = everything(cluster, laid_down)
    service, server = after[f"Service/mcp-{CASE}-proxy"]["metadata"], after[f"MCPServer/{CASE}"]["metadata"]
    assert service["annotations"].keys() == {"note", LAST_APPLIED}
    assert "note" not in service["annotations"][LAST_APPLIED]
    assert server["finalizers"] == ["example.test/theirs", "metacontroller.io/compositecontroller-mcpserver"]
    for kind, name in ((KINDS[2], f"mcp-{CASE}-proxy"), (old_operator.SERVER, CASE)):
        old_operator.patch(cluster, laid_down, kind, name, {"metadata": {"finalizers": None}})
