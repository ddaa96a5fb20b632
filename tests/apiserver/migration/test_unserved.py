"""`migrate` where the old operator looks after kinds that these hooks don't serve, and where a kind is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hooks.kubernetes.objects import Object
from hooks.migrate.checks import OTHERS
from tests.apiserver.migration.spaces import CASE, everything, lay_down, migrate
from tests.controlplane import ControlPlane, control_plane
from tests.controlplane.assets import APISERVER
from tests.controlplane.fixtures import apply_our_crds, binaries_or_skip, wait_established
from tests.old_operator import create, run

pytestmark = pytest.mark.apiserver

GROUP = "toolhive.stacklok.dev"
SERVERS, FREE = "with-others", "free"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster with two namespaces as the old operator left them; in one is an object of each kind of its own."""
    directory = tmp_path_factory.mktemp("unserved")
    with control_plane(directory, binaries_or_skip("apiserver", APISERVER)) as running:
        apply_our_crds(running)
        for kind in OTHERS:
            running.resource("apiextensions.k8s.io/v1/CustomResourceDefinition").create(
                body=crd(kind.kind, kind.resource)
            )
        wait_established(running)
        for namespace in (SERVERS, FREE):
            running.kubectl("create", "namespace", namespace)
            lay_down(running, namespace)
        for kind in OTHERS:
            manifest = {"apiVersion": f"{GROUP}/v1alpha1", "kind": kind.kind, "metadata": {"name": "theirs"}}
            create(running, SERVERS, manifest)
        yield running


def crd(kind: str, plural: str) -> Object:
    """A CRD of a kind of which nothing is known but its name."""
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": schema}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {"group": GROUP, "names": names, "scope": "Namespaced", "versions": [version]},
    }


def test_a_namespace_with_a_kind_that_the_hooks_do_not_serve_is_refused(cluster: ControlPlane) -> None:
    before = everything(cluster, SERVERS)

    refused = migrate(cluster, SERVERS, "--apply")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.splitlines() == [
        f"refused: 1 {kind.kind} ({SERVERS}/theirs): these hooks don't serve that kind. Its namespace must stay the "
        f"old operator's, or lose these objects: kubectl delete {kind.resource} NAME -n {SERVERS}"
        for kind in OTHERS
    ]
    assert everything(cluster, SERVERS) == before
    shown = migrate(cluster, SERVERS)
    assert (shown.returncode, f"MCPServer/{CASE}" in shown.stdout) == (0, True)
    assert shown.stderr.count("don't serve that kind") == len(OTHERS)


def test_such_a_kind_refuses_the_whole_cluster_and_no_other_namespace(cluster: ControlPlane) -> None:
    whole, free = run("migrate", cluster.kubeconfig(), "--apply"), migrate(cluster, FREE, "--apply")

    assert (whole.returncode, whole.stderr.count("don't serve that kind")) == (2, len(OTHERS))
    assert (free.returncode, free.stderr) == (0, "")


def test_objects_are_not_converted_while_a_kind_of_ours_is_missing(cluster: ControlPlane, tmp_path: Path) -> None:
    cluster.kubectl("delete", "crd", f"mcpoidcconfigs.{GROUP}")

    refused = migrate(cluster, FREE, "--convert", "--apply", "--backup", str(tmp_path / "backup.yaml"))

    assert (refused.returncode, refused.stdout, (tmp_path / "backup.yaml").exists()) == (2, "", False)
    said = "refused: no CustomResourceDefinition of MCPOIDCConfig: install it first: kubectl apply -k crds/\n"
    assert refused.stderr == said
