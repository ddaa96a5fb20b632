"""Custom resources for the tests of this folder, and what the API server and the models say of them."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from kubernetes.dynamic.exceptions import DynamicApiError

from hooks.api.external_auth import MCPExternalAuthConfigSpec
from hooks.api.mcpserver import MCPServerSpec
from hooks.api.mcptoolconfig import MCPToolConfigSpec
from hooks.api.meta import API_VERSION, Model
from hooks.kubernetes.objects import SERVER_SET_METADATA, Object
from tests.controlplane import ControlPlane
from tests.unit.specs import errors

MODELS: dict[str, type[Model]] = {
    "MCPServer": MCPServerSpec,
    "MCPExternalAuthConfig": MCPExternalAuthConfigSpec,
    "MCPToolConfig": MCPToolConfigSpec,
}
ANYWHERE = "default"
"""The namespace of dry runs: they leave nothing there."""


class Refusal(NamedTuple):
    """The API server's no: the text that users read, and the fields that it names, sorted."""

    message: str
    places: list[str]


def custom(kind: str, spec: Object | None, name: str = "demo") -> Object:
    """A custom resource as a user writes it; None leaves the spec out."""
    obj: Object = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}}
    return obj if spec is None else {**obj, "spec": spec}


def dry_run(cluster: ControlPlane, obj: Object) -> Object | Refusal:
    """What the API server would store of an object, or why it would not."""
    resource = cluster.resource(f"{obj['apiVersion']}/{obj['kind']}")
    try:
        return bare(resource.create(body=obj, namespace=ANYWHERE, dry_run="All").to_dict())
    except DynamicApiError as error:
        status = json.loads(error.body)
        # "<nil>" says that CEL rules were left unevaluated, and repeats faults of whole numbers.
        fields = {cause["field"] for cause in status["details"]["causes"]} - {"<nil>"}
        return Refusal(status["message"], sorted(fields))


def bare(obj: Object) -> Object:
    """An object without the metadata that the API server sets, its namespace included."""
    unwanted = {*SERVER_SET_METADATA, "namespace"}
    return {**obj, "metadata": {key: value for key, value in obj["metadata"].items() if key not in unwanted}}


def model_places(kind: str, spec: object) -> list[str]:
    """The fields that the models complain about, sorted; none where the spec is good."""
    return sorted({line.partition(": ")[0] for line in errors(MODELS[kind], spec)})


def as_stored(value: Any) -> Any:
    """A model as the API server keeps it: what was written, and defaults. Empty ones say "left out" and are none."""
    if isinstance(value, Model):
        fields = type(value).model_fields
        return {
            fields[name].alias: as_stored(inner)
            for name, inner in value
            if inner is not None and (name in value.model_fields_set or inner not in ("", []))
        }
    if isinstance(value, list):
        return [as_stored(item) for item in value]
    return {key: as_stored(inner) for key, inner in value.items()} if isinstance(value, dict) else value
