"""What `kubectl apply -k` would send of metacontroller/, its components and overlays, and what the API server says."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import yaml

from hooks.kubernetes.objects import Object
from tests.controlplane import ControlPlane
from tests.controlplane.assets import ROOT

NAMESPACE = "toolhive-hooks"  # and the name of nearly everything in it
BASE = ROOT / "metacontroller"
COMPONENTS = ROOT / "metacontroller/components"
Manifests = dict[tuple[str, str], Object]


def overlay(folder: Path, components: Iterable[str], resources: Iterable[Path] = (BASE,)) -> Path:
    """Write an overlay as a user does: these resources, and a line for each component."""
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(path, folder) for path in resources],
        "components": [os.path.relpath(COMPONENTS / name, folder) for name in components],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return folder


def built(cluster: ControlPlane, folder: Path) -> list[Object]:
    """What `kubectl apply -k` would send."""
    result = cluster.kubectl("kustomize", folder)
    assert result.stderr == "", result.stderr
    return list(yaml.load_all(result.stdout, yaml.CSafeLoader))


def named(objects: list[Object]) -> Manifests:
    """Objects by kind and name."""
    by_name = {(obj["kind"], obj["metadata"]["name"]): obj for obj in objects}
    assert len(by_name) == len(objects)
    return by_name


def strictly(cluster: ControlPlane, *command: str, objects: Iterable[Object]) -> list[str]:
    """What kubectl says that it did, sorted; unknown fields and warnings are faults."""
    result = cluster.kubectl(*command, "--validate=strict", "-f", "-", input=yaml.safe_dump_all(objects))
    assert result.stderr == "", result.stderr
    return sorted(result.stdout.splitlines())
