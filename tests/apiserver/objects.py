"""Custom resources for the tests of this folder, and what the API server and the models say of them."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from kubernetes.dynamic.exceptions import DynamicApiError

from hooks.api.kinds import RESOURCES
from hooks.api.meta import Model
from hooks.kubernetes.objects import SERVER_SET_METADATA, Object
from tests.controlplane import ControlPlane
from tests.unit.specs import errors
from tests.unit.structural import root

BY_KIND = {resource.kind: resource for resource in RESOURCES}
MODELS: dict[str, type[Model]] = {kind: resource.spec_model for kind, resource in BY_KIND.items()}
ANYWHERE = "default"
"""The namespace of dry runs: they leave nothing there."""
NO_CAUSES = ("Ready", "IncomingAuthentication", "AccessRestricted", "StdioReplicaCapped", "SessionStorageWarning")
"""Conditions that are False although nothing is wrong with the spec, and the one that repeats the others."""


class Refusal(NamedTuple):
    """The API server's no: the text that users read, and the fields that it names, sorted."""

    message: str
    places: list[str]


def custom(kind: str, spec: Object | None, name: str = "demo", *, api_version: str = "") -> Object:
    """A custom resource as a user writes it, of the version it is stored in if none is given; None: it has no spec."""
    api_version = api_version or BY_KIND[kind].api_version
    obj: Object = {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}
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


def causes(answer: Object) -> list[str]:
    """The messages that say why a workload is Failed; there is one at least."""
    conditions = answer["status"]["conditions"]
    found = [c["message"] for c in conditions if c["status"] == "False" and c["type"] not in NO_CAUSES]
    assert found, answer["status"]
    return found


def model_places(kind: str, spec: object) -> list[str]:
    """The fields that the models complain about, sorted; none where the spec is good."""
    return sorted({line.partition(": ")[0] for line in errors(MODELS[kind], spec)})


def stored(kind: str, spec: object) -> Object:
    """A spec as the API server keeps it, by its kind's model; the first write's version has defaults of its own."""
    resource = BY_KIND[kind]
    kept: Object = as_stored(MODELS[kind].parse(spec), root(kind)["properties"]["spec"])
    return {**resource.defaults.get(resource.api_version, {}), **kept}


def as_stored(value: Any, schema: Object) -> Any:
    """A model as the API server keeps it: what was written, and the model's value where the CRD has a default."""
    if isinstance(value, Model):
        fields, properties = type(value).model_fields, schema["properties"]
        return {
            alias: as_stored(inner, properties[alias])
            for name, inner in value
            if (alias := str(fields[name].alias)) in properties
            and inner is not None
            and (name in value.model_fields_set or "default" in properties[alias])
        }
    if isinstance(value, list):
        return [as_stored(item, schema.get("items", {})) for item in value]
    if isinstance(value, dict):
        inner_schema = schema.get("additionalProperties", {})
        return {key: as_stored(inner, inner_schema) for key, inner in value.items()}
    return value
