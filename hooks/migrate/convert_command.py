"""`toolhive-hooks migrate --convert`, less its command line: old fields in the cluster become current ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TextIO

import click

from hooks.api.kinds import RESOURCES, WORKLOADS
from hooks.cluster import ClusterError, Conflict, LiveCluster, Unreachable
from hooks.convert.configs import SECRET_KEY
from hooks.kubernetes.kinds import SECRET
from hooks.kubernetes.objects import Object, is_deleting
from hooks.manifests.load import InputError
from hooks.migrate import checks
from hooks.migrate.backup import RESTORE, write_backup
from hooks.migrate.command import DONE, LEFT, REFUSED
from hooks.migrate.copies import as_copied
from hooks.migrate.dialects import old_fields
from hooks.migrate.dropped import dropped_fields
from hooks.migrate.operators import running
from hooks.migrate.rewrites import Rewrite, Rewrites, holds, rewrites
from hooks.text import one_line, title

_KINDS = {kind.kind: kind for kind in (*RESOURCES, SECRET)}


def convert_command(
    live: LiveCluster,
    *,
    namespace: str,
    apply: bool,
    forced: bool,
    backup: Path | None,
    copy: Path | None,
    operator_namespace: str,
    now: datetime,
    stdout: TextIO,
    stderr: TextIO,
) -> int:
    """Show, and with `apply` make, the rewrites that bring a cluster's workloads to their current fields.

    Args:
        live: the user's cluster.
        namespace: the only one to work in; all of them without it.
        apply: whether to change anything.
        forced: whether those are rewritten that a GitOps tool owns.
        backup: the file that gets the objects as they were; None for one named after the time.
        copy: a copy of the objects from before these hooks' CRDs were put in place, which hide fields of some releases.
        operator_namespace: where to look for the old operator; everywhere without it.
        now: the time.
        stdout: gets the plan.
        stderr: gets the refusals, and what is left.

    Returns:
        The exit code, as that of `migrate_command`.

    Raises:
        ClusterError: the cluster can't be asked.
    """
    workloads = [obj for kind in WORKLOADS for obj in live.list(kind, namespace) if not is_deleting(obj)]
    try:
        workloads, changed = as_copied(workloads, copy) if copy else (workloads, [])
        why = [*_refusals(live, workloads), *(running(live, operator_namespace, now, namespace) if apply else ())]
    except InputError as error:
        why = [str(error)]
    if checks.refused(why, stderr):
        return REFUSED
    configs = [obj for kind in RESOURCES if kind not in WORKLOADS for obj in live.list(kind, namespace)]
    found = rewrites(live, workloads, configs, forced=forced)
    found.left += changed
    _show(found, stdout, stderr)
    if not apply or not found.rewrites:
        click.echo(_to_do(len(found.rewrites)), stdout)
        return LEFT if found.left else DONE
    path = backup or Path(f"toolhive-hooks-before-convert-{now:%Y%m%dT%H%M%SZ}.yaml")
    return _apply(live, found, path, copied=copy is not None, stdout=stdout, stderr=stderr)


def _to_do(count: int) -> str:
    return f"{count} to convert; --convert --apply does it" if count else "nothing to convert"


def _apply(live: LiveCluster, found: Rewrites, backup: Path, *, copied: bool, stdout: TextIO, stderr: TextIO) -> int:
    """Write the backup, then rewrite; returns the exit code."""
    try:
        write_backup(backup, (rewrite.old for rewrite in found.rewrites))
    except OSError as error:
        checks.refused([f"the backup {backup} can't be written: {error.strerror}. Give --backup FILE"], stderr)
        return REFUSED
    back = "" if copied else f" To go back: {RESTORE} {backup}"  # these CRDs wouldn't take what only the copy has
    click.echo(f"backup: {backup} (client secrets may be in it).{back}", stdout)
    failures = _carry_out(live, found.rewrites, stderr)
    for failure in failures:
        click.echo(one_line(failure), stderr)
    count = len(found.rewrites)
    click.echo(f"{count - len(failures)} of {count} converted", stdout)
    return LEFT if failures or found.left else DONE


def _refusals(live: LiveCluster, workloads: list[Object]) -> Iterator[str]:
    """Yield why nothing can be converted here."""
    installed = checks.installed_crds(live)
    yield from checks.crd_faults(live, installed)
    yield from checks.crd_notes(installed)
    yield from checks.missing_crds(installed)
    yield from dropped_fields(workloads)


def _show(found: Rewrites, stdout: TextIO, stderr: TextIO) -> None:
    """Print what is added and rewritten, and of each note once which objects it is about."""
    notes: dict[str, list[str]] = {}
    for rewrite in found.rewrites:
        fields = ", ".join(old_fields(rewrite.old))
        click.echo(f"{title(rewrite.old)}: {fields}", stdout)
        for obj in rewrite.additions:
            click.echo(f"  + {title(obj)}", stdout)
        for note in rewrite.new.notes:
            notes.setdefault(note, []).append(title(rewrite.old))
        if any(obj["kind"] == "Secret" for obj in rewrite.additions):
            note = "its pods roll once: the client secret moves from the spec, where it was in plain text, to a Secret"
            notes.setdefault(note, []).append(title(rewrite.old))
    for note, about in notes.items():
        click.echo(f"note: {one_line(note)}: {', '.join(about)}", stderr)
    for text in found.left:
        click.echo(f"left: {one_line(text)}", stderr)


def _carry_out(live: LiveCluster, rewrites: Iterable[Rewrite], stderr: TextIO) -> list[str]:
    """Add configs, then rewrite; returns why some couldn't be.

    A workload never turns to a config that isn't there.
    """
    failures: list[str] = []
    missing: set[tuple[str, str, str]] = set()
    for number, rewrite in enumerate(rewrites, 1):
        namespace = rewrite.old["metadata"]["namespace"]
        try:
            for obj in rewrite.additions:
                _add(live, obj, missing)
            names = {(namespace, w.kind, rewrite.new.obj["spec"][w.ref]["name"]) for w in rewrite.new.wanted}
            if names & missing:
                failures.append(f"failed: {title(rewrite.old)}: a config that it is to refer to couldn't be made")
                continue
            live.patch(_KINDS[rewrite.old["kind"]], rewrite.old, rewrite.patch())
        except Unreachable as error:
            stopped = f"stopped at {title(rewrite.old)}: {error}. Run this again: finished changes are left alone"
            return [*failures, stopped]
        except Conflict as error:
            failures.append(f"failed: {title(rewrite.old)}: {error}. Run this again")
        except ClusterError as error:
            failures.append(f"failed: {title(rewrite.old)}: {error}")
        if number % 100 == 0:
            click.echo(f"{number} done", stderr)
    return failures


def _add(live: LiveCluster, obj: Object, missing: set[tuple[str, str, str]]) -> None:
    """Create an object; a Secret that an interrupted run made is as good.

    Raises:
        ClusterError: it can't be made; `missing` has it then.
    """
    metadata = obj["metadata"]
    try:
        live.create(_KINDS[obj["kind"]], obj)
    except ClusterError as error:
        is_secret = isinstance(error, Conflict) and obj["kind"] == SECRET.kind
        if is_secret and holds(live, metadata["namespace"], metadata["name"], obj["stringData"][SECRET_KEY]):
            return
        missing.add((metadata["namespace"], obj["kind"], metadata["name"]))
        raise
