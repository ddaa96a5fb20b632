"""charts/toolhive-hooks makes the objects that the kustomization makes, and a real API server takes them."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from hooks import __version__
from hooks.kubernetes.objects import Object
from tests.apiserver.manifests import BASE, COMPONENTS, NAMESPACE, Manifests, built, named, overlay
from tests.apiserver.test_components import ALONE, FOR_METACONTROLLER, FOR_OTHER_NAMESPACES, OPTIONAL, admitted, served
from tests.controlplane import ControlPlane
from tests.controlplane.assets import ROOT
from tests.go_tools import go_tool, helm
from tools.chart import CHART, COPIES

__all__ = ["served"]

pytestmark = pytest.mark.apiserver

NAMESPACES = {"hooks": "platform-mcp", "metacontroller": "kube-metacontroller", "prometheus": "observability"}
SETS = [[], *ALONE, OPTIONAL]
# Built by Go from a module, helm calls its cluster v1.20.
TEMPLATE = ("template", "hooks", CHART, "--kube-version", "1.36.0", "--set", "namespace.create=true")

each_set = pytest.mark.parametrize("components", SETS, ids=lambda chosen: "+".join(chosen) or "default")
elsewhere = pytest.mark.parametrize("elsewhere", [False, True], ids=["usual namespaces", "others"])


def value(component: str) -> str:
    """The chart's value for a component: `digest-key` is digestKey.enabled."""
    first, *others = component.split("-")
    return f"{first}{''.join(map(str.capitalize, others))}.enabled=true"


def templated(components: Iterable[str], *, elsewhere: bool = False) -> list[Object]:
    """What `helm template` prints with these components on, in the usual namespaces or in others."""
    settings = [part for name in components for part in ("--set", value(name))]
    if elsewhere:
        settings += ["--set", f"metacontroller.namespace={NAMESPACES['metacontroller']}"]
        settings += ["--set", f"monitoring.namespace={NAMESPACES['prometheus']}"]
    text = helm(*TEMPLATE, "--namespace", NAMESPACES["hooks"] if elsewhere else NAMESPACE, *settings)
    return [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]


def kustomized(
    cluster: ControlPlane, folder: Path, components: Iterable[str], *, elsewhere: bool = False
) -> list[Object]:
    """The same by `kubectl kustomize`: other namespaces come from a ConfigMap, as docs/installing.md has it."""
    if not elsewhere:
        return built(cluster, overlay(folder / "overlay", components))
    (folder / "namespaces").mkdir()
    (folder / "namespaces/kustomization.yaml").write_text("resources: [namespaces.yaml]\n")
    (folder / "namespaces/namespaces.yaml").write_text(yaml.safe_dump(settings()))
    return built(cluster, overlay(folder / "overlay", [*components, "namespaces"], [BASE, folder / "namespaces"]))


def settings() -> Object:
    """The ConfigMap that component `namespaces` reads."""
    annotations = {"config.kubernetes.io/local-config": "true"}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "toolhive-hooks-namespaces", "annotations": annotations},
        "data": NAMESPACES,
    }


def in_any_order(objects: list[Object]) -> Manifests:
    """Objects by kind and name, with the lists sorted whose order means nothing."""
    objects = copy.deepcopy(objects)
    for obj in objects:
        if obj["kind"] == "Deployment":
            pod = obj["spec"]["template"]["spec"]
            pod["volumes"].sort(key=lambda volume: volume["name"])
            for container in pod["containers"]:
                for field in ("env", "volumeMounts"):
                    container.get(field, []).sort(key=lambda item: item["name"])
    return named(objects)


@each_set
@elsewhere
def test_the_chart_makes_what_the_kustomization_makes(
    cluster: ControlPlane, tmp_path: Path, components: list[str], elsewhere: bool
) -> None:
    chart = templated(components, elsewhere=elsewhere)

    assert in_any_order(chart) == in_any_order(kustomized(cluster, tmp_path, components, elsewhere=elsewhere))


def test_no_object_names_a_namespace_that_is_not_meant() -> None:
    """With three other namespaces, the usual ones are nowhere; names of objects and labels stay as they are."""
    places: list[Any] = [
        (obj["kind"], path, text) for obj in templated(SETS[-1], elsewhere=True) for path, text in leaves(obj)
    ]
    usual = [
        (kind, path, text)
        for kind, path, text in places
        if path.endswith("amespace")
        or "namespaceSelector" in path
        or "dnsNames" in path
        or text.startswith("system:serviceaccounts:")
        if re.split("[.:]", text)[-1] in {"toolhive-hooks", "metacontroller", "monitoring"}
    ]

    assert usual == []


