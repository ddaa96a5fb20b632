"""What the conftest.py of the folders that need a control plane share."""

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.controlplane.assets import ROOT, UnavailableError, binaries
from tests.controlplane.components import wait_established
from tests.controlplane.controlplane import ControlPlane


def build_ahead(session: pytest.Session, marker: str, names: tuple[str, ...]) -> None:
    """Build the binaries before the first test, when any test with this marker is going to run.

    In a fixture the minutes of a first build would count against a test's timeout, and its progress would be hidden.
    Whatever goes wrong here goes wrong again in the fixture, which then says so.
    """
    if session.config.option.collectonly or not any(item.get_closest_marker(marker) for item in session.items):
        return
    with session.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        try:
            binaries(*names)
        except (UnavailableError, RuntimeError):
            return


def binaries_or_skip(marker: str, names: tuple[str, ...]) -> Path:
    """The folder with these binaries; where none can be had, the tests with this marker are skipped."""
    try:
        return binaries(*names)
    except UnavailableError as error:
        pytest.skip(f"{marker}: SKIPPED ({error})")


def apply_our_crds(cluster: ControlPlane) -> None:
    """Install this project's CRDs as a user does, with client-side apply, and wait until they are served."""
    crds = ROOT / "crds"
    if crds.is_dir():
        cluster.kubectl("apply", "-k", crds)
        wait_established(cluster)


def complete(cluster: ControlPlane, crds: Sequence[Path] = ()) -> None:
    """Add what makes Deployments into ready pods: controllers, scheduler and a node; and CRDs, these or our own."""
    # Before the controllers: the garbage collector notices later CRDs late.
    if crds:
        cluster.kubectl("apply", *(f"--filename={path}" for path in crds))
        wait_established(cluster)
    else:
        apply_our_crds(cluster)
    add_controllers(cluster)


def add_controllers(cluster: ControlPlane) -> None:
    """Add the same to a cluster whose CRDs are there."""
    cluster.controller_manager()
    cluster.scheduler()
    cluster.kwok()


@pytest.fixture
def namespace(cluster: ControlPlane, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own, named after it."""
    with namespace_for(cluster, request.node.name) as name:
        yield name


@contextmanager
def namespace_for(cluster: ControlPlane, what: str, level: str = "restricted") -> Iterator[str]:
    """A namespace, named after what it is for, under a level of Pod Security.

    No test waits for its end: on a bare API server no controller finishes it, and its name never comes again.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", what.lower()).strip("-")[:40].strip("-")
    name = f"{slug}-{secrets.token_hex(3)}"
    namespaces = cluster.resource("v1/Namespace")
    labels = {"pod-security.kubernetes.io/enforce": level}
    namespaces.create(body={"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    try:
        yield name
    finally:
        namespaces.delete(name=name)
