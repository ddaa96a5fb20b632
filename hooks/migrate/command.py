"""`toolhive-hooks migrate`, less its command line: what is looked at, what is said and done, and the exit code."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from typing import TextIO

import click

from hooks.api.kinds import MCP_SERVER
from hooks.cluster import ClusterError, Conflict, LiveCluster, Unreachable
from hooks.kubernetes.objects import Object, is_deleting
from hooks.migrate import checks
from hooks.migrate.directions import give_back, take_over
from hooks.migrate.load import load, without_servers
from hooks.migrate.plan import Change, Plan
from hooks.text import one_line, where

DONE, LEFT, REFUSED = 0, 1, 2
"""Exit codes: nothing is left to do, but for `--apply`; something couldn't be changed; nothing was changed at all."""

TRIES = 5
"""How often a change is worked out anew because its object changed meanwhile."""


def migrate_command(
    cluster: LiveCluster,
    *,
    namespace: str,
    apply: bool,
    revert: bool,
    operator_namespace: str,
    now: datetime,
    stdout: TextIO,
    stderr: TextIO,
) -> int:
    """Say, and with `apply` do, what takes over from the old operator, or goes back to it.

    Args:
        cluster: the user's.
        namespace: the only one to work in; all of them without it.
        apply: whether to change anything.
        revert: whether to go back.
        operator_namespace: where to look for the old operator; everywhere without it.
        now: the time.
        stdout: gets the plan, or what was done.
        stderr: gets what stands against it, and the progress bar.

    Returns:
        The exit code: see `DONE`.

    Raises:
        ClusterError: the cluster can't be asked.
    """
    faults = [] if revert else list(checks.crd_faults(cluster))
    still_at_work = list(
        checks.metacontroller(cluster) if revert else checks.operators(cluster, operator_namespace, now)
    )
    refusals = [*faults, *(still_at_work if apply else ())]
    for refusal in refusals:
        click.echo(f"refused: {one_line(refusal)}", stderr)
    if refusals:
        return REFUSED
    loaded = load(cluster, namespace)
    plan = (give_back if revert else take_over)(loaded)
    plan.notes[:0] = [checks.elsewhere(revert=revert)] if namespace else []
    plan.notes += without_servers(loaded, namespace)
    plan.notes += [] if revert else [*checks.crd_notes(cluster), *checks.unserved(cluster, namespace)]
    plan.notes += still_at_work  # only --apply is refused for these
    _show(plan, stdout, stderr)
    made, failures = _carry_out(cluster, plan, stderr) if apply else (0, [])
    for failure in failures:
        click.echo(one_line(failure), stderr)
    click.echo(_summary(len(plan.changes), made, apply=apply), stdout)
    return LEFT if failures or plan.left else DONE


def _show(plan: Plan, stdout: TextIO, stderr: TextIO) -> None:
    """Print the plan, object by object, each namespace's together; written is in the plan's own order."""
    wide = max((len(change.title) for change in plan.changes), default=0)
    shown = ""
    for change in sorted(plan.changes, key=lambda change: change.obj["metadata"]["namespace"]):
        namespace = change.obj["metadata"]["namespace"]
        if namespace != shown:
            click.echo(f"namespace {namespace}", stdout)
            shown = namespace
        click.echo(f"  {change.title:{wide}}  {change.text}", stdout)
    for text in plan.notes:
        click.echo(f"note: {one_line(text)}", stderr)
    for text in plan.left:
        click.echo(f"left: {one_line(text)}", stderr)


def _carry_out(cluster: LiveCluster, plan: Plan, stderr: TextIO) -> tuple[int, list[str]]:
    """Make the changes, one after the other; how many could be made, and why others couldn't.

    A server keeps its finalizer where something of its namespace couldn't be changed: one that is being deleted would
    go, and might leave something behind. Where the API server is gone, nothing more is tried.
    """
    made = 0
    failures: list[str] = []
    troubled: set[str] = set()
    bar = click.progressbar(plan.changes, file=stderr, label="Migrating") if stderr.isatty() else None
    with bar or nullcontext(plan.changes) as changes:
        for change in changes:
            namespace = change.obj["metadata"]["namespace"]
            what = f"{change.kind.kind} {where(change.obj)}"
            if change.kind == MCP_SERVER and namespace in troubled:
                failures.append(f"failed: {what}: not tried, since something before it failed in its namespace")
                continue
            try:
                _make(cluster, change)
            except Unreachable as error:
                failures.append(f"stopped at {what}: {error}. Run this again: what is done is left alone")
                break
            except ClusterError as error:
                troubled.add(namespace)
                failures.append(f"failed: {what}: {error}")
            else:
                made += 1
    return made, failures


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


def _summary(count: int, made: int, *, apply: bool) -> str:
    if not count:
        return "nothing to change"
    changes = f"{count} change{'' if count == 1 else 's'}"
    if not apply:
        return f"{changes} to make; --apply makes {'it' if count == 1 else 'them'}"
    return f"{made} of {changes} made" if made < count else f"{changes} made"
