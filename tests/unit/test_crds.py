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
    assert [yaml.safe_load(text) for text in manifests().values()] == crds()
    assert [text.startswith(HEADER) for text in manifests().values()] == [True] * 3


def test_calls_do_not_share_what_they_give() -> None:
    crds()[0]["spec"]["versions"].clear()

    assert len(crds()[0]["spec"]["versions"]) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_crd_fits_client_side_apply(kind: str) -> None:
    """kubectl keeps a copy in an annotation, and annotations end at 262144 bytes; ours stay far below."""
    assert len(json.dumps(KINDS[kind])) < 40_000


@pytest.mark.parametrize(
    ("kind", "names", "columns"),
    [
        (
            "MCPServer",
            {"plural": "mcpservers", "singular": "mcpserver"},
            [
                {"name": "Status", "type": "string", "jsonPath": ".status.phase"},
                *READY,
                {"name": "URL", "type": "string", "jsonPath": ".status.url"},
                MESSAGE,
                AGE,
            ],
        ),
        (
            "MCPExternalAuthConfig",
            {
                "plural": "mcpexternalauthconfigs",
                "singular": "mcpexternalauthconfig",
                "shortNames": ["extauth", "mcpextauth"],
            },
            [{"name": "Type", "type": "string", "jsonPath": ".spec.type"}, *READY, REFERENCED_BY, MESSAGE, AGE],
        ),
        (
            "MCPToolConfig",
            {"plural": "mcptoolconfigs", "singular": "mcptoolconfig", "shortNames": ["tc", "toolconfig"]},
            [
                {"name": "Filter", "type": "string", "jsonPath": ".spec.toolsFilter", "priority": 1},
                *READY,
                REFERENCED_BY,
                MESSAGE,
                AGE,
            ],
        ),
    ],
)
def test_everything_but_the_schema(kind: str, names: Object, columns: list[Object]) -> None:
    crd = copy.deepcopy(KINDS[kind])
    del crd["spec"]["versions"][0]["schema"]

    assert crd == {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names['plural']}.toolhive.stacklok.dev", "annotations": KEPT},
        "spec": {
            "group": "toolhive.stacklok.dev",
            "names": {"kind": kind, "listKind": f"{kind}List", **names},
            "scope": "Namespaced",
            "versions": [
                {
                    "name": "v1alpha1",
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": columns,
                }
            ],
        },
    }
