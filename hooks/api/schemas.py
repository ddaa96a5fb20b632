"""JSON Schemas of the kinds, made from their CRDs: for editors, and for checks without a cluster."""

from __future__ import annotations

import json
from typing import Any

from hooks.api.crd import HEADER, crds
from hooks.kubernetes.names import PRESERVE_UNKNOWN

# Rules in CEL, and how lists are merged: JSON Schema has no words for them. `toolhive-hooks render` checks the rules.
_LEFT_OUT = {"x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"}


def json_schemas() -> dict[str, str]:
    """The schema of each kind (draft 7, which editors know best) as JSON, by path.

    The paths are those of public CRD catalogs, GROUP/KIND_VERSION.json with the kind in small letters: kubeconform and
    editors' extensions know how to look schemas up by them.
    """
    return {
        f"{crd['spec']['group']}/{crd['spec']['names']['singular']}_{version['name']}.json": json.dumps(
            _of_kind(crd["spec"], version), indent=2, ensure_ascii=False
        )
        + "\n"
        for crd in crds()
        for version in crd["spec"]["versions"]
    }


def json_schema(node: dict[str, Any]) -> dict[str, Any]:
    """A node of a structural schema in the words of JSON Schema.

    The API server drops fields that a schema doesn't name, and says so where it is asked to. Here they are errors, as
    most of them are misspelt.

    Args:
        node: the node; it isn't changed.

    Raises:
        ValueError: it has an extension of Kubernetes' that isn't handled yet.
    """
    extensions = {key for key in node if key.startswith("x-kubernetes-")}
    if unknown := extensions - _LEFT_OUT - {PRESERVE_UNKNOWN}:
        raise ValueError(f"no translation to JSON Schema: {', '.join(sorted(unknown))}")
    said = {key: value for key, value in node.items() if key not in extensions}
    for key in ("items", "additionalProperties"):
        if key in said:
            said[key] = json_schema(said[key])
    if "properties" in said:
        said["properties"] = {name: json_schema(inner) for name, inner in said["properties"].items()}
        if not node.get(PRESERVE_UNKNOWN):
            said["additionalProperties"] = False
    return said


def _of_kind(crd: dict[str, Any], version: dict[str, Any]) -> dict[str, Any]:
    """The schema of a whole object, which is of this kind and version and no other."""
    schema = json_schema(version["schema"]["openAPIV3Schema"])
    properties = schema["properties"]
    properties["apiVersion"]["enum"] = [f"{crd['group']}/{version['name']}"]
    properties["kind"]["enum"] = [crd["names"]["kind"]]
    # The CRD says that the spec must be there by a rule, for the sake of objects that exist; a manifest is new.
    spec = ["spec"] if "required" in properties["spec"] else []
    comment = HEADER.removeprefix("# ").strip()
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": comment,
        **schema,
        "required": ["apiVersion", "kind", "metadata", *spec],
    }
