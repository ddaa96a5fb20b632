"""tests/runner: the real proxy runner, started from what our hooks make of an MCPServer."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controlplane import ControlPlane, control_plane
from tests.controlplane.assets import EVERYTHING
from tests.controlplane.fixtures import binaries_or_skip, build_ahead, complete, namespace
from tests.runner.backend import Backend
from tests.runner.identity_provider import IdentityProvider
from tests.runner.kubelet import Kubelet, why_not
from tests.runner.runner import Start, proxy
from tests.world import CONFIG

__all__ = ["namespace"]

PROXYRUNNER = os.environ.get("PROXYRUNNER")  # the binary's path, of release 0.44.0: no registry has it
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not PROXYRUNNER:
        for item in items:
            if item.path.is_relative_to(HERE):
                item.add_marker(pytest.mark.skip(reason="runner: SKIPPED (PROXYRUNNER unset)"))


def pytest_collection_finish(session: pytest.Session) -> None:
    if PROXYRUNNER:
        build_ahead(session, "runner", EVERYTHING)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane on which StatefulSets get ready, with this project's CRDs."""
    reason = why_not()
    if reason:
        pytest.skip(f"runner: SKIPPED (neither root nor user namespaces: {reason})")
    folder = binaries_or_skip("runner", EVERYTHING)
    with control_plane(tmp_path_factory.mktemp("runner"), folder) as running:
        complete(running)
        # tests/reference/secrets-podtemplate and examples/pod-template select by these
        labels = {"metadata": {"labels": {"disk": "ssd", "node-pool": "mcp"}}}
        running.resource("v1/Node").patch(name="fake", body=labels, content_type="application/merge-patch+json")
        yield running


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    """An identity provider."""
    with IdentityProvider().running() as running:
        yield running


@pytest.fixture
def backend() -> Iterator[Backend]:
    """An MCP server."""
    with Backend().running() as running:
        yield running


@pytest.fixture
def node(tmp_path: Path, provider: IdentityProvider) -> Path:
    """The disk of the node on which proxies run; it has the identity provider's CA at /idp/ca.crt."""
    folder = tmp_path / "node"
    (folder / "idp").mkdir(parents=True)
    provider.authority.cert_pem.write_to_path(str(folder / "idp/ca.crt"))
    return folder


@pytest.fixture
def start(cluster: ControlPlane, namespace: str, node: Path) -> Iterator[Start]:
    """Start the proxy of an MCPServer, given with all that it refers to; it ends with the test."""
    kubelet = Kubelet(cluster, namespace, Path(PROXYRUNNER or "").resolve(), node)
    yield lambda *objects, config=CONFIG: proxy(cluster, kubelet, namespace, list(objects), config)
    kubelet.close()
