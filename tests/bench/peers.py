"""Those whose cost is compared: our hooks, a placeholder with nothing to it, and ToolHive's own operators."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import yaml

from tests import old_operator
from tests.bench import served
from tests.bench.fleet import NAMESPACE, V1ALPHA1, V1BETA1, Api
from tests.controlplane import ControlPlane
from tests.controlplane.assets import ROOT
from tests.controlplane.components import wait_established
from tests.controlplane.fixtures import apply_our_crds
from tests.controlplane.processes import answers, free_port
from tests.served import MALLOC, Served

OURS, PLACEHOLDER, LOOKING, OPERATOR, OCTOBER = "ours", "placeholder", "looking", "operator", "october"
MACHINERY = ("kube-apiserver", "etcd")


class Operator(NamedTuple):
    """A release of ToolHive's operator."""

    setting: str
    """The variable that names its binary. With _CRDS it names the folder of its CRDs."""
    release: str
    api: Api


OPERATORS = {
    OPERATOR: Operator("OPERATOR", "v0.44.0", V1BETA1),
    OCTOBER: Operator("OPERATOR_OCTOBER", old_operator.OCTOBER, V1ALPHA1),
}
TITLES = {
    OURS: "ours",
    PLACEHOLDER: "placeholder",
    LOOKING: "placeholder with our rules",
    OPERATOR: "operator 0.44.0",
    OCTOBER: "operator of October 2025",
}
"""Their names in tables and pictures."""


class Peer(NamedTuple):
    """One of them, at work in a cluster."""

    programs: tuple[str, ...]
    """Its processes and the cluster's, whose processor time and memory are told."""
    counts: Callable[[], served.Counts]
    """Its hook calls so far: an operator has none."""
    api: Api
    """The custom resources that it knows."""


def names() -> list[str]:
    """Those whose binaries are given."""
    return [
        OURS,
        PLACEHOLDER,
        LOOKING,
        *(name for name, operator in OPERATORS.items() if os.environ.get(operator.setting)),
    ]


def apply_crds(name: str, cluster: ControlPlane) -> None:
    """Install the CRDs of one of them: an operator's own, or this project's."""
    if name in OPERATORS:
        # They are too large for the annotation of a client-side apply.
        cluster.kubectl("apply", "--server-side", "-f", os.environ[f"{OPERATORS[name].setting}_CRDS"])
        wait_established(cluster)
    else:
        apply_our_crds(cluster)


def start(name: str, cluster: ControlPlane, kinds: tuple[str, ...], resync_seconds: int = 0) -> Peer:
    """Put one of them to work.

    Args:
        name: which.
        cluster: where.
        kinds: whose CompositeControllers to apply, as metacontroller/ names their files.
        resync_seconds: after which Metacontroller calls for each parent again; 0 for its own half hour.
    """
    if name in OPERATORS:
        return _operator(cluster, OPERATORS[name])
    port, counts = _ours(cluster) if name == OURS else _placeholder(cluster, name)
    cluster.metacontroller(Path(os.environ["METACONTROLLER"]).resolve())
    cluster.kubectl("apply", "-f", "-", input=_composites(kinds, port, resync_seconds))
    return Peer(("hooks", "metacontroller", *MACHINERY), counts, V1BETA1)


def _ours(cluster: ControlPlane) -> tuple[int, Callable[[], served.Counts]]:
    port, probes = free_port(), free_port()
    command: list[str | Path] = [sys.executable, "-m", "hooks", "serve", "--bind", f"127.0.0.1:{port}"]
    env = {"TOOLHIVE_HOOKS_PROBES_BIND": f"127.0.0.1:{probes}", "TOOLHIVE_HOOKS_DIGEST_KEY": "the cluster's"}
    hooks = Served(cluster.run("hooks", command, env=env | MALLOC), port, probes).wait_ready()
    return port, lambda: served.exported(hooks.metrics())


def _placeholder(cluster: ControlPlane, name: str) -> tuple[int, Callable[[], served.Counts]]:
    port, file = free_port(), cluster.directory / "calls"
    file.touch()
    command = served.command(name, port, workers=2)
    process = cluster.run("hooks", command, env={served.COUNTS: str(file)} | MALLOC)
    process.wait_ready(lambda: answers(port, "/healthz"))
    return port, lambda: served.written(file)


def _operator(cluster: ControlPlane, operator: Operator) -> Peer:
    binary = Path(os.environ[operator.setting])
    old_operator.start(cluster, binary, NAMESPACE, cluster.directory, operator.release)
    return Peer(("operator", *MACHINERY), dict, operator.api)


def _composites(kinds: tuple[str, ...], port: int, resync_seconds: int) -> str:
    """The CompositeControllers, their webhooks on loopback."""
    documents = []
    for kind in kinds:
        for document in yaml.safe_load_all((ROOT / f"metacontroller/{kind}.yaml").read_text()):
            for hook in document["spec"]["hooks"].values():
                hook["webhook"] = {"url": f"http://127.0.0.1:{port}{hook['webhook']['path']}"}
            if resync_seconds:
                document["spec"]["resyncPeriodSeconds"] = resync_seconds
            documents.append(document)
    return yaml.safe_dump_all(documents)
