"""Upgrade and uninstall by docs/installing.md: nothing restarts, nothing is left that can't be deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hooks.metacontroller.controller import RULES_VERSION
from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.controlplane.components import wait_established
from tests.controlplane.controlplane import KubectlError
from tests.e2e.conftest import whole_cluster
from tests.e2e.installation import CHILD_KINDS, PARENT_KINDS, TOOLHIVE, Installation, serve
from tests.e2e.page import blocks, checkout, run
from tests.e2e.relay import Fault, Relay

pytestmark = pytest.mark.e2e

NAMESPACE = "toolhive-hooks"
CRD = "apiextensions.k8s.io/v1/CustomResourceDefinition"
COMPOSITE = "metacontroller.k8s.io/v1alpha1/CompositeController"
APPLY = "kubectl apply -k crds\nkubectl apply -k metacontroller"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, metacontroller: Path) -> Iterator[ControlPlane]:
    """A cluster of this file's own: others couldn't use one that is uninstalled."""
    with whole_cluster(tmp_path_factory.mktemp("uninstall"), metacontroller=metacontroller) as running:
        yield running


@pytest.fixture(scope="module")
def relay(cluster: ControlPlane) -> Iterator[Relay]:
    """The hooks, with nothing applied."""
    with Relay(serve(cluster, "hooks").port).running() as running:
        yield running


@pytest.fixture
def tree(relay: Relay, tmp_path: Path) -> Path:
    """A clone to run the page's commands in."""
    return checkout(tmp_path, relay.port)


@pytest.fixture
def installation(cluster: ControlPlane, relay: Relay, tree: Path, namespace: str) -> Installation:
    """Installed, with the example running."""
    run(cluster, APPLY, tree)
    wait_established(cluster)
    found = Installation(cluster, relay)
    found.deploy(namespace, tree / "examples/token-exchange")
    return found


def finalizers(cluster: ControlPlane, namespace: str) -> list[str]:
    """Those of the parents of a namespace; the namespaces of earlier tests may still be going."""
    parents = [parent for kind in PARENT_KINDS for parent in cluster.objects(kind, namespace)]
    return [name for parent in parents for name in parent["metadata"].get("finalizers") or []]


def gone(cluster: ControlPlane, namespace: str) -> bool:
    left = [obj["metadata"]["name"] for kind in (*CHILD_KINDS, "v1/Pod") for obj in cluster.objects(kind, namespace)]
    assert left == []
    return True


def versions(cluster: ControlPlane, namespace: str) -> dict[str, Any]:
    """uid and generation of all children and pods."""
    return {
        f"{kind} {obj['metadata']['name']}": (obj["metadata"]["uid"], obj["metadata"].get("generation"))
        for kind in (*CHILD_KINDS, "v1/Pod")
        for obj in cluster.objects(kind, namespace)
    }


def as_release_before(tree: Path) -> None:
    """An installation as an older release might bring it: another image, another version of the rules."""
    for path in (tree / "metacontroller").glob("mcp*.yaml"):
        path.write_text(path.read_text().replace(f"?rules={RULES_VERSION}", "?rules=0"))
    kustomization = tree / "metacontroller/kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("newTag: dev", "newTag: before"))


def test_an_upgrade_looks_at_everything_and_touches_nothing(
    cluster: ControlPlane, relay: Relay, namespace: str, tmp_path: Path
) -> None:
    before, now = (checkout(tmp_path / name, relay.port) for name in ("before", "now"))
    as_release_before(before)
    run(cluster, APPLY, before)
    Installation(cluster, relay).deploy(namespace, before / "examples/token-exchange")
    [upgrade] = blocks("Upgrade")
    with WatchLog(cluster, [*CHILD_KINDS, *PARENT_KINDS, "v1/Pod"], namespace) as log:
        log.wait_quiet(1)
        start, calls = log.position(), relay.position()

        run(cluster, upgrade, now)

        def asked_again() -> bool:
            asked = {(call.kind, call.hook) for call in relay.calls(since=calls) if call.parent.startswith(namespace)}
            kinds = ("mcpserver", "mcpexternalauthconfig")
            assert asked >= {(kind, hook) for kind in kinds for hook in ("customize", "sync")}
            return True

        eventually(asked_again)
        log.wait_quiet(2)
        assert list(map(str, log.events(since=start))) == []

    deployment = cluster.get("apps/v1/Deployment", NAMESPACE, NAMESPACE)
    assert deployment is not None
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "toolhive-hooks:dev"


