"""The CustomResourceDefinitions: what a cluster is told about the models."""

import copy
import json
from pathlib import Path

import pytest
import yaml

from hooks.api.crd import HEADER, KEPT, crds, manifests
from hooks.kubernetes.objects import Object
from tests.unit.structural import KINDS

FOLDER = Path(__file__).parents[2] / "crds"
VALID = {"name": "Valid", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Valid")].status'}
READY = [
    {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
    {"name": "Reason", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].reason'},
]
MESSAGE = {
    "name": "Message",
    "type": "string",
    "jsonPath": '.status.conditions[?(@.type=="Ready")].message',
    "priority": 1,
}
AGE = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}
REFERENCED_BY = {"name": "Referenced By", "type": "string", "jsonPath": ".status.referencingServers"}


def test_the_files_are_the_generated_ones() -> None:
    """`make crds` brings them up to date."""
    assert {path.name: path.read_text() for path in FOLDER.glob("toolhive.*.yaml")} == manifests()


def test_kustomize_knows_all_files() -> None:
    assert sorted(yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]) == sorted(manifests())


def test_the_manifests_are_the_crds() -> None:
    assert [yaml.load(text, yaml.CSafeLoader) for text in manifests().values()] == crds()
    assert [text.startswith(HEADER) for text in manifests().values()] == [True] * 9


def test_calls_do_not_share_what_they_give() -> None:
    crds()[0]["spec"]["versions"].clear()

    assert len(crds()[0]["spec"]["versions"]) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_crd_fits_client_side_apply(kind: str) -> None:
    """kubectl keeps a copy in an annotation, and annotations end at 262144 bytes, all of them together."""
    assert len(json.dumps(KINDS[kind], separators=(",", ":"))) < 200_000


def column(name: str, path: str, type_: str = "string") -> Object:
    return {"name": name, "type": type_, "jsonPath": path}


CONFIG = [VALID, *READY, REFERENCED_BY, MESSAGE, AGE]
SHOWN: dict[str, tuple[list[str], list[Object]]] = {
    "MCPServer": (
        ["mcpserver", "mcpservers"],
        [
            column("Status", ".status.phase"),
            *READY,
            column("Replicas", ".status.readyReplicas", "integer"),
            column("URL", ".status.url"),
            MESSAGE,
            AGE,
        ],
    ),
    "MCPRemoteProxy": (
        ["rp", "mcprp"],
        [
            column("Phase", ".status.phase"),
            column("Remote URL", ".spec.remoteUrl"),
            column("URL", ".status.url"),
            *READY,
            MESSAGE,
            AGE,
        ],
    ),
    "MCPExternalAuthConfig": (["extauth", "mcpextauth"], [column("Type", ".spec.type"), *CONFIG]),
    "MCPToolConfig": (["tc", "toolconfig"], [{**column("Filter", ".spec.toolsFilter"), "priority": 1}, *CONFIG]),
    "MCPOIDCConfig": (["mcpoidc"], [column("Source", ".spec.type"), *CONFIG]),
    "MCPAuthzConfig": (["authzcfg"], [column("Type", ".spec.type"), *CONFIG]),
    "MCPTelemetryConfig": (
        ["mcpotel"],
        [
            column("Endpoint", ".spec.openTelemetry.endpoint"),
            column("Tracing", ".spec.openTelemetry.tracing.enabled", "boolean"),
            column("Metrics", ".spec.openTelemetry.metrics.enabled", "boolean"),
            *CONFIG,
        ],
    ),
    "MCPWebhookConfig": (["mwc"], CONFIG),
    "MCPGroup": (
        ["mcpg", "mcpgroup"],
        [
            column("Servers", ".status.serverCount", "integer"),
            column("Phase", ".status.phase"),
            column("Checked", '.status.conditions[?(@.type=="MCPServersChecked")].status'),
            *READY,
            MESSAGE,
            AGE,
        ],
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_names_versions_and_columns_of_each_crd(kind: str) -> None:
    crd = copy.deepcopy(KINDS[kind])
    for version in crd["spec"]["versions"]:
        del version["schema"]
    short_names, columns = SHOWN[kind]
    plural = f"{kind.lower().removesuffix('y')}{'ies' if kind.endswith('y') else 's'}"
    version = {"served": True, "subresources": {"status": {}}, "additionalPrinterColumns": columns}
    warning = (
        f"toolhive.stacklok.dev/v1alpha1 {kind} is deprecated: apply it as toolhive.stacklok.dev/v1beta1; "
        "'toolhive-hooks convert' rewrites manifests"
    )
    older = {**version, "name": "v1alpha1", "storage": False, "deprecated": True, "deprecationWarning": warning}
    only = {**version, "name": "v1alpha1", "storage": True}

    assert crd == {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.toolhive.stacklok.dev",
            "labels": {"app.kubernetes.io/part-of": "toolhive-hooks"},
            "annotations": KEPT,
        },
        "spec": {
            "group": "toolhive.stacklok.dev",
            "names": {
                "categories": ["toolhive"],
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "shortNames": short_names,
                "singular": kind.lower(),
            },
            "scope": "Namespaced",
            "versions": [only]
            if kind == "MCPWebhookConfig"
            else [older, {**version, "name": "v1beta1", "storage": True}],
        },
    }
