"""`toolhive-hooks diff`, less its command line: what is compared, where it is written, and the exit code."""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO, TextIO

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
from hooks.migrate.checks import unserved_versions
from hooks.migrate.load import load, without_servers
from hooks.proxy import children
from hooks.render.output import wants_colour
from hooks.simulator.cluster import key_of
from hooks.text import one_line, title

SAME, DIFFERENT, UNKNOWN = 0, 1, 2
"""Exit codes: as `diff` and `kubectl diff` have them."""


def diff_command(
    live: LiveCluster,
    *,
    namespace: str,
    name: str,
    files: Source | None,
    installation: Installation,
    now: datetime,
    stdin: BinaryIO,
    stdout: TextIO,
    stderr: TextIO,
) -> int:
    """Compare what is in the cluster with what the hooks would make of it.

    Args:
        live: the user's cluster.
        namespace: the only one to look at; all of them without it.
        name: the only MCPServer or MCPRemoteProxy to look at; all of them without it.
        files: manifests whose effect is compared; None compares what is in the cluster as it is.
        installation: the installation's settings.
        now: the time, for conditions; no child has it.
        stdin: what `-` among the files reads.
        stdout: gets the differences.
        stderr: gets what can't be told, and servers that aren't well.

    Returns:
        The exit code: see `SAME`.

    Raises:
        ClusterError: the cluster can't be asked, or hasn't what these hooks serve.
    """
    faults = list(unserved_versions(live))
    if faults:
        raise ClusterError("; ".join(faults))
    objects, given = read(files._replace(namespace=namespace), stdin) if files else ([], Given())
    cluster = load(live, namespace)
    if name and not any(cluster.get((kind.key, namespace, name)) for kind in WORKLOADS):
        raise ClusterError(f"MCPServer {namespace}/{name} not found, nor an MCPRemoteProxy of this name")
    absent = [] if files else without_servers(cluster, namespace)
    before = {kind: {key_of(obj): obj for obj in cluster.all(kind)} for kind in children.KINDS}
    put(live, cluster, objects, given)
    previewed = preview(live, cluster, name, installation, now)
    errors, texts = given.errors + previewed.errors, given.differences
    for kind, observed in before.items():
        wanted = {key_of(obj): obj for obj in cluster.all(kind)}
        for key in sorted(observed.keys() | wanted.keys()):
            try:
                texts += _compared(live, kind, observed.get(key), wanted.get(key))
            except ClusterError as error:
                errors.append(f"{kind.kind} {key[1]}/{key[2]}: {error}")
    for note in (*absent, *given.notes, *previewed.notes):
        click.echo(f"note: {one_line(note)}", stderr)
    colour = wants_colour(stdout)
    for text in texts:
        click.echo(coloured(text) if colour else text, stdout, nl=False, color=colour)
    for error_text in errors:
        click.echo(f"error: {one_line(error_text)}", stderr)
    return UNKNOWN if errors else DIFFERENT if texts else SAME


def _compared(live: LiveCluster, kind: Kind, observed: Object | None, wanted: Object | None) -> list[str]:
    """The difference of one child, if there is one.

    What is to be created or changed is tried out on the API server, so that its defaults are on both sides.
    """
    if wanted is not None:
        if observed is not None and is_shown_the_same(observed, wanted):
            return []
        wanted = live.try_out(kind, sendable(wanted, new=observed is None), create=observed is None)
    return unified(title(observed or wanted or {}), observed, wanted)
