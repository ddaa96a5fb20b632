"""tests/e2e: a whole cluster, with a real Metacontroller."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.controlplane import ControlPlane, control_plane
from tests.controlplane.assets import EVERYTHING
from tests.controlplane.fixtures import binaries_or_skip, build_ahead, complete, namespace
from tests.e2e.installation import Installation, installed

__all__ = ["namespace"]

METACONTROLLER = os.environ.get("METACONTROLLER")  # the binary's path: no registry has it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not METACONTROLLER:
        for item in items:
            if item.path.is_relative_to(Path(__file__).parent):
                item.add_marker(pytest.mark.skip(reason="e2e: SKIPPED (METACONTROLLER unset)"))


def pytest_collection_finish(session: pytest.Session) -> None:
    if METACONTROLLER:
        build_ahead(session, "e2e", EVERYTHING)


@contextmanager
def whole_cluster(
    directory: Path, *apiserver_flags: str, metacontroller: Path | None = None, crds: Sequence[Path] = ()
) -> Iterator[ControlPlane]:
    """A control plane with controllers, scheduler, a node and CRDs (this project's); with Metacontroller, if given."""
    with control_plane(directory, binaries_or_skip("e2e", EVERYTHING), *apiserver_flags) as running:
        complete(running, crds)
        if metacontroller:
            running.metacontroller(metacontroller)
        yield running


@pytest.fixture(scope="session")
def metacontroller() -> Path:
    """The binary."""
    return Path(METACONTROLLER or "").resolve()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory, metacontroller: Path) -> Iterator[ControlPlane]:
    """The cluster that most tests share, with Metacontroller."""
    with whole_cluster(tmp_path_factory.mktemp("e2e"), metacontroller=metacontroller) as running:
        yield running


@pytest.fixture(scope="session")
def installation(cluster: ControlPlane) -> Iterator[Installation]:
    """The same cluster with our hooks installed."""
    with installed(cluster) as running:
        yield running
