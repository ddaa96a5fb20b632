"""`toolhive-hooks migrate --convert` on a real API server: old fields become current ones, in place."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import pytest
import yaml

from hooks.kubernetes.objects import KUBECTL_LAST_APPLIED, Object
from tests import old_operator
from tests.apiserver.migration.spaces import killed, migrate, spaces
from tests.controlplane import ControlPlane
from tests.old_operator import SERVER, create

pytestmark = pytest.mark.apiserver

GROUP = "toolhive.stacklok.dev/v1beta1"
OIDC, TOOLS, TELEMETRY = (f"{GROUP}/{kind}" for kind in ("MCPOIDCConfig", "MCPToolConfig", "MCPTelemetryConfig"))
INLINE = {
    "issuer": "https://idp.example.com",
    "audience": "mcp",
    "clientId": "mcp",
    "clientSecret": "in clear",
    "jwksAllowPrivateIP": True,
}
WRITES = 7
"""Secret, three configs and the first server; a config and the second server."""


@pytest.fixture
def old(cluster: ControlPlane, namespace: str) -> str:
    """A namespace with two servers in the fields of October 2025."""
    return lay_down(cluster, namespace)


def lay_down(cluster: ControlPlane, namespace: str) -> str:
    create(cluster, namespace, old_operator.stopped_operator())
    first = {
        "port": 9000,
        "targetPort": 3000,
        "tools": ["a", "b"],
        "oidcConfig": {"type": "inline", "resourceUrl": "https://mcp.example.com", "inline": INLINE},
        "telemetry": {"prometheus": {"enabled": True}},
    }
    settings = {"issuer": "https://idp.example.com", "audience": "other"}
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "oidc"}, "data": settings}
    create(cluster, namespace, config_map)
    second = {"tools": ["a", "b"], "oidcConfig": {"type": "configMap", "configMap": {"name": "oidc"}}}
    applied = {KUBECTL_LAST_APPLIED: json.dumps({"spec": {"image": "i", **first}})}
    create(cluster, namespace, server("first", first, annotations=applied))
    create(cluster, namespace, server("second", second))
    return namespace


def server(name: str, spec: Object, **metadata: object) -> Object:
    api_version = "toolhive.stacklok.dev/v1alpha1"
    return {
        "apiVersion": api_version,
        "kind": "MCPServer",
        "metadata": {"name": name, **metadata},
        "spec": {"image": "i", "transport": "sse", **spec},
    }


def convert(cluster: ControlPlane, namespace: str, backup: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return migrate(cluster, namespace, "--convert", "--backup", str(backup), *arguments)


def specs(cluster: ControlPlane, namespace: str) -> dict[str, Object]:
    kinds = (f"{GROUP}/MCPServer", OIDC, TOOLS, TELEMETRY)
    found = [obj for kind in kinds for obj in cluster.objects(kind, namespace)]
    return {key: obj["spec"] for key, obj in old_operator.by_name(found).items()}


def test_without_apply_it_is_only_shown(cluster: ControlPlane, old: str, tmp_path: Path) -> None:
    before = specs(cluster, old)
    result = convert(cluster, old, tmp_path / "backup.yaml")

    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        f"MCPServer {old}/first: spec.port, spec.targetPort, spec.oidcConfig, spec.telemetry, spec.tools",
        f"  + Secret {old}/first-oidc-client",
        f"  + MCPOIDCConfig {old}/first-oidc",
        f"  + MCPTelemetryConfig {old}/first-telemetry",
        f"  + MCPToolConfig {old}/first-tools",
        f"MCPServer {old}/second: spec.oidcConfig, spec.tools",
        f"  + MCPOIDCConfig {old}/second-oidc",
        "2 to convert; --convert --apply does it",
    ]
    assert "in clear" not in result.stdout + result.stderr
    assert specs(cluster, old) == before
    assert not (tmp_path / "backup.yaml").exists()


def test_objects_are_rewritten_after_a_backup_that_kubectl_puts_back(
    cluster: ControlPlane, old: str, tmp_path: Path
) -> None:
    before = specs(cluster, old)
    backup = tmp_path / "backup.yaml"
    result = convert(cluster, old, backup, "--apply")
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "2 of 2 converted"), result.stderr

    after = specs(cluster, old)
    first, second = after["MCPServer/first"], after["MCPServer/second"]
    assert (first["proxyPort"], first["mcpPort"]) == (9000, 3000)
    resource = {"audience": "mcp", "resourceUrl": "https://mcp.example.com"}
    assert first["oidcConfigRef"] == {"name": "first-oidc", **resource}
    assert first["toolConfigRef"] == second["toolConfigRef"]
    assert second["oidcConfigRef"] == {"name": "second-oidc", "audience": "other"}
    assert after["MCPOIDCConfig/first-oidc"]["inline"]["clientSecretRef"]["name"] == "first-oidc-client"
    secret = cluster.get("v1/Secret", "first-oidc-client", old)
    assert secret is not None
    assert base64.b64decode(secret["data"]["client-secret"]) == b"in clear"
    for spec in (first, second):
        assert {"port", "targetPort", "oidcConfig", "telemetry", "tools"} & spec.keys() == set()
    stored = cluster.get(SERVER, "first", old)
    assert stored is not None
    assert KUBECTL_LAST_APPLIED not in stored["metadata"].get("annotations", {})

    assert backup.stat().st_mode & 0o777 == 0o600
    assert len(list(yaml.safe_load_all(backup.read_text()))) == 2
    again = convert(cluster, old, tmp_path / "other.yaml", "--apply")
    assert (again.returncode, again.stdout, (tmp_path / "other.yaml").exists()) == (0, "nothing to convert\n", False)
    [command] = [line.partition("To go back: ")[2] for line in result.stdout.splitlines() if "To go back" in line]
    assert command == f"kubectl replace -f {backup}"
    cluster.kubectl(*command.split()[1:])
    restored = specs(cluster, old)
    assert {key: restored[key] for key in before} == before


def test_an_existing_backup_is_never_overwritten(cluster: ControlPlane, old: str, tmp_path: Path) -> None:
    backup = tmp_path / "backup.yaml"
    backup.write_text("of an earlier run")
    before = specs(cluster, old)

    result = convert(cluster, old, backup, "--apply")

    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == (
        f"refused: the backup {backup} can't be written: File exists. Give --backup FILE"
    )
    assert (backup.read_text(), specs(cluster, old)) == ("of an earlier run", before)


@pytest.mark.parametrize(
    ("mark", "tool"),
    [
        ({"annotations": {"argocd.argoproj.io/tracking-id": "x"}}, "Argo CD"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "x"}}, "Flux"),
    ],
)
def test_what_a_gitops_tool_owns_is_left_unless_forced(
    cluster: ControlPlane, namespace: str, tmp_path: Path, mark: Object, tool: str
) -> None:
    create(cluster, namespace, old_operator.stopped_operator())
    create(cluster, namespace, server("demo", {"port": 9000}, **mark))

    left = convert(cluster, namespace, tmp_path / "a.yaml", "--apply")
    assert (left.returncode, left.stdout) == (1, "nothing to convert\n")
    assert left.stderr.splitlines()[-1] == (
        f"left: MCPServer {namespace}/demo is {tool}'s, which would write its old fields back: convert its manifest "
        "(toolhive-hooks convert), or give --force"
    )
    forced = convert(cluster, namespace, tmp_path / "a.yaml", "--apply", "--force")
    assert (forced.returncode, forced.stdout.splitlines()[-1]) == (0, "1 of 1 converted")


def test_what_cannot_be_said_is_left_as_it_is(cluster: ControlPlane, namespace: str, tmp_path: Path) -> None:
    create(cluster, namespace, old_operator.stopped_operator())
    spec = {"port": 9000, "oidcConfig": {"type": "configMap", "configMap": {"name": "gone"}}}
    create(cluster, namespace, server("demo", spec))

    result = convert(cluster, namespace, tmp_path / "a.yaml", "--apply")

    assert (result.returncode, result.stdout) == (1, "nothing to convert\n")
    assert "left: MCPServer" in result.stderr
    assert specs(cluster, namespace)["MCPServer/demo"]["port"] == 9000


def test_the_way_back_to_044_is_refused_while_there_are_old_fields(
    cluster: ControlPlane, old: str, tmp_path: Path
) -> None:
    """Its CRDs would erase them, and the server would be open; October's operator knows them."""
    october = migrate(cluster, old, "--revert", "--apply")
    assert (october.returncode, october.stdout) == (0, "nothing to change\n")

    deployments = cluster.resource("apps/v1/Deployment")
    deployments.delete(name="toolhive-operator", namespace=old)
    create(cluster, old, old_operator.stopped_operator("v0.44.0"))
    refused = migrate(cluster, old, "--revert", "--apply")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(
        "refused: the old operator, of release 0.44, doesn't know fields of 2 of the workloads. Its CRDs would erase "
        f"them, and a server that authenticates its callers by one would be open to everyone: MCPServer {old}/first ("
    )
    assert refused.stderr.endswith("Convert them first: toolhive-hooks migrate --convert --apply\n")

    assert convert(cluster, old, tmp_path / "a.yaml", "--apply").returncode == 0
    assert migrate(cluster, old, "--revert", "--apply").returncode == 0


def test_a_conversion_that_is_killed_at_any_write_is_finished_by_the_next(
    cluster: ControlPlane, tmp_path: Path
) -> None:
    """The same objects as of a run in one go: no config twice, no Secret left over."""
    moments = (0, 1, 2, 3, 4, 6, WRITES)
    results = []
    with spaces(cluster, len(moments)) as names:
        for moment, space in zip(moments, names, strict=True):
            lay_down(cluster, space)
            if moment:
                backup = str(tmp_path / f"{moment}.yaml")
                killed(cluster, tmp_path, space, moment, "--convert", "--apply", "--backup", backup)
            done = convert(cluster, space, tmp_path / f"{moment}-again.yaml", "--apply")
            assert done.returncode == 0, done.stderr
            secrets = [obj["metadata"]["name"] for obj in cluster.objects("v1/Secret", space)]
            results.append((specs(cluster, space), secrets))
    assert results == [results[0]] * len(results)
