"""What the old operator left."""

import pytest

from tests.apiserver.migration.spaces import lay_down
from tests.controlplane import ControlPlane


@pytest.fixture
def laid_down(cluster: ControlPlane, namespace: str) -> str:
    """A namespace with a server, its children, its runner's objects and its config, as the old operator left them."""
    return lay_down(cluster, namespace)
