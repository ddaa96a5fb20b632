"""`toolhive-hooks diff`, less its command line: what is compared, where it is written, and the exit code."""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO, NamedTuple, TextIO

import click

from hooks.api.kinds import WORKLOADS
from hooks.cluster import ClusterError, LiveCluster
from hooks.diff.files import Given, put, read
from hooks.diff.preview import preview
from hooks.diff.show import coloured, is_shown_the_same, sendable, unified
from hooks.installation import Installation
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object
from hooks.manifests.load import Source
from hooks.migrate.checks import installed_crds, unserved_versions
from hooks.migrate.load import load, without_servers
from hooks.proxy import children
from hooks.render.output import wants_colour
from hooks.simulator.cluster import Cluster, Key, key_of
from hooks.text import one_line, title

SAME, DIFFERENT, UNKNOWN = 0, 1, 2
"""Exit codes: as `diff` and `kubectl diff` have them."""


class Options(NamedTuple):
    """What a user asks `diff` for."""

    namespace: str = ""
    """The only one to look at; all of them without it."""
    name: str = ""
    """The only MCPServer or MCPRemoteProxy to look at; all of them without it."""
    labels: str = ""
    """A label selector of those to look at."""
    files: Source | None = None
    """Manifests whose effect is compared; None compares what is in the cluster as it is."""


def diff_command(
    live: LiveCluster,
    options: Options,
    *,
    installation: Installation,
    now: datetime,
    stdin: BinaryIO,
    stdout: TextIO,
    stderr: TextIO,
) -> int:
    """Compare what is in the cluster with what the hooks would make of it.

    Args:
        live: the user's cluster.
        options: what the user asked for.
        installation: the installation's settings.
        now: the time, for conditions; no child has it.
        stdin: what `-` among the files reads.
        stdout: gets the differences.
        stderr: gets what can't be found out, and servers that aren't well.

    Returns:
        The exit code: see `SAME`.

    Raises:
        ClusterError: the cluster can't be asked, or hasn't what these hooks serve.
    """
    if faults := list(unserved_versions(installed_crds(live))):
        raise ClusterError("; ".join(faults))
    files = options.files and options.files._replace(namespace=options.namespace)
    given = read(files, stdin) if files else Given()
    cluster = load(live, options.namespace)
    chosen = _chosen(live, cluster, options)
    given.notes[:0] = [] if files else without_servers(cluster, options.namespace)
    before = {kind: {key_of(obj): obj for obj in cluster.all(kind)} for kind in children.KINDS}
    put(live, cluster, given)
    previewed = preview(live, cluster, chosen=chosen, stand_ins=given.stand_ins, installation=installation, now=now)
    given.notes += previewed.notes
    given.errors += previewed.errors
    _compare_children(live, before, cluster, given)
    _show(given, stdout, stderr)
    return UNKNOWN if given.errors else DIFFERENT if given.differences else SAME


def _chosen(live: LiveCluster, cluster: Cluster, options: Options) -> set[Key] | None:
    """The workloads that are asked for; None for all."""
    if options.labels:
        return {key_of(obj) for kind in WORKLOADS for obj in live.list(kind, options.namespace, labels=options.labels)}
    if not options.name:
        return None
    chosen = {(kind.key, options.namespace, options.name) for kind in WORKLOADS}
    if not any(cluster.get(key) for key in chosen):
        named = f"{options.namespace}/{options.name}"
        raise ClusterError(f"MCPServer {named} not found, nor an MCPRemoteProxy of this name")
    return chosen


def _compare_children(live: LiveCluster, before: dict[Kind, dict[Key, Object]], cluster: Cluster, found: Given) -> None:
    """Compare each child as it was with what the hooks would make of it; `found` gets differences and refusals."""
    for kind, observed in before.items():
        wanted = {key_of(obj): obj for obj in cluster.all(kind)}
        for key in sorted(observed.keys() | wanted.keys()):
            try:
                found.differences += _compared(live, kind, observed.get(key), wanted.get(key))
            except ClusterError as error:
                found.errors.append(f"{kind.kind} {key[1]}/{key[2]}: {error}")


def _show(found: Given, stdout: TextIO, stderr: TextIO) -> None:
    for note in found.notes:
        click.echo(f"note: {one_line(note)}", stderr)
    colour = wants_colour(stdout)
    for text in found.differences:
        click.echo(coloured(text) if colour else text, stdout, nl=False, color=colour)
    for error in found.errors:
        click.echo(f"error: {one_line(error)}", stderr)


def _compared(live: LiveCluster, kind: Kind, observed: Object | None, wanted: Object | None) -> list[str]:
    """The difference of one child, if there is one.

    What is to be created or changed is tried out on the API server, so that its defaults are on both sides.
    """
    if wanted is not None:
        if observed is not None and is_shown_the_same(observed, wanted):
            return []
        wanted = live.try_out(kind, sendable(wanted, new=observed is None), create=observed is None)
    return unified(title(observed or wanted or {}), observed, wanted)
