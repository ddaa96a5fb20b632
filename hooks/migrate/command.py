"""`toolhive-hooks migrate`, less its command line: what is looked at, what is said and done, and the exit code."""

from __future__ import annotations

from datetime import datetime
from typing import TextIO

import click

from hooks.cluster import LiveCluster
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object
from hooks.migrate import checks
from hooks.migrate.carry_out import carry_out
from hooks.migrate.dialects import displaced_by_the_way_back, lost_by_the_way_back
from hooks.migrate.directions import give_back, take_over
from hooks.migrate.dropped import dropped_fields
from hooks.migrate.load import PARENTS, load, without_servers
from hooks.migrate.operators import at_work_elsewhere, release, running
from hooks.migrate.plan import Plan
from hooks.migrate.rolls import rolls
from hooks.simulator.cluster import Cluster
from hooks.text import one_line

DONE, LEFT, REFUSED = 0, 1, 2
"""Exit codes: nothing is left to do, but for `--apply`; something couldn't be changed; nothing was changed at all."""


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
    """Show, and with `apply` make, the changes that take over from the old operator, or give back to it.

    Args:
        cluster: the user's.
        namespace: the only one to work in; all of them without it.
        apply: whether to change anything.
        revert: whether to go back.
        operator_namespace: where to look for the old operator; everywhere without it.
        now: the time.
        stdout: gets the plan, or what was done.
        stderr: gets the refusals and notes, and the progress bar.

    Returns:
        The exit code: see `DONE`.

    Raises:
        ClusterError: the cluster can't be asked.
    """
    loaded = load(cluster, namespace)
    faults: list[str] = []
    if revert:
        obstacles = [
            *checks.metacontroller(cluster),
            *lost_by_the_way_back(loaded, release(cluster, operator_namespace)),
        ]
        notes = [*displaced_by_the_way_back(loaded)]
    else:
        installed = checks.installed_crds(cluster)
        faults = _faults(cluster, installed, loaded)
        obstacles = [*running(cluster, operator_namespace, now, namespace), *checks.unserved(cluster, namespace)]
        notes = [*at_work_elsewhere(cluster, namespace), *checks.crd_notes(installed)]
    if checks.refused([*faults, *(obstacles if apply else ())], stderr):  # a plan is shown in spite of obstacles
        return REFUSED
    plan = (give_back if revert else take_over)(loaded)
    elsewhere = [checks.elsewhere(revert=revert)] if namespace else []
    plan.notes = [*elsewhere, *plan.notes, *without_servers(loaded, namespace), *notes, *obstacles]
    _show(plan, stdout, stderr, back=revert)
    made, failures = carry_out(cluster, plan, stderr) if apply else (0, [])
    for failure in failures:
        click.echo(one_line(failure), stderr)
    click.echo(_summary(len(plan.changes), made, apply=apply), stdout)
    return LEFT if failures or plan.left else DONE


def _faults(cluster: LiveCluster, installed: list[tuple[Kind, Object]], loaded: Cluster) -> list[str]:
    """Why these objects can't be taken over, even as a plan."""
    dropped = dropped_fields(obj for kind in PARENTS for obj in loaded.all(kind))
    return [*checks.crd_faults(cluster, installed), *dropped]


def _show(plan: Plan, stdout: TextIO, stderr: TextIO, *, back: bool) -> None:
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
    for line in rolls(plan, back=back):
        click.echo(line, stdout)


def _summary(count: int, made: int, *, apply: bool) -> str:
    if not count:
        return "nothing to change"
    changes = f"{count} change{'' if count == 1 else 's'}"
    if not apply:
        return f"{changes} to make; --apply makes {'it' if count == 1 else 'them'}"
    return f"{made} of {changes} made" if made < count else f"{changes} made"
