"""A real API server takes what `toolhive-hooks convert` makes of old manifests, without dropping a field."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from hooks.manifests.load import load
from tests.apiserver.test_examples import strictly
from tests.controlplane import ControlPlane
from tests.converted import convert

FOLDER = Path(__file__).parents[1] / "releases" / "manifests"

pytestmark = pytest.mark.apiserver


def test_converted_manifests_are_taken_strictly(cluster: ControlPlane, namespace: str, tmp_path: Path) -> None:
    assert convert(FOLDER, output=tmp_path).code == 0
    objects = load([str(tmp_path)], io.BytesIO())
    here = [{**obj, "metadata": {**obj["metadata"], "namespace": namespace}} for obj in objects]

    assert len(here) == 15
    strictly(cluster, "apply", objects=here)
