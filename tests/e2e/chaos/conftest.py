"""A control plane of their own for the tests that kill its parts, and fifty servers on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane import ControlPlane
from tests.e2e.chaos.fleet import Fleet
from tests.e2e.conftest import whole_cluster
from tests.e2e.installation import Installation, installed


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory, metacontroller: Path) -> Iterator[ControlPlane]:
    """A cluster that is torn at."""
    with whole_cluster(tmp_path_factory.mktemp("chaos"), metacontroller=metacontroller) as running:
        running.apiserver_for_watches()
        yield running


@pytest.fixture(scope="package")
def installation(cluster: ControlPlane) -> Iterator[Installation]:
    """The same cluster with our hooks installed."""
    with installed(cluster) as running:
        yield running


@pytest.fixture(scope="package")
def fleet(installation: Installation) -> Fleet:
    """Fifty servers that share a config, and a few beside them, all running."""
    return Fleet.deploy(installation, "fleet", users=50, bystanders=5)
