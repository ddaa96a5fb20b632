"""`toolhive-hooks diff -f` on a real API server: what applying manifests would change, children included."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hooks.kubernetes.objects import Object
from tests.apiserver.test_diff import CONFIG_KIND, EXCHANGE, SERVER, diff, obj, settled
from tests.controlplane import ControlPlane

pytestmark = pytest.mark.apiserver


def written(folder: Path, *manifests: Object) -> str:
    file = folder / "manifests.yaml"
    file.write_text("\n---\n".join(map(json.dumps, manifests)))
    return str(file)


def titles(text: str) -> list[str]:
    return [line.split()[2] for line in text.splitlines() if line.startswith("--- ")]


def test_what_is_as_the_manifest_says_shows_nothing(cluster: ControlPlane, namespace: str, tmp_path: Path) -> None:
    settled(cluster, namespace)
    manifest = obj(SERVER, "demo", spec={"image": "example.test/mcp:1"})

    result = diff(cluster, namespace, "-f", written(tmp_path, manifest))

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_change_is_shown_in_the_object_and_in_its_children(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    settled(cluster, namespace)
    manifest = obj(SERVER, "demo", spec={"image": "example.test/mcp:2"})

    result = diff(cluster, namespace, "-f", written(tmp_path, manifest))

    assert (result.returncode, result.stderr) == (1, "")
    assert titles(result.stdout) == ["MCPServer", "Deployment", "ConfigMap"]
    assert "-  image: example.test/mcp:1\n+  image: example.test/mcp:2\n" in result.stdout
    live = cluster.get(SERVER, "demo", namespace)
    assert live is not None
    assert live["spec"]["image"] == "example.test/mcp:1"


def test_what_is_not_there_yet_is_shown_whole(cluster: ControlPlane, namespace: str, tmp_path: Path) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "oauth"},
        "stringData": {"client-secret": "s3cr3t"},
    }
    config = obj(CONFIG_KIND, "tx", spec={"type": "tokenExchange", "tokenExchange": EXCHANGE})
    manifest = obj(SERVER, "new", spec={"image": "example.test/mcp:1", "externalAuthConfigRef": {"name": "tx"}})

    result = diff(cluster, namespace, "-f", written(tmp_path, secret, config, manifest))

    assert (result.returncode, result.stderr) == (1, "")
    assert titles(result.stdout)[:3] == ["MCPExternalAuthConfig", "MCPServer", "Deployment"]
    assert len(titles(result.stdout)) == 9
    assert "s3cr3t" not in result.stdout
    assert "czNjcjN0" not in result.stdout
    assert cluster.get(SERVER, "new", namespace) is None


def test_a_secret_that_sops_encrypted_counts_as_there(cluster: ControlPlane, namespace: str, tmp_path: Path) -> None:
    data = {"client-secret": "ENC[AES256_GCM,data:xyz,type:str]"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "oauth"}, "stringData": data, "sops": {}}
    config = obj(CONFIG_KIND, "tx", spec={"type": "tokenExchange", "tokenExchange": EXCHANGE})
    manifest = obj(SERVER, "new", spec={"image": "example.test/mcp:1", "externalAuthConfigRef": {"name": "tx"}})

    result = diff(cluster, namespace, "-f", written(tmp_path, secret, config, manifest))

    assert result.returncode == 1
    assert result.stderr.partition("manifests.yaml:1: ")[2] == (
        f"Secret {namespace}/oauth: is encrypted by sops: its values count as there\n"
    )
    assert len(titles(result.stdout)) == 9


def test_what_a_cluster_would_refuse_is_an_error_at_its_line(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    file = tmp_path / "manifests.yaml"
    file.write_text(json.dumps(obj(SERVER, "demo", spec={"imagee": "x"}), indent=1))

    result = diff(cluster, namespace, "-f", str(file))

    assert (result.returncode, result.stdout) == (2, "")
    assert f"error: {file}:8: MCPServer {namespace}/demo: spec.imagee: is not a field" in result.stderr
