"""tests/apiserver: a real API server with our CRDs, and nothing that acts on them."""

from collections.abc import Iterator

import pytest

from tests.apiserver.manifests import BASE, NAMESPACE, built, named, strictly
from tests.apiserver.oracle import Oracle, running_oracle
from tests.controlplane import ControlPlane, control_plane
from tests.controlplane.assets import APISERVER
from tests.controlplane.fixtures import apply_our_crds, binaries_or_skip, build_ahead, namespace

__all__ = ["namespace"]


def pytest_collection_finish(session: pytest.Session) -> None:
    build_ahead(session, "apiserver", APISERVER)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """etcd and kube-apiserver with this project's CRDs established."""
    folder = binaries_or_skip("apiserver", APISERVER)
    with control_plane(tmp_path_factory.mktemp("apiserver"), folder) as running:
        apply_our_crds(running)
        yield running


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    """Kubernetes' own Go, to be asked."""
    with running_oracle(tmp_path_factory.mktemp("oracle")) as running:
        yield running


@pytest.fixture(scope="session")
def hooks_namespace(cluster: ControlPlane) -> str:
    """The namespace of the hooks, with the labels that it has there; it really exists."""
    namespace = named(built(cluster, BASE))["Namespace", NAMESPACE]
    assert strictly(cluster, "apply", objects=[namespace]) == [f"namespace/{NAMESPACE} created"]
    return NAMESPACE
