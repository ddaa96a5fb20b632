"""Those whose cost is compared: our hooks, a placeholder with nothing to it, and ToolHive's own operator."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import yaml

from tests import old_operator
from tests.bench import served
from tests.bench.fleet import NAMESPACE
from tests.controlplane import ControlPlane
from tests.controlplane.assets import ROOT
from tests.controlplane.components import wait_established
from tests.controlplane.processes import answers, free_port
from tests.served import MALLOC, Served

OURS, PLACEHOLDER, OPERATOR = "ours", "placeholder", "operator"
MACHINERY = ("kube-apiserver", "etcd")


class Peer(NamedTuple):
    """One of them, at work in a cluster."""

    programs: tuple[str, ...]
    """Its processes and the cluster's, whose processor time and memory are told."""
    counts: Callable[[], served.Counts]
    """Its hook calls so far: an operator has none."""


def names() -> list[str]:
    """Those whose binaries are given: OPERATOR and OPERATOR_CRDS, beside METACONTROLLER, name the operator's."""
    return [OURS, PLACEHOLDER, *([OPERATOR] if os.environ.get("OPERATOR") else [])]


def start(name: str, cluster: ControlPlane, kinds: tuple[str, ...], resync_seconds: int = 0) -> Peer:
    """Put one of them to work.

    Args:
        name: which.
        cluster: where.
        kinds: whose CompositeControllers to apply, as metacontroller/ names their files.
        resync_seconds: after which Metacontroller calls for each parent again; 0 for its own half hour.
    """
    if name == OPERATOR:
        return _operator(cluster)
    port, counts = _ours(cluster) if name == OURS else _placeholder(cluster)
    cluster.metacontroller(Path(os.environ["METACONTROLLER"]).resolve())
    cluster.kubectl("apply", "-f", "-", input=_composites(kinds, port, resync_seconds))
    return Peer(("hooks", "metacontroller", *MACHINERY), counts)


def _ours(cluster: ControlPlane) -> tuple[int, Callable[[], served.Counts]]:
    port, probes = free_port(), free_port()
    command: list[str | Path] = [sys.executable, "-m", "hooks", "serve", "--bind", f"127.0.0.1:{port}"]
    env = {"TOOLHIVE_HOOKS_PROBES_BIND": f"127.0.0.1:{probes}", "TOOLHIVE_HOOKS_DIGEST_KEY": "the cluster's"}
    hooks = Served(cluster.run("hooks", command, env=env | MALLOC), port, probes).wait_ready()
    return port, lambda: served.exported(hooks.metrics())


def _placeholder(cluster: ControlPlane) -> tuple[int, Callable[[], served.Counts]]:
    port, file = free_port(), cluster.directory / "calls"
    file.touch()
    command = served.command(PLACEHOLDER, port, workers=2)
    process = cluster.run("hooks", command, env={served.COUNTS: str(file)} | MALLOC)
    process.wait_ready(lambda: answers(port, "/healthz"))
    return port, lambda: served.written(file)


def _operator(cluster: ControlPlane) -> Peer:
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", os.environ["OPERATOR_CRDS"])
    wait_established(cluster)
    old_operator.start(cluster, Path(os.environ["OPERATOR"]), NAMESPACE, cluster.directory)
    return Peer(("operator", *MACHINERY), dict)


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
