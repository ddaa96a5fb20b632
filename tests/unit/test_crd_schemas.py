"""The schemas in the CustomResourceDefinitions, and how models become schemas."""

from typing import Annotated, Any

import pytest
from pydantic import Field

from hooks.api.crd import schema
from hooks.api.meta import ConfigMapRef, Model, NameRef
from hooks.api.scalars import Port
from hooks.api.workload import PermissionProfile, Volume
from hooks.kubernetes.objects import Object
from tests.unit.specs import EVERYTHING
from tests.unit.structural import KINDS, defaulted, nodes, root, unstructural


@pytest.mark.parametrize("kind", KINDS)
def test_schemas_are_structural(kind: str) -> None:
    assert unstructural(root(kind)) == []


@pytest.mark.parametrize(
    ("node", "want"),
    [
        ({"type": "string"}, []),
        ({}, [": type None"]),
        ({"type": ["string", "null"]}, [": type ['string', 'null']"]),
        ({"type": "number"}, [": type number"]),
        ({"type": "string", "nullable": True}, [": nullable"]),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}}, [".a: type None"]),
        ({"type": "array", "items": {"type": "integer"}}, ["[]: format None"]),
        ({"type": "array"}, [": no items"]),
        ({"type": "object", "additionalProperties": {"type": "string", "title": "T"}}, [".*: title"]),
        ({"type": "object", "required": ["a"]}, [": required a"]),
        (
            {"type": "object", "properties": {}, "additionalProperties": {"type": "string"}},
            [": properties and additionalProperties"],
        ),
    ],
)
def test_the_checker_sees_faults(node: Object, want: list[str]) -> None:
    assert unstructural(node) == want


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_described_in_sentences(kind: str) -> None:
    """`kubectl explain` has one for each field: on one line, from a capital letter or a name to a full stop."""
    described = [(at, node.get("description", "")) for at, node in nodes(root(kind)) if at not in ("", ".metadata")]
    fields = [(at, text) for at, text in described if not at.endswith(("[]", ".*"))]

    assert [at for at, text in fields if not text.endswith(".") or "\n" in text or text != text.strip()] == []


def test_a_block_has_its_enum_default_and_rule() -> None:
    """Enum, default and rule of one small block, as a whole."""
    assert root("MCPServer")["properties"]["spec"]["properties"]["permissionProfile"] == {
        "description": "Permissions of the MCP server.",
        "type": "object",
        "properties": {
            "type": {
                "description": 'Where the profile comes from: "builtin", or "configmap" for a key of a ConfigMap.',
                "type": "string",
                "enum": ["builtin", "configmap"],
                "default": "builtin",
            },
            "name": {
                "description": 'Name of the builtin profile ("none" or "network"), or of the ConfigMap.',
                "type": "string",
            },
            "key": {"description": "Key in the ConfigMap that contains the profile as JSON.", "type": "string"},
        },
        "required": ["name"],
        "x-kubernetes-validations": [
            {
                "rule": "self.type != 'configmap' || (has(self.key) && self.key != '')",
                "message": "key must be set when type is 'configmap'",
            }
        ],
    }


def test_the_pod_template_keeps_all_fields() -> None:
    template = root("MCPServer")["properties"]["spec"]["properties"]["podTemplateSpec"]

    assert {keyword: said for keyword, said in template.items() if keyword != "description"} == {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_conditions_are_a_map_by_type(kind: str) -> None:
    conditions = root(kind)["properties"]["status"]["properties"]["conditions"]

    assert (conditions["x-kubernetes-list-type"], conditions["x-kubernetes-list-map-keys"]) == ("map", ["type"])
    assert sorted(conditions["items"]["required"]) == ["lastTransitionTime", "message", "reason", "status", "type"]


@pytest.mark.parametrize(("model", "document"), EVERYTHING)
def test_the_schema_has_every_field_of_the_model(model: type[Model], document: Object) -> None:
    """Nothing that the model reads would be pruned."""

    def pruned(value: Any, node: Object) -> Any:
        if isinstance(value, list):
            return [pruned(item, node["items"]) for item in value]
        if not isinstance(value, dict) or "x-kubernetes-preserve-unknown-fields" in node:
            return value
        inner, rest = node.get("properties", {}), node.get("additionalProperties")
        return {k: pruned(v, inner.get(k, rest)) for k, v in value.items() if k in inner or rest}

    assert pruned(document, schema(model)) == document


def test_the_model_and_the_api_server_put_in_the_same_defaults() -> None:
    """With every block there and empty, the spec means the same with the CRD's defaults and without."""
    spec = {
        "image": "mcp:1",
        "volumes": [{"name": "data", "hostPath": "/srv", "mountPath": "/data"}],
        "permissionProfile": {"name": "none"},
        "oidcConfig": {"kubernetes": {}, "configMap": {"name": "oidc"}, "inline": {"issuer": "https://idp.test"}},
        "authzConfig": {"configMap": {"name": "authz"}},
        "audit": {},
        "telemetry": {"openTelemetry": {"metrics": {}, "tracing": {}}, "prometheus": {}},
    }
    model, _ = EVERYTHING[0]
    stored = defaulted(spec, schema(model))

    assert stored != spec
    assert model.parse(stored) == model.parse(spec)


def test_a_port_has_its_bounds_also_where_it_may_be_left_out() -> None:
    class Ports(Model):
        must: Port
        may: Port | None = None

    port = {"type": "integer", "format": "int32", "minimum": 1, "maximum": 65535}
    assert schema(Ports)["properties"] == {"must": port, "may": port}


def test_the_text_on_a_field_wins_over_that_of_its_type() -> None:
    class Holder(Model):
        ref: NameRef | None = None
        """The one that counts."""
        other: ConfigMapRef

    assert [node["description"] for node in schema(Holder)["properties"].values()] == [
        "The one that counts.",
        "A ConfigMap in the same namespace.",
    ]


def test_a_constraint_that_no_structural_schema_has_is_refused() -> None:
    class Exclusive(Model):
        share: Annotated[int, Field(gt=0)]

    class Either(Model):
        value: str | int

    with pytest.raises(ValueError, match=r"^no place in a structural schema: exclusiveMinimum$"):
        schema(Exclusive)
    with pytest.raises(ValueError, match=r"^too many values to unpack"):
        schema(Either)


@pytest.mark.parametrize("model", [Volume, PermissionProfile])
def test_each_part_has_a_structural_schema_of_its_own(model: type[Model]) -> None:
    """Any model has a structural schema by itself."""
    assert unstructural(schema(model)) == []
