"""components/monitoring-servers: a real kube-state-metrics exports what its alerts and dashboard ask for."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from hooks.api.kinds import RESOURCES
from hooks.kubernetes.objects import Object
from tests.apiserver.live import LiveWorld
from tests.apiserver.manifests import COMPONENTS, built, named, overlay
from tests.apiserver.objects import custom
from tests.controlplane import ControlPlane, eventually
from tests.controlplane.assets import ROOT
from tests.controlplane.processes import answers, free_port
from tests.e2e.page import blocks
from tests.go_tools import binary
from tests.unit.specs import EXTERNAL_AUTH
from tools.kube_state_metrics import document

pytestmark = pytest.mark.apiserver

COMPONENT = COMPONENTS / "monitoring-servers"
CONFIG = COMPONENT / "kube-state-metrics.yaml"
OF_METACONTROLLER = set((Path(__file__).with_name("metacontroller_metrics.txt")).read_text().split())
"""The series that Metacontroller 4.17.2 exports, with their labels: `name{label,label}`."""
OF_CERT_MANAGER = {"certmanager_certificate_expiration_timestamp_seconds"}
OF_PROMETHEUS = {"up"}


def test_the_configuration_is_the_generated_one() -> None:
    """`make kube-state-metrics` writes it."""
    assert CONFIG.read_text() == document()


@pytest.fixture(scope="module")
def port(cluster: ControlPlane) -> Iterator[int]:
    """A kube-state-metrics with the component's configuration, and the rights of the component's role."""
    cluster.kubectl("apply", "-f", COMPONENT / "clusterrole.yaml")
    port, telemetry = free_port(), free_port()
    as_monitoring = cluster.directory / "kubeconfig-monitoring"
    config = yaml.safe_load(cluster.kubeconfig().read_text())
    config["users"][0]["user"] |= {
        "as": "system:serviceaccount:monitoring:any",
        "as-groups": ["system:serviceaccounts:monitoring", "system:authenticated"],
    }
    as_monitoring.write_text(yaml.safe_dump(config))
    command: list[str | Path] = [
        binary("kube-state-metrics"),
        f"--kubeconfig={as_monitoring}",
        f"--custom-resource-state-config-file={CONFIG}",
        "--custom-resource-state-only=true",
        "--host=127.0.0.1",
        f"--port={port}",
        "--telemetry-host=127.0.0.1",
        f"--telemetry-port={telemetry}",
    ]
    process = cluster.run("kube-state-metrics", command).wait_ready(lambda: answers(port, "/healthz"))
    yield port
    process.stop()


def exported(port: int, namespace: str) -> list[Sample]:
    """What is exported of the objects of a namespace."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return [sample for sample in samples if sample.labels.get("exported_namespace") == namespace]


def info(port: int, namespace: str) -> dict[str, tuple[str | None, ...]]:
    """Phase, readiness and reason by kind and name."""
    return {
        f"{sample.labels['customresource_kind']}/{sample.labels['name']}": tuple(
            sample.labels.get(label) for label in ("phase", "ready", "reason")
        )
        for sample in exported(port, namespace)
        if sample.name == "toolhive_resource_info"
    }


def test_each_kind_is_exported_with_phase_readiness_and_reason(
    cluster: ControlPlane, namespace: str, port: int
) -> None:
    """From what the hooks really write: a server that waits, one that failed, configs that are and aren't ready."""
    world = LiveWorld(cluster, namespace)
    world.make(
        custom("MCPServer", {"image": "mcp:1"}, name="waits"),
        custom("MCPServer", {"image": "mcp:1", "toolConfigRef": {"name": "nothing"}}, name="failed"),
        custom("MCPToolConfig", {"toolsFilter": ["fetch"]}, name="good"),
        custom("MCPExternalAuthConfig", EXTERNAL_AUTH, name="without-secret"),
    )

    def seen() -> bool:
        assert info(port, namespace) == {
            "MCPServer/waits": ("Pending", "False", "NoPods"),
            "MCPServer/failed": ("Failed", "False", "ToolConfigNotFound"),
            "MCPToolConfig/good": (None, "True", "Ready"),
            "MCPExternalAuthConfig/without-secret": (None, "False", "SecretNotFound"),
        }
        return True

    eventually(seen)
    samples = exported(port, namespace)
    since = [
        sample.value for sample in samples if sample.name == "toolhive_resource_ready_transition_timestamp_seconds"
    ]
    generations = [sample.value for sample in samples if sample.name.endswith("generation")]
    assert len(since) == 4
    assert min(since) > 1.7e9
    assert generations == [1.0] * 8  # generation and observed_generation of four objects