def leaves(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Every string of a document, with the way to it."""
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, f"{path}.{key}".lstrip("."))]
    if isinstance(value, list):
        return [leaf for number, item in enumerate(value) for leaf in leaves(item, f"{path}.{number}")]
    return [(path, value)] if isinstance(value, str) else []


@elsewhere
def test_the_api_server_takes_all_of_it(served: ControlPlane, elsewhere: bool) -> None:
    """`helm template … | kubectl apply`, in a namespace of another name too: admission and Pod Security say nothing."""
    objects = templated(SETS[-1], elsewhere=elsewhere)
    before = [obj for obj in objects if obj["kind"] == "Namespace"]
    before += [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        for name in {obj["metadata"].get("namespace") for obj in objects} - {None, before[0]["metadata"]["name"]}
    ]
    served.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(before))

    admitted(served, objects)


def test_everything_that_can_be_set_arrives() -> None:
    """Nothing of an installation needs a patch."""
    values = {
        "image": {"repository": "ghcr.io/example/toolhive-hooks", "tag": "1.0.0", "digest": "sha256:" + "0" * 64},
        "imagePullSecrets": [{"name": "registry"}],
        "runnerImage": "ghcr.io/example/proxyrunner:v0.44.0",
        "env": [{"name": "TOOLHIVE_HOOKS_LOG_LEVEL", "value": "warning"}],
        "replicas": 3,
        "resources": {"limits": {"memory": "1Gi"}},
        "podLabels": {"team": "mcp"},
        "podAnnotations": {"mesh": "off"},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "priorityClassName": "system-cluster-critical",
        "topologySpreadConstraints": [],
    }
    result = go_tool("helm", *TEMPLATE, "--values", "-", stdin=yaml.safe_dump(values))
    found = named([document for document in yaml.safe_load_all(result.stdout) if document])
    spec = found["Deployment", NAMESPACE]["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]

    assert spec["replicas"] == 3
    assert container["image"] == f"ghcr.io/example/toolhive-hooks:1.0.0@sha256:{'0' * 64}"
    assert container["env"] == [{"name": "TOOLHIVE_RUNNER_IMAGE", "value": values["runnerImage"]}, *values["env"]]
    assert container["resources"]["limits"] == values["resources"]["limits"]
    assert spec["template"]["metadata"]["labels"].items() >= values["podLabels"].items()
    assert spec["template"]["metadata"]["annotations"] == values["podAnnotations"]
    for field in ("imagePullSecrets", "nodeSelector", "tolerations", "affinity", "priorityClassName"):
        assert pod[field] == values[field]


def test_another_issuer_signs_the_hooks_certificate() -> None:
    issuer = ["--set", "tls.enabled=true,tls.issuerRef.name=company,tls.issuerRef.kind=ClusterIssuer"]
    found = named([document for document in yaml.safe_load_all(helm(*TEMPLATE, *issuer)) if document])

    assert found["Certificate", NAMESPACE]["spec"]["issuerRef"] == {"name": "company", "kind": "ClusterIssuer"}


def test_mtls_without_tls_is_refused() -> None:
    result = go_tool("helm", *TEMPLATE, "--set", "mtls.enabled=true")

    assert result.returncode != 0
    assert "mtls.enabled needs tls.enabled" in result.stderr


def test_the_chart_is_whole() -> None:
    """Its version is the package's, its copies are their originals (`make chart`), and helm finds no fault."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    files = {str(path.relative_to(CHART / "files")) for path in (CHART / "files").rglob("*") if path.is_file()}

    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)
    assert files == COPIES.keys()
    assert [copy for copy, original in COPIES.items() if read(CHART / "files" / copy) != read(ROOT / original)] == []
    assert "0 chart(s) failed" in helm("lint", "--strict", CHART, "--kube-version", "1.36.0")


def test_every_component_is_a_value_of_the_chart() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    without = {FOR_METACONTROLLER, FOR_OTHER_NAMESPACES}  # Metacontroller has a chart of its own; --namespace

    switches = {f"{key}.enabled=true" for key, item in values.items() if isinstance(item, dict) and "enabled" in item}
    assert switches == {value(path.name) for path in COMPONENTS.iterdir() if path.name not in without}


def read(path: Path) -> str:
    return path.read_text()


def test_a_value_that_is_misspelt_is_refused() -> None:
    """values.schema.json has each value of values.yaml, and no other."""
    result = go_tool("helm", *TEMPLATE, "--set", "tls.enable=true")

    assert result.returncode != 0
    assert "enable" in result.stderr
