"""From a release whose fields no CRD of ours knows: objects are converted from a copy made before the CRDs change.

docs/migrating.md has these commands under "From a release between".
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hooks.api.crd import crds
from hooks.kubernetes.objects import Object
from tests import old_operator
from tests.apiserver.migration.spaces import migrate
from tests.controlplane import ControlPlane, control_plane, eventually
from tests.controlplane.assets import APISERVER
from tests.controlplane.fixtures import apply_our_crds, binaries_or_skip, wait_established
from tests.old_operator import create

pytestmark = pytest.mark.apiserver

GROUP = "toolhive.stacklok.dev"
NAMESPACE = "default"
FINALIZER = old_operator.FINALIZERS["MCPServer"]
INLINE = {
    "issuer": "https://idp.example.com",
    "audience": "mcp",
    "clientSecretRef": {"name": "idp", "key": "secret"},
    "caBundleRef": {"configMapRef": {"name": "ca", "key": "ca.crt"}},
    "scopes": ["mcp"],
}
OLD: dict[str, Object] = {
    "MCPServer": {
        "image": "i",
        "transport": "sse",
        "proxyPort": 9090,
        "groupRef": "team",
        "oidcConfig": {"type": "inline", "inline": INLINE},
    },
    "MCPRemoteProxy": {
        "remoteURL": "https://mcp.example.com",
        "port": 9091,
        "oidcConfig": {"type": "inline", "inline": INLINE},
    },
}
"""Specs as releases 0.4 to 0.18 knew them."""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ControlPlane]:
    """A cluster with these objects, and their copy in before.yaml; our CRDs were put in place since."""
    with control_plane(tmp_path, binaries_or_skip("apiserver", APISERVER)) as running:
        running.kubectl("apply", "--server-side", "-f", "-", input=json.dumps(older_crds()))
        wait_established(running)
        create(running, NAMESPACE, old_operator.stopped_operator("v0.18.0"))
        for kind, spec in OLD.items():
            metadata = {"name": "demo", "finalizers": [FINALIZER] if kind == "MCPServer" else []}
            create(
                running,
                NAMESPACE,
                {"apiVersion": f"{GROUP}/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec},
            )
        copied = running.kubectl("get", "mcpservers,mcpremoteproxies", "-A", "-o", "yaml").stdout
        (tmp_path / "before.yaml").write_text(copied)
        apply_our_crds(running)
        eventually(lambda: "remoteURL" not in spec_of(running, "MCPRemoteProxy"))
        yield running


def older_crds() -> Object:
    """CRDs that know any field of a workload."""
    found = copy.deepcopy(crds())
    for crd in found:
        for version in crd["spec"]["versions"]:
            root = version["schema"]["openAPIV3Schema"]
            if crd["spec"]["names"]["kind"] in OLD:
                del root["x-kubernetes-validations"]
                root["properties"]["spec"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {"apiVersion": "v1", "kind": "List", "items": found}


def spec_of(cluster: ControlPlane, kind: str, name: str = "demo") -> Object:
    found = cluster.get(f"{GROUP}/v1beta1/{kind}", name, NAMESPACE)
    assert found is not None, f"{kind} {name} is gone"
    spec: Object = found["spec"]
    return spec


def test_the_copy_has_what_our_crds_hide(cluster: ControlPlane, tmp_path: Path) -> None:
    for arguments in ((), ("--convert",)):
        refused = migrate(cluster, NAMESPACE, *arguments)
        assert (refused.returncode, "hides fields of objects, 2 in all" in refused.stderr) == (2, True)

    options = ("--convert", "--from", str(tmp_path / "before.yaml"), "--backup", str(tmp_path / "backup.yaml"))
    done = migrate(cluster, NAMESPACE, *options, "--apply")

    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "2 of 2 converted"), done.stderr
    reference = {"name": "idp-example-com-oidc", "audience": "mcp", "scopes": ["mcp"]}
    server, proxy = spec_of(cluster, "MCPServer"), spec_of(cluster, "MCPRemoteProxy")
    assert (server["groupRef"], server["proxyPort"], server["oidcConfigRef"]) == ({"name": "team"}, 9090, reference)
    assert (proxy["remoteUrl"], proxy["proxyPort"], proxy["oidcConfigRef"]) == (
        *("https://mcp.example.com", 9091, reference),
    )
    inline = spec_of(cluster, "MCPOIDCConfig", "idp-example-com-oidc")["inline"]
    assert {key: inline[key] for key in ("clientSecretRef", "caBundleRef")} == {
        key: INLINE[key] for key in ("clientSecretRef", "caBundleRef")
    }
    kept = cluster.get(f"{GROUP}/v1beta1/MCPServer", "demo", NAMESPACE)
    assert kept is not None
    assert kept["metadata"]["finalizers"] == [FINALIZER]

    again = migrate(cluster, NAMESPACE, *options, "--apply")
    assert (again.returncode, again.stdout) == (0, "nothing to convert\n")
    over = migrate(cluster, NAMESPACE, "--apply")
    assert (over.returncode, over.stderr) == (0, "")


def test_what_was_changed_since_its_copy_is_left(cluster: ControlPlane, tmp_path: Path) -> None:
    """What the CRD hid is out of the store then, and here with the notes of who wrote it."""
    cluster.kubectl(
        "patch", "mcpserver", "demo", "--type=merge", "-p", '{"spec": {"groupRef": null, "image": "other"}}'
    )
    before = spec_of(cluster, "MCPServer")

    left = migrate(
        cluster,
        NAMESPACE,
        "--convert",
        "--from",
        str(tmp_path / "before.yaml"),
        "--apply",
        "--backup",
        str(tmp_path / "b"),
    )

    said = "left: MCPServer default/demo was changed since the copy: write it in current fields, as the copy has it\n"
    assert (left.returncode, left.stderr, left.stdout.splitlines()[-1]) == (1, said, "1 of 1 converted")
    assert spec_of(cluster, "MCPServer") == before


def test_a_field_that_no_field_of_ours_replaces_is_left(cluster: ControlPlane, tmp_path: Path) -> None:
    text = (tmp_path / "before.yaml").read_text().replace("    image: i\n", "    image: i\n    loginRef: corp\n")
    (tmp_path / "before.yaml").write_text(text)

    left = migrate(cluster, NAMESPACE, "--convert", "--from", str(tmp_path / "before.yaml"))

    said = "left: MCPServer default/demo: spec.loginRef is no field of these hooks: say by others what it asks for\n"
    assert (left.returncode, left.stderr) == (1, said)


def test_a_copy_that_cannot_be_read_is_refused(cluster: ControlPlane, tmp_path: Path) -> None:
    (tmp_path / "before.yaml").write_text(f"apiVersion: {GROUP}/v1alpha1\nkind: [")

    refused = migrate(cluster, NAMESPACE, "--convert", "--from", str(tmp_path / "before.yaml"), "--apply")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"refused: {tmp_path}/before.yaml: document 1: ")
