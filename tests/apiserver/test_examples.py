"""A real API server takes every example, and all that `toolhive-hooks render` makes of it, without dropping a field."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from hooks.api.meta import OLDER_API_VERSION
from hooks.controllers import CONTROLLERS
from hooks.kubernetes.objects import Object
from hooks.manifests.load import load
from tests.apiserver.objects import bare
from tests.controlplane import ControlPlane
from tests.examples import APPLIED, name, render_settings

pytestmark = pytest.mark.apiserver

OLDER = re.compile(rf"Warning: {re.escape(OLDER_API_VERSION)} \w+ is deprecated: ")
"""What is said of an example in the older dialect."""
PARENTS = {controller.parent.kind for controller in CONTROLLERS}

example = pytest.mark.parametrize("example", APPLIED, ids=name)


def manifests(example: Path, namespace: str) -> list[Object]:
    """The objects of an example, in this namespace."""
    objects = load([str(example)], io.BytesIO())
    return [{**obj, "metadata": {**obj["metadata"], "namespace": namespace}} for obj in objects]


def rendered(example: Path, namespace: str) -> tuple[list[Object], list[Object]]:
    """What `toolhive-hooks render` prints for an example in this namespace: the children, and the parents."""
    command = [sys.executable, "-m", "hooks", "render", "-", "-o", "json"]
    given = listed(manifests(example, namespace))
    result = subprocess.run(
        command, input=given, capture_output=True, text=True, check=False, env=render_settings(example)
    )
    assert result.returncode == 0, result.stderr
    items = json.loads(result.stdout)["items"]
    parents = [obj for obj in items if obj["kind"] in PARENTS]
    return [obj for obj in items if obj not in parents], parents


def listed(objects: Iterable[Object]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def strictly(cluster: ControlPlane, *command: str, objects: list[Object]) -> str:
    """What kubectl prints as JSON when it does this to the objects; unknown fields are faults, and warnings but one."""
    result = cluster.kubectl(*command, "--validate=strict", "-o", "json", "-f", "-", input=listed(objects))
    assert [line for line in result.stderr.splitlines() if not OLDER.match(line)] == []
    return result.stdout


def dry_run(cluster: ControlPlane, objects: list[Object]) -> list[Object]:
    """What `kubectl apply` would make of these objects."""
    applied = json.loads(strictly(cluster, "apply", "--dry-run=server", objects=objects))
    return applied["items"] if applied["kind"] == "List" else [applied]


def cut(value: Any, like: Any) -> Any:
    """A value less the fields that the other one doesn't have."""
    if isinstance(value, dict) and isinstance(like, dict):
        return {key: cut(inner, like[key]) for key, inner in value.items() if key in like}
    if isinstance(value, list) and isinstance(like, list) and len(value) == len(like):
        return [cut(*pair) for pair in zip(value, like, strict=True)]
    return value


@example
def test_every_object_of_an_example_is_admitted(cluster: ControlPlane, namespace: str, example: Path) -> None:
    objects = manifests(example, namespace)

    stored = dry_run(cluster, objects)

    assert [(obj["kind"], obj["metadata"]["name"]) for obj in stored] == [
        (obj["kind"], obj["metadata"]["name"]) for obj in objects
    ]


@example
def test_every_rendered_child_is_admitted_and_kept_whole(cluster: ControlPlane, namespace: str, example: Path) -> None:
    """A field that comes back different would be written at every sync."""
    children, _ = rendered(example, namespace)

    stored = dry_run(cluster, children)

    assert len(children) > 0
    assert cut(stored, children) == children


@example
def test_every_rendered_status_is_admitted_and_kept_whole(cluster: ControlPlane, namespace: str, example: Path) -> None:
    _, parents = rendered(example, namespace)
    strictly(cluster, "create", objects=parents)

    strictly(cluster, "replace", "--subresource=status", objects=parents)

    assert len(parents) > 0
    for parent in parents:
        stored = cluster.get(f"{parent['apiVersion']}/{parent['kind']}", parent["metadata"]["name"], namespace)
        assert stored is not None
        assert bare(stored) == bare(parent)