def test_every_kind_is_configured() -> None:
    configured = [resource["groupVersionKind"] for resource in yaml.safe_load(CONFIG.read_text())["spec"]["resources"]]

    assert configured == [
        {"group": kind.group, "version": kind.api_version.partition("/")[2], "kind": kind.kind} for kind in RESOURCES
    ]


def queries() -> dict[str, str]:
    """What alerts and dashboard ask, by name."""
    rules = yaml.safe_load((COMPONENT / "prometheusrule.yaml").read_text())
    dashboard = json.loads((COMPONENT / "dashboard.json").read_text())
    alerts = {rule["alert"]: rule["expr"] for group in rules["spec"]["groups"] for rule in group["rules"]}
    return alerts | {panel["title"]: panel["targets"][0]["expr"] for panel in dashboard["panels"]}


@pytest.mark.parametrize(("name", "query"), queries().items(), ids=queries())
def test_what_is_asked_for_is_exported(name: str, query: str) -> None:
    """Each series is one of kube-state-metrics, Metacontroller or cert-manager, with the labels that are asked."""
    asked = re.findall(
        r"\b((?:toolhive|metacontroller|workqueue|rest_client|process|certmanager)_\w+|up)\b(\{[^}]*\})?", query
    )
    known = {line.partition("{")[0]: set(line.partition("{")[2].rstrip("}").split(",")) for line in OF_METACONTROLLER}
    ours: Object = yaml.safe_load(CONFIG.read_text())["spec"]["resources"][0]
    own = {f"toolhive_resource_{metric['name']}" for metric in ours["metrics"]}
    always = {"customresource_kind", "exported_namespace", "name", "phase", "ready", "reason", "job"}

    assert asked, name
    for series, matchers in asked:
        labels = set(re.findall(r"(\w+)(?:=~|!~|!=|=)", matchers))
        if series in known:
            assert labels <= known[series] | {"job"}, series
        else:
            assert series in own | OF_CERT_MANAGER | OF_PROMETHEUS, series
            assert labels <= always


def test_the_role_reads_every_kind() -> None:
    roles = list(yaml.safe_load_all((COMPONENT / "clusterrole.yaml").read_text()))

    assert roles[0]["rules"][0] == {"apiGroups": [RESOURCES[0].group], "resources": ["*"], "verbs": ["list", "watch"]}


def test_the_page_has_the_values_that_kube_state_metrics_needs(cluster: ControlPlane, tmp_path: Path) -> None:
    """Path, volume and ConfigMap belong together."""
    [text] = blocks("Servers and configs", "yaml", ROOT / "docs/monitoring.md")
    values = yaml.safe_load(text)
    found = named(built(cluster, overlay(tmp_path / "overlay", ["monitoring-servers"])))
    [(flag, _, path)] = [argument.partition("=") for argument in values["extraArgs"]]
    [mount], [volume] = values["volumeMounts"], values["volumes"]

    assert flag == "--custom-resource-state-config-file"
    assert Path(path).parent == Path(mount["mountPath"])
    assert mount["name"] == volume["name"]
    assert found["ConfigMap", volume["configMap"]["name"]]["data"] == {Path(path).name: CONFIG.read_text()}
    assert found["ConfigMap", volume["configMap"]["name"]]["metadata"]["namespace"] == "monitoring"
