"""crds/schemas: what editors and kubeconform know of the kinds."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft7Validator

from hooks.api.crd import crds, manifests
from hooks.api.schemas import json_schema, json_schemas
from hooks.cli import main
from hooks.kubernetes.objects import Object
from tests.examples import APPLIED, ROOT, name

SCHEMAS = ROOT / "crds/schemas"
GENERATED = json_schemas()
SERVER: Object = {
    "apiVersion": "toolhive.stacklok.dev/v1beta1",
    "kind": "MCPServer",
    "metadata": {"name": "fetch"},
    "spec": {"image": "ghcr.io/stackloklabs/gofetch/server:1.0.5"},
}


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def complaints(manifest: Object) -> list[str]:
    """What a validator says of a manifest by the schema that catalogs would look up for it."""
    group, version = manifest["apiVersion"].split("/")
    path = SCHEMAS / group / f"{manifest['kind'].lower()}_{version}.json"
    validator = Draft7Validator(json.loads(path.read_text()))
    return sorted(f"{error.json_path}: {error.message}" for error in validator.iter_errors(manifest))


def test_the_files_are_the_generated_ones() -> None:
    """`make crds` brings them up to date."""
    assert files(SCHEMAS) == GENERATED
    assert sorted(GENERATED) == [
        f"toolhive.stacklok.dev/{kind}_{version}.json"
        for kind in sorted(crd["spec"]["names"]["singular"] for crd in crds())
        for version in ("v1alpha1", "v1beta1")
        if (kind, version) != ("mcpwebhookconfig", "v1beta1")
    ]


def test_the_command_writes_them_where_it_is_told(tmp_path: Path) -> None:
    both = CliRunner().invoke(main, ["crds", "--dir", str(tmp_path / "crds"), "--schemas", str(tmp_path / "schemas")])

    assert (both.exit_code, both.output) == (0, "")
    assert files(tmp_path / "crds") == manifests()
    assert files(tmp_path / "schemas") == GENERATED


def test_without_a_folder_the_crds_are_printed() -> None:
    result = CliRunner().invoke(main, ["crds"])

    assert (result.exit_code, list(yaml.load_all(result.output, yaml.CSafeLoader))) == (0, crds())


@pytest.mark.parametrize("path", sorted(GENERATED))
def test_each_file_is_a_json_schema_of_draft_7(path: str) -> None:
    schema = json.loads(GENERATED[path])

    Draft7Validator.check_schema(schema)
    assert "x-kubernetes" not in GENERATED[path]
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize("folder", APPLIED, ids=name)
def test_every_example_is_valid(folder: Path) -> None:
    objects = [obj for path in folder.glob("*.yaml") for obj in yaml.safe_load_all(path.read_text())]
    ours = [obj for obj in objects if obj["apiVersion"].startswith("toolhive.")]

    assert ours
    assert [complaint for obj in ours for complaint in complaints(obj)] == []


QUANTITY = r"^(\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,3})?)?$"
WRONG: dict[str, tuple[Object, str]] = {
    "a misspelt field": (
        {"spec": {"image": "x", "targetport": 8082}},
        "$.spec: Additional properties are not allowed ('targetport' was unexpected)",
    ),
    "a port that is none": (
        {"spec": {"image": "x", "port": 80800}},
        "$.spec.port: 80800 is greater than the maximum of 65535",
    ),
    "a number in place of a string": (
        {"spec": {"image": "x", "env": [{"name": "A", "value": 1}]}},
        "$.spec.env[0].value: 1 is not of type 'string'",
    ),
    "no choice": (
        {"spec": {"image": "x", "transport": "http"}},
        "$.spec.transport: 'http' is not one of ['stdio', 'streamable-http', 'sse']",
    ),
    "no quantity": (
        {"spec": {"image": "x", "resources": {"limits": {"cpu": "half"}}}},
        f"$.spec.resources.limits.cpu: 'half' does not match {QUANTITY!r}",
    ),
    "a required field is missing": ({"spec": {}}, "$.spec: 'image' is a required property"),
    "no spec": ({"spec": None}, "$.spec: None is not of type 'object'"),
    "another kind's schema": ({"kind": "MCPServers"}, "$.kind: 'MCPServers' is not one of ['MCPServer']"),
}


@pytest.mark.parametrize("case", WRONG)
def test_each_fault_is_named_by_its_place(case: str) -> None:
    change, expected = WRONG[case]
    schema = json.loads((SCHEMAS / "toolhive.stacklok.dev/mcpserver_v1beta1.json").read_text())

    [error] = Draft7Validator(schema).iter_errors(SERVER | change)

    assert f"{error.json_path}: {error.message}" == expected


def test_a_spec_must_be_there_where_it_has_fields_that_must_be() -> None:
    required = {path: json.loads(text)["required"] for path, text in GENERATED.items()}

    kinds = {path.partition("/")[2].partition("_")[0]: names for path, names in required.items()}
    assert {kind for kind, names in kinds.items() if names != ["apiVersion", "kind", "metadata", "spec"]} == {
        *("mcptoolconfig", "mcptelemetryconfig", "mcpwebhookconfig", "mcpgroup")
    }


def test_fields_without_a_schema_of_their_own_take_anything() -> None:
    server: Any = copy.deepcopy(SERVER)
    server["spec"]["podTemplateSpec"] = {"spec": {"nodeSelector": {"a": "b"}}}
    server["metadata"]["annotations"] = {"a": "b"}

    assert complaints(server) == []


def test_the_input_stays_as_it_is() -> None:
    node = {"type": "object", "properties": {"a": {"type": "string", "x-kubernetes-list-type": "map"}}}
    before = copy.deepcopy(node)

    assert json_schema(node) == {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "additionalProperties": False,
    }
    assert node == before


def test_an_extension_without_a_translation_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^no translation to JSON Schema: x-kubernetes-int-or-string$"):
        json_schema({"properties": {"port": {"x-kubernetes-int-or-string": True}}})