def test_uninstalled_with_its_servers(
    cluster: ControlPlane, installation: Installation, tree: Path, namespace: str
) -> None:
    everything, _ = blocks("Uninstall")

    run(cluster, everything, tree)

    eventually(lambda: gone(cluster, namespace))
    assert cluster.objects(COMPOSITE) == []
    assert cluster.get("v1/Namespace", NAMESPACE) is None
    assert [crd for crd in cluster.objects(CRD) if crd["spec"]["group"] == TOOLHIVE.partition("/")[0]] == []


def test_uninstalled_and_let_go(cluster: ControlPlane, installation: Installation, tree: Path, namespace: str) -> None:
    """The servers go on as they are; installed again they still do; and without us they can be deleted."""
    _, let_go = blocks("Uninstall")
    before = versions(cluster, namespace)
    assert finalizers(cluster, namespace) != []

    run(cluster, let_go, tree)

    assert (finalizers(cluster, namespace), cluster.objects(COMPOSITE)) == ([], [])
    assert versions(cluster, namespace) == before

    run(cluster, APPLY, tree)
    eventually(lambda: len(finalizers(cluster, namespace)) == 3)  # server, external auth, OIDC
    with WatchLog(cluster, [*CHILD_KINDS, *PARENT_KINDS, "v1/Pod"], namespace) as log:
        log.wait_quiet(2)
    assert versions(cluster, namespace) == before

    run(cluster, let_go, tree)
    run(cluster, f"kubectl delete -n {namespace} mcpservers,mcpexternalauthconfigs,mcpoidcconfigs --all", tree)
    # The garbage collector learns of CRDs that are new to it twice a minute.
    eventually(lambda: gone(cluster, namespace))


def test_let_go_while_the_hooks_are_away(
    cluster: ControlPlane, relay: Relay, installation: Installation, tree: Path, namespace: str
) -> None:
    _, let_go = blocks("Uninstall")
    before = versions(cluster, namespace)
    with relay.failing(Fault(answer=(503, b""))):
        run(cluster, let_go, tree)

    assert (finalizers(cluster, namespace), cluster.objects(COMPOSITE)) == ([], [])
    assert versions(cluster, namespace) == before
    run(cluster, f"kubectl delete -n {namespace} mcpservers,mcpexternalauthconfigs,mcpoidcconfigs --all", tree)


def test_controllers_deleted_first_and_finalizers_taken_by_hand(
    cluster: ControlPlane, installation: Installation, tree: Path, namespace: str
) -> None:
    run(cluster, "kubectl delete -k metacontroller", tree)
    delete = f"kubectl delete -n {namespace} mcpservers,mcpexternalauthconfigs,mcpoidcconfigs --all --timeout=5s"
    with pytest.raises(KubectlError, match="timed out waiting"):
        run(cluster, delete, tree)
    _, by_hand = blocks("Recovery")

    run(cluster, by_hand, tree)

    assert finalizers(cluster, namespace) == []
    eventually(lambda: gone(cluster, namespace))


def test_the_crds_deleted_after_the_controllers_and_recovered(
    cluster: ControlPlane, installation: Installation, tree: Path, namespace: str
) -> None:
    """The CRDs take the servers with them, and wait for finalizers that nobody takes away: until we are back."""
    run(cluster, "kubectl delete -k metacontroller", tree)
    with pytest.raises(KubectlError, match="timed out waiting"):
        run(cluster, "kubectl delete -k crds --timeout=5s", tree)

    def is_being_deleted() -> bool:
        server = cluster.get(f"{TOOLHIVE}/MCPServer", "weather", namespace)
        return server is not None and "deletionTimestamp" in server["metadata"]

    eventually(is_being_deleted)
    bring_back, _ = blocks("Recovery")

    run(cluster, bring_back, tree)

    eventually(lambda: gone(cluster, namespace))
    assert cluster.objects(COMPOSITE) == []
    assert [crd for crd in cluster.objects(CRD) if crd["spec"]["group"] == TOOLHIVE.partition("/")[0]] == []
