"""`toolhive-hooks status`, less its command line: what is read, where it is written, and the exit code."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TextIO

import click

from hooks.api.kinds import RESOURCES, WORKLOADS, CustomResource
from hooks.cluster import ClusterError, LiveCluster
from hooks.kubernetes.objects import Object
from hooks.render.output import wants_colour
from hooks.render.tree import BAD_STATES, Node, Objects, lines, nodes, roots, tree
from hooks.status.observed import Observed, observe
from hooks.text import one_line

WELL, UNWELL, UNKNOWN = 0, 1, 2
"""Exit codes: all is well; something isn't ready; the cluster can't be read."""

_PAUSE_SECONDS = 2
_CLEAR = "\x1b[H\x1b[2J"


def status_command(
    live: LiveCluster,
    *,
    namespace: str,
    name: str,
    labels: str,
    output: str,
    watch: bool,
    width: int,
    clock: Callable[[], datetime],
    stdout: TextIO,
    stderr: TextIO,
) -> int:
    """Show trees of what is in a cluster.

    Args:
        live: the user's cluster.
        namespace: where; everywhere without it.
        name: `NAME` of a workload or `KIND/NAME`; without it all workloads, and the configs that none uses.
        labels: a label selector of the workloads to show; all of them without it.
        output: tree or json.
        watch: whether to show it again whenever it changes, until interrupted.
        width: of the terminal; 0 for lines of any length.
        clock: the time, for the age of events.
        stdout: gets the trees.
        stderr: gets what could not be read.

    Returns:
        The exit code: see `WELL`.

    Raises:
        ClusterError: the cluster can't be asked, or there is no object of this name.
    """
    shown = None
    while True:
        observed = observe(live, namespace, clock())
        trees = [tree(root, observed.objects) for root in _roots(live, observed.objects, namespace, name, labels)]
        text = _text(trees, output, width, colour=wants_colour(stdout))
        if text != shown:
            clear = _CLEAR if watch and stdout.isatty() else ""
            click.echo(f"{clear}{text}", stdout, nl=False, color=wants_colour(stdout))
            stdout.flush()
            _say(observed, trees, namespace, stderr)
            shown = text
        if not watch:
            unwell = any(node.state in BAD_STATES for each in trees for node in nodes(each))
            return UNWELL if unwell else WELL
        time.sleep(_PAUSE_SECONDS)


def _text(trees: list[Node], output: str, width: int, *, colour: bool) -> str:
    if output == "json":
        return json.dumps([asdict(each) for each in trees], indent=2) + "\n"
    texts = ("".join(f"{line}\n" for line in lines(each, width=width, colour=colour)) for each in trees)
    return "\n".join(texts)


def _say(observed: Observed, trees: list[Node], namespace: str, stderr: TextIO) -> None:
    stderr.writelines(f"note: {one_line(note)}\n" for note in observed.notes)
    if not trees:
        place = f"in namespace {namespace}: -A looks in all" if namespace else "in the cluster"
        stderr.write(f"note: no object of toolhive.stacklok.dev {place}\n")


def _roots(live: LiveCluster, objects: Objects, namespace: str, name: str, labels: str) -> Iterator[Object]:
    """The objects whose trees are asked for, by namespace, kind and name."""
    by_place = sorted(objects.parents.items(), key=lambda item: (item[0][1], item[0][0], item[0][2]))
    if labels:
        selected = {obj["metadata"]["uid"] for kind in WORKLOADS for obj in live.list(kind, namespace, labels=labels)}
        yield from (obj for _, obj in by_place if obj["metadata"]["uid"] in selected)
        return
    if name:
        kind, _, only = name.rpartition("/")
        kinds = {_resource(kind).kind} if kind else {kind.kind for kind in WORKLOADS}
        found = [obj for key, obj in by_place if key[0] in kinds and key[2] == only]
        if not found:
            place = f"in namespace {namespace}" if namespace else "in the cluster"
            raise ClusterError(f"no {' or '.join(sorted(kinds))} {only!r} {place}")
        yield from found
        return
    yield from roots(dict(by_place))


def _resource(text: str) -> CustomResource:
    """A kind by its name, as kubectl takes it: kind, singular, plural or short name, with or without the group."""
    wanted = text.lower().partition(".")[0]
    for kind in RESOURCES:
        if wanted in kind.kubectl_names:
            return kind
    raise ClusterError(f"no kind {text!r}: there are {', '.join(kind.kind.lower() for kind in RESOURCES)}")
