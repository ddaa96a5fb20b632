"""A field of a later release, kept by a real cluster's CRD or dropped by it: told, and nothing that runs is touched."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml

from hooks.kubernetes.objects import KUBECTL_LAST_APPLIED
from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.controlplane.fixtures import apply_our_crds
from tests.e2e.installation import Installation
from tests.e2e.test_failures import EXAMPLE, expect, expect_running, patch, running

__all__ = ["running"]

pytestmark = pytest.mark.e2e

CRD = "mcpservers.toolhive.stacklok.dev"
SPECS = [
    f"/spec/versions/{version}/schema/openAPIV3Schema/properties/spec/x-kubernetes-preserve-unknown-fields"
    for version in range(2)
]
LATER = {"oidcConfRef": {"name": "corp", "audience": "weather"}}
FAULT = "spec.oidcConfRef: is not a field that toolhive-hooks knows: perhaps oidcConfigRef is meant"
DROPPED = (
    "The manifest that was applied has fields that the API server dropped. Apply it without them; if the spec was "
    f"changed since by other means, remove the annotation {KUBECTL_LAST_APPLIED}. {FAULT}"
)


@contextmanager
def another_crd(cluster: ControlPlane) -> Iterator[None]:
    """MCPServers with a CRD that keeps what we don't know, as that of ToolHive 0.19 to 0.22 does with v1alpha1."""
    change = [{"op": "add", "path": spec, "value": True} for spec in SPECS]
    cluster.kubectl("patch", "crd", CRD, "--type=json", "-p", json.dumps(change))
    try:
        yield
    finally:
        back = [{"op": "remove", "path": spec} for spec in SPECS]
        cluster.kubectl("patch", "crd", CRD, "--type=json", "-p", json.dumps(back))
        apply_our_crds(cluster)


def is_failed(installation: Installation, namespace: str, change: str) -> bool:
    """Set the field, with something else so that each write is one.

    The API server goes on for a while with watches by the old CRD, which show Metacontroller objects without the field.
    """
    cluster = installation.cluster
    patch(cluster, namespace, "mcpserver/weather", {"metadata": {"annotations": {"change": change}}, "spec": LATER})
    server = installation.server(namespace, "weather")
    return bool(server["spec"].get("oidcConfRef") and server["status"]["phase"] == "Failed")


def test_where_the_crd_keeps_it_the_server_is_failed_and_held(
    running: tuple[Installation, WatchLog], namespace: str
) -> None:
    installation, log = running
    with another_crd(installation.cluster):
        changes = itertools.count()
        eventually(lambda: is_failed(installation, namespace, f"{next(changes)}"))
        expect(installation, namespace, "Failed", ("False", "SpecInvalid"), FAULT)
        log.wait_quiet(1)
        assert len(installation.ready_pods(namespace, "weather")) == 1

        patch(installation.cluster, namespace, "mcpserver/weather", {"spec": {"oidcConfRef": None}})
        expect_running(installation, namespace)
        log.wait_quiet(1)


def test_where_the_crd_drops_it_kubectls_annotation_tells(
    running: tuple[Installation, WatchLog], namespace: str
) -> None:
    """The spec is the same all along, and so is its generation."""
    installation, log = running
    cluster = installation.cluster
    manifest = yaml.safe_load((EXAMPLE / "mcpserver.yaml").read_text())
    generation = installation.server(namespace, "weather")["metadata"]["generation"]

    def apply(*options: str, **spec: object) -> None:
        text = json.dumps({**manifest, "spec": {**manifest["spec"], **spec}})
        cluster.kubectl("apply", "-n", namespace, *options, "-f", "-", input=text)

    apply("--validate=ignore", **LATER)
    expect(installation, namespace, "Failed", ("False", "FieldPruned"), DROPPED)
    log.wait_quiet(1)
    apply()
    expect_running(installation, namespace)

    # Another client puts it right, and the annotation stays: the message says what to do then.
    apply("--validate=ignore", **LATER)
    expect(installation, namespace, "Failed", ("False", "FieldPruned"), DROPPED)
    cluster.kubectl("annotate", "mcpserver", "weather", "-n", namespace, f"{KUBECTL_LAST_APPLIED}-")
    expect_running(installation, namespace)
    log.wait_quiet(1)
    assert installation.server(namespace, "weather")["metadata"]["generation"] == generation


def test_a_known_field_that_another_client_takes_out_is_no_fault(
    running: tuple[Installation, WatchLog], namespace: str
) -> None:
    """`kubectl edit`, `patch` and controllers leave the annotation as it was."""
    installation, log = running
    cluster = installation.cluster
    manifest = yaml.safe_load((EXAMPLE / "mcpserver.yaml").read_text())
    text = json.dumps({**manifest, "spec": {**manifest["spec"], "trustProxyHeaders": False, "tools": []}})
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input=text)

    patch(cluster, namespace, "mcpserver/weather", {"spec": {"tools": None, "trustProxyHeaders": None}})

    server = installation.server(namespace, "weather")
    assert '"tools":[]' in server["metadata"]["annotations"][KUBECTL_LAST_APPLIED]
    assert "tools" not in server["spec"]
    expect_running(installation, namespace)
    log.wait_quiet(1)
