"""metacontroller/components/monitoring: alerts and dashboard ask only for what the hooks export."""

from __future__ import annotations

import json
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hooks.server.app import create_metrics
from tests.apiserver.manifests import BASE, NAMESPACE, Manifests, built, named, overlay
from tests.controlplane import ControlPlane

pytestmark = pytest.mark.apiserver

EXPORTED: dict[str, set[str]] = {}
"""The labels of each series that a server exports at its start."""
VALUES: dict[str, set[str]] = {}
"""The values that each label ever has, but for `le` and `version`."""
for family in text_string_to_metric_families(create_metrics().exposition().decode()):
    for sample in family.samples:
        EXPORTED.setdefault(sample.name, set()).update(sample.labels)
        for label, value in sample.labels.items():
            VALUES.setdefault(label, set()).add(value)
OF_THE_TARGET = {"instance", "job", "namespace", "pod"}
"""Labels that Prometheus adds to whatever it scrapes."""
WORDS = {"sum", "count", "by", "rate", "increase", "absent", "histogram_quantile"}
"""What the queries use of PromQL: a word that is neither here nor exported is a mistake."""


def faults(query: str) -> list[str]:
    """What a query asks for that there isn't. Each of ours is about one series."""
    words = re.sub(r'"[^"]*"|\[[^\]]*\]|\{[^}]*\}|by \([^)]*\)', " ", query)
    names = {word for word in re.findall(r"[a-zA-Z_:][\w:]*", words) if word not in WORDS}
    if len(names) != 1:
        return [f"not one series: {sorted(names)}"]
    labels = EXPORTED.get(*names)
    if labels is None:
        return [f"not exported: {names.pop()}"]
    matchers = [match for inner in re.findall(r"\{([^}]*)\}", query) for match in inner.split(",")]
    grouped = {label.strip() for inner in re.findall(r"by \(([^)]*)\)", query) for label in inner.split(",")}
    found = [f"no such label: {label}" for label in sorted(grouped - labels - OF_THE_TARGET)]
    for match in matchers:
        label, values = re.fullmatch(r'(\w+)(?:=|!=|=~|!~)"([^"]*)"', match.strip()).groups()
        unknown = set(values.split("|")) - VALUES.get(label, set())
        found += [f"no such label: {label}"] if label not in labels else [f"{label} is never {v}" for v in unknown]
    if "histogram_quantile" in query and "le" not in grouped:
        found.append("a quantile without le")
    return found


@pytest.fixture(scope="module")
def monitoring(cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Manifests:
    """The default with monitoring."""
    return named(built(cluster, overlay(tmp_path_factory.mktemp("monitoring"), ["monitoring"])))


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("toolhive_hooks_requests", "not exported: toolhive_hooks_requests"),
        ("toolhive_hooks_body_bytes", "not exported: toolhive_hooks_body_bytes"),
        ("sum by (verb) (toolhive_hooks_panics_total)", "no such label: verb"),
        ('toolhive_hooks_panics_total{outcome="panic"}', "no such label: outcome"),
        ('toolhive_hooks_requests_total{outcome=~"ok|fine"}', "outcome is never fine"),
        ("median(toolhive_hooks_panics_total)", "not one series: ['median', 'toolhive_hooks_panics_total']"),
        ("histogram_quantile(0.5, sum by (kind) (toolhive_hooks_body_bytes_bucket))", "a quantile without le"),
    ],
)
def test_a_mistake_in_a_query_is_seen(query: str, fault: str) -> None:
    assert faults(query) == [fault]


def test_alerts_ask_for_what_is_exported(monitoring: Manifests) -> None:
    (group,) = monitoring["PrometheusRule", NAMESPACE]["spec"]["groups"]

    assert {rule["alert"]: faults(rule["expr"]) for rule in group["rules"]} == {
        rule["alert"]: [] for rule in group["rules"]
    }
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        told = " ".join(rule["annotations"].values())
        used = set(re.findall(r"\$labels\.(\w+)", told))
        (by,) = re.findall(r"by \(([^)]*)\)", rule["expr"])[:1] or [""]
        assert used <= set(by.split(", ")), f"{rule['alert']} tells a label that its result doesn't have"


def test_the_dashboard_asks_for_what_is_exported(monitoring: Manifests) -> None:
    dashboard = json.loads(monitoring["ConfigMap", "toolhive-hooks-dashboard"]["data"]["toolhive-hooks.json"])
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]

    assert {query: faults(query) for query in queries} == {query: [] for query in queries}
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            told = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            (by,) = re.findall(r"by \(([^)]*)\)", target["expr"])
            assert told == set(by.split(", ")) - {"le"}, f"{panel['title']}: its legend is not what it groups by"


def test_every_metric_is_shown(monitoring: Manifests) -> None:
    shown = monitoring["ConfigMap", "toolhive-hooks-dashboard"]["data"]["toolhive-hooks.json"]

    about_itself = ("_created", "_sum", "_count")
    assert [name for name in EXPORTED if not name.endswith(about_itself) and name not in shown] == []


def test_prometheus_finds_the_pods_and_gets_through(cluster: ControlPlane, monitoring: Manifests) -> None:
    """From ServiceMonitor to Service to port of the pod, and NetworkPolicy lets `monitoring` in there alone."""
    service = monitoring["Service", "toolhive-hooks-metrics"]
    monitor = monitoring["ServiceMonitor", NAMESPACE]["spec"]
    pod = monitoring["Deployment", NAMESPACE]["spec"]["template"]
    (port,) = service["spec"]["ports"]
    ports = {item["name"]: item["containerPort"] for item in pod["spec"]["containers"][0]["ports"]}
    default = named(built(cluster, BASE))

    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert [endpoint["port"] for endpoint in monitor["endpoints"]] == [port["name"]]
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert not monitor["selector"]["matchLabels"].items() <= default["Service", NAMESPACE]["metadata"]["labels"].items()
    assert monitoring["NetworkPolicy", NAMESPACE] == default["NetworkPolicy", NAMESPACE]
    assert monitoring["NetworkPolicy", "toolhive-hooks-metrics"]["spec"]["ingress"] == [
        {
            "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
            "ports": [{"protocol": "TCP", "port": ports[port["targetPort"]]}],
        }
    ]
