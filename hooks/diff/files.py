"""Manifests that are compared with a cluster: each as the API server would make it of an apply, put in its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO

from hooks.api.crd import crds
from hooks.api.kinds import BY_KIND, RESOURCES
from hooks.cluster import ClusterError, LiveCluster
from hooks.diff.show import unified
from hooks.kubernetes.kinds import CONFIG_MAP, SECRET
from hooks.kubernetes.objects import Object
from hooks.manifests.load import Source, load_all
from hooks.manifests.problems import Problem, located
from hooks.manifests.shape import NAME_INVALID
from hooks.render.gate import gate
from hooks.render.presumed import presumed, without_sops
from hooks.simulator.admission import admit, schemas_of
from hooks.simulator.cluster import Cluster, key_of
from hooks.text import title


@dataclass(slots=True)
class Given:
    """Manifests as the API server would store them, and their differences from the cluster."""

    objects: list[Object] = field(default_factory=list)
    """Ours as they would be, and the Secrets and ConfigMaps beside them."""
    stand_ins: list[Object] = field(default_factory=list)
    """Secrets and ConfigMaps whose values are known in the cluster alone."""
    differences: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(source: Source, stdin: BinaryIO) -> Given:
    """Read manifests as `render` does: what it would refuse is an error here too.

    Raises:
        ClusterError: there is no object of our kinds.
    """
    loaded = load_all(source, stdin)
    manifests, notes = without_sops(loaded.objects.values())
    encrypted = {note.object for note in notes}
    unnamed = {problem.object for problem in loaded.problems if problem.reason == NAME_INVALID}
    gated = gate(manifests, unnamed=unnamed, lenient=False)
    extra, presumptions = presumed(manifests)
    given = Given()
    for problem in located([*loaded.problems, *gated.problems, *notes, *presumptions], loaded.texts):
        (given.errors if problem.level == "error" else given.notes).append(_text(problem))
    if not gated.ours and not given.errors:
        raise ClusterError("nothing to compare: no object of toolhive.stacklok.dev among the manifests")
    taken = [obj for obj in gated.objects if title(obj) not in gated.refused]
    admitted = admit([*taken, *extra], {*RESOURCES, SECRET, CONFIG_MAP}, RESOURCES, schemas_of(crds()))
    unknown = encrypted | {title(obj) for obj in extra}
    for obj in admitted.objects:
        (given.stand_ins if title(obj) in unknown else given.objects).append(obj)
    return given


def put(live: LiveCluster, cluster: Cluster, given: Given) -> None:
    """Put manifests into the objects of a cluster, each as the API server would store it.

    Args:
        live: the user's cluster; nothing is written there.
        cluster: its objects.
        given: the manifests; gets the differences, and what the API server refuses.
    """
    for obj in sorted(given.objects, key=key_of):
        kind = BY_KIND.get(obj["kind"])
        if kind is None:
            cluster.put(obj)
            continue
        observed = cluster.get(key_of(obj))
        metadata = {
            key: obj["metadata"][key]
            for key in ("name", "namespace", "labels", "annotations")
            if key in obj["metadata"]
        }
        try:
            stored = live.try_apply(kind, {**obj, "metadata": metadata})
        except ClusterError as error:
            given.errors.append(f"{title(obj)}: {error}")
            continue
        given.differences += unified(title(obj), observed, stored)
        cluster.put({**stored, "apiVersion": kind.api_version, "kind": kind.kind})


def _text(problem: Problem) -> str:
    where = f"{problem.file}:{problem.line}" if problem.line else problem.file
    return ": ".join(filter(None, (where, problem.object, problem.field, problem.message)))
