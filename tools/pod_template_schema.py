"""Write the JSON Schema of a PodTemplateSpec: what Go's decoder refuses below spec.podTemplateSpec, as data.

`python -m tools.pod_template_schema` (needs Go) writes `FILE`. It is what Kubernetes
publishes of PodTemplateSpec and of all that it refers to, in the version that tools/go.mod pins. Kept is what decides
whether JSON can be decoded: types, the ranges of integers, the forms of quantities and times. Left out is what only the
API server checks (required fields), and what is there for people (descriptions). Properties are in the order in which
Go writes the fields (tools/oracle), which the published document doesn't keep.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TOOLS = Path(__file__).resolve().parent
FILE = TOOLS.parent / "hooks/api/pod_template_schema.json"
MODULE = "k8s.io/kubernetes"
ROOT = "io.k8s.api.core.v1.PodTemplateSpec"

INTEGERS = {f"int{bits}": {"minimum": -(1 << bits - 1), "maximum": (1 << bits - 1) - 1} for bits in (32, 64)}
DECODED_BY_THEMSELVES = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number"], "format": "quantity"},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["string", "integer"], **INTEGERS["int32"]},
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": {},
}
"""Types with a decoder of their own, which takes more than their published schema says."""


def module() -> tuple[str, Path]:
    """Return the version of the pinned Kubernetes, and the folder that its sources are in."""
    command = ["go", "mod", "download", "-json", MODULE]
    answer = subprocess.run(command, cwd=TOOLS, check=True, capture_output=True, text=True)  # noqa: S603
    found = json.loads(answer.stdout)
    return found["Version"], Path(found["Dir"])


def orders() -> dict[str, list[str]]:
    """Return the fields of each type of a PodTemplateSpec, by its name, in the order in which Go writes them."""
    command, question = ["go", "run", "./oracle"], '{"fields": true}\n'
    answer = subprocess.run(command, cwd=TOOLS, check=True, capture_output=True, text=True, input=question)  # noqa: S603
    fields: dict[str, list[str]] = json.loads(answer.stdout)["fields"]
    return fields


def schema(version: str, published: dict[str, Any], fields: dict[str, list[str]]) -> dict[str, Any]:
    """Return the schema of a PodTemplateSpec, closed: what it refers to is in it.

    Args:
        version: of the Kubernetes that published the definitions.
        published: all definitions of its OpenAPI document.
        fields: of each definition, in the order in which Go writes them.
    """
    definitions, awaited = {}, [ROOT]
    while awaited:
        name = awaited.pop()
        if name not in definitions:
            definitions[name] = DECODED_BY_THEMSELVES.get(name, decoded(published[name]))
            if "properties" in definitions[name]:
                properties = definitions[name]["properties"]
                definitions[name]["properties"] = {field: properties[field] for field in fields[name]}
            awaited += references(definitions[name])
    return {
        "$comment": f"Made by tools/pod_template_schema.py from {MODULE} {version}, Apache-2.0.",
        "$schema": "http://json-schema.org/draft-04/schema#",
        "$ref": f"#/definitions/{ROOT}",
        "definitions": dict(sorted(definitions.items())),
    }


def decoded(published: dict[str, Any]) -> dict[str, Any]:
    """Return what of a published schema decides whether JSON can be decoded."""
    kept = {key: published[key] for key in ("$ref", "type") if key in published}
    form = published.get("format")
    if form in INTEGERS:
        kept |= INTEGERS[form]
    elif form:
        kept["format"] = form
    if "properties" in published:
        kept["properties"] = {name: decoded(inner) for name, inner in published["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in published:
            kept[key] = decoded(published[key])
    return kept


def references(part: Any) -> Iterator[str]:
    """Yield the names of the definitions that a part of a schema refers to."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"].removeprefix("#/definitions/")
        for inner in part.values():
            yield from references(inner)


def text(made: dict[str, Any]) -> str:
    """Return a schema as JSON, one definition a line."""
    head = {key: value for key, value in made.items() if key != "definitions"}
    lines = [f"{json.dumps(name)}: {json.dumps(inner)}" for name, inner in made["definitions"].items()]
    return json.dumps(head)[:-1] + ', "definitions": {\n' + ",\n".join(lines) + "\n}}\n"


def main() -> None:
    """Write the schema."""
    version, folder = module()
    published = json.loads((folder / "api/openapi-spec/swagger.json").read_text())["definitions"]
    FILE.write_text(text(schema(version, published, orders())))


if __name__ == "__main__":
    main()
