"""The writes of a plan, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TextIO

import click

from hooks.api.kinds import WORKLOADS
from hooks.cluster import ClusterError, Conflict, LiveCluster, Unreachable
from hooks.kubernetes.objects import Object, is_deleting
from hooks.migrate.plan import Change, Plan
from hooks.text import where

TRIES = 5
"""How often a change is worked out anew because its object changed meanwhile."""

TOLD_EACH = 100


def carry_out(cluster: LiveCluster, plan: Plan, stderr: TextIO) -> tuple[int, list[str]]:
    """Make the changes, one after the other; how many could be made, and why others couldn't.

    A workload keeps its finalizer where something of its namespace couldn't be changed: one that is being deleted would
    go, and might leave something behind. Where the API server is gone, nothing more is tried.
    """
    made = 0
    failures: list[str] = []
    troubled: set[str] = set()
    with _with_progress(plan.changes, stderr) as changes:
        for change in changes:
            namespace = change.obj["metadata"]["namespace"]
            what = f"{change.kind.kind} {where(change.obj)}"
            if change.kind in WORKLOADS and namespace in troubled:
                failures.append(f"failed: {what}: not tried, since something before it failed in its namespace")
                continue
            try:
                _make(cluster, change)
            except Unreachable as error:
                failures.append(f"stopped at {what}: {error}. Run this again: finished changes are left alone")
                break
            except ClusterError as error:
                troubled.add(namespace)
                failures.append(f"failed: {what}: {error}")
            else:
                made += 1
    return made, failures


def _with_progress(changes: list[Change], stderr: TextIO) -> AbstractContextManager[Iterable[Change]]:
    """Return the changes, with a bar where a person looks on, and with a line for each hundred elsewhere."""
    if stderr.isatty():
        return click.progressbar(changes, file=stderr, label="Migrating")
    return nullcontext(_told(changes, stderr))


def _told(changes: list[Change], stderr: TextIO) -> Iterator[Change]:
    for number, change in enumerate(changes, 1):
        yield change
        if number % TOLD_EACH == 0:
            click.echo(f"{number} of {len(changes)}", stderr)


def _make(cluster: LiveCluster, change: Change) -> None:
    """Write one change, unless its object needs it no more.

    Raises:
        ClusterError: it can't be made.
    """
    obj: Object | None = change.obj
    for attempt in range(1, TRIES + 1):
        patch = change.patch(obj) if obj else None
        if obj is None or patch is None:
            return
        try:
            cluster.patch(change.kind, obj, patch)
        except Conflict:
            if attempt == TRIES:
                raise
            obj = cluster.get(change.kind, obj["metadata"]["name"], obj["metadata"]["namespace"])
            if obj and _since(change.obj) != _since(obj):
                # The plan was for another state: a config in use, say, that would go without its finalizer.
                raise Conflict("it was deleted or replaced meanwhile: run this again") from None
        else:
            return


def _since(obj: Object) -> tuple[str, bool]:
    return obj["metadata"]["uid"], is_deleting(obj)
