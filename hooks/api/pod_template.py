"""spec.podTemplateSpec, as Go's decoder reads a PodTemplateSpec: the CRD has no schema for it.

The reference decodes it into Go structs, and the proxy runner decodes what it is given of it when it starts. A value of
a wrong type ends the runner, so it is found here, by the schema that Kubernetes publishes
(tools/pod_template_schema.py). Nothing is required, since Go's decoder requires nothing; but a container has a name.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, NamedTuple

import fastjsonschema

from hooks.kubernetes.objects import Object
from hooks.kubernetes.quantity import MAX_LENGTH, as_go_writes
from hooks.text import shortened

_SCHEMA: Object = json.loads(files(__package__).joinpath("pod_template_schema.json").read_bytes())
_DEFINITIONS: Object = _SCHEMA["definitions"]

_QUANTITY = r"^ *[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,3})? *\Z"
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)

_DROPPED_WHEN_FALSE = {"hostNetwork", "hostPID", "hostIPC", "readOnly", "stdin", "stdinOnce", "tty"}
_DROPPED_WHEN_BLANK = {"value", "subPath", "subPathExpr", "nodeName", "hostname", "subdomain", "serviceAccountName"}

_TYPES = {
    "array": "a list",
    "boolean": "a boolean",
    "integer": "an integer",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}
_ZEROS: Object = {"integer": 0, "object": {}, "string": ""}
_FORMS = {
    "date-time": "a time such as '2026-01-31T12:00:00Z'",
    "quantity": "a quantity such as '500m', '1.5' or '256Mi'",
}
_MAX_PATH, _MAX_UNKNOWN = 200, 5


class PodTemplate(NamedTuple):
    """A podTemplateSpec that Go's decoder takes."""

    template: Object
    """What Go makes of it: fields by their own names and in its order, quantities in its form; without nulls, zero
    values and what it doesn't know."""
    unknown: list[str]
    """Paths of what it doesn't know."""


class _Fault(ValueError):
    """What Go's decoder or the API server does otherwise than a schema can say, with its path."""


def _is_time(text: str) -> bool:
    if not _RFC3339.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True


_validate = fastjsonschema.compile(_SCHEMA, formats={"quantity": _QUANTITY, "date-time": _is_time}, use_default=False)


def read_pod_template(given: Object) -> PodTemplate | str:
    """Read a podTemplateSpec as Go's encoding/json does.

    Names of fields are matched in any case, null is the zero value, and what no field is there for is passed over.

    Args:
        given: any JSON object.

    Returns:
        The template, or what keeps it from being one, with its path.
    """
    unknown: list[str] = []
    try:
        template: Object = _as_go_reads(given, _SCHEMA, "spec.podTemplateSpec", unknown)
        _validate(template, name_prefix="spec.podTemplateSpec")
        template = _as_go_writes(template, _SCHEMA, "spec.podTemplateSpec")
    except _Fault as fault:
        return str(fault)
    except fastjsonschema.JsonSchemaValueException as fault:
        return f"{_shown(fault.name or '')} {_wording(fault)}"
    for index, container in enumerate(template.get("spec", {}).get("containers", ())):
        if "name" not in container:
            return f"spec.podTemplateSpec.spec.containers[{index}].name must be a string"
    return PodTemplate(template, unknown)


def in_go_order(template: Object) -> Object:
    """Return a template that was read, and added to since, in the order in which Go writes it."""
    ordered: Object = _as_go_writes(template, _SCHEMA, "spec.podTemplateSpec")
    return ordered


def unknown_fields(unknown: list[str]) -> str:
    """Name some fields that a pod template doesn't have, for a message."""
    shown = ", ".join(_shown(path) for path in sorted(unknown)[:_MAX_UNKNOWN])
    left = len(unknown) - _MAX_UNKNOWN
    return f"{shown} and {left} more" if left > 0 else shown


def _as_go_reads(value: Any, schema: Object, path: str, unknown: list[str]) -> Any:
    """Return a value with the fields that Go knows, by their own names. A value of a wrong type stays as it is."""
    schema = _followed(schema)
    if value is None:  # of an item or a map's key: a field's is left out before
        return "0" if schema.get("format") == "quantity" else _ZEROS[schema["type"]]
    if isinstance(value, list) and "items" in schema:
        return [_as_go_reads(item, schema["items"], f"{path}[{at}]", unknown) for at, item in enumerate(value)]
    if isinstance(value, dict) and "additionalProperties" in schema:
        return {key: _as_go_reads(item, schema["additionalProperties"], path, unknown) for key, item in value.items()}
    if isinstance(value, dict) and "properties" in schema:
        return _fields(value, schema["properties"], path, unknown)
    return value


def _as_go_writes(value: Any, schema: Object, path: str) -> Any:
    """The value as Go writes it: fields in the order of its structs, maps sorted, amounts and times in one form.

    No amount may be negative, which the API server refuses, or longer than what is looked at.
    """
    schema = _followed(schema)
    if schema.get("format") == "quantity":
        text = str(value).strip(" ")
        if text.startswith("-"):
            raise _Fault(f"{_shown(path)} must not be negative")
        if len(text) > MAX_LENGTH:
            raise _Fault(f"{_shown(path)} must have at most {MAX_LENGTH} characters")
        return as_go_writes(text)
    if schema.get("format") == "date-time":
        return datetime.fromisoformat(value).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, list) and "items" in schema:
        return [_as_go_writes(item, schema["items"], f"{path}[{at}]") for at, item in enumerate(value)]
    if isinstance(value, dict):
        given, others = schema.get("properties", {}), schema.get("additionalProperties", {})
        keys = [name for name in given if name in value] or sorted(value)
        return {key: _as_go_writes(value[key], given.get(key, others), f"{path}.{key}") for key in keys}
    return value


def _followed(schema: Object) -> Object:
    """The schema that this one refers to, or itself."""
    while "$ref" in schema:
        schema = _DEFINITIONS[schema["$ref"].removeprefix("#/definitions/")]
    return schema


def _fields(given: Object, properties: Object, path: str, unknown: list[str]) -> Object:
    fields: Object = {}
    for key, value in given.items():
        name = key if key in properties else _in_any_case(key, properties)
        if name is None:
            unknown.append(f"{path}.{key}")
        elif value is not None:
            if name in fields:
                raise _Fault(f"{path}.{name} is there twice, in two spellings: remove one")
            fields[name] = _as_go_reads(value, properties[name], f"{path}.{name}", unknown)
    return {name: value for name, value in fields.items() if not _left_out(name, value, properties[name])}


def _in_any_case(key: str, properties: Object) -> str | None:
    """The field that Go takes a name for. A long s is an s to it."""
    folded = key.lower().replace("\u017f", "s")
    return next((name for name in properties if name.lower() == folded), None)


def _left_out(name: str, value: Any, schema: Object) -> bool:
    """Whether Go writes the field at all: not where it has the zero value, and is no pointer."""
    return (
        (value == [] and "items" in schema and name != "containers")
        or (value == {} and "additionalProperties" in schema)
        or (value is False and name in _DROPPED_WHEN_FALSE)
        or (value == "" and name in _DROPPED_WHEN_BLANK)
    )


def _shown(path: str) -> str:
    """A path with keys that others wrote, cut short, and without line ends."""
    return repr(shortened(path, _MAX_PATH))[1:-1]


def _wording(fault: fastjsonschema.JsonSchemaValueException) -> str:
    wanted = fault.definition
    if fault.rule == "format":
        return f"must be {_FORMS[wanted['format']]}"
    if fault.rule in ("minimum", "maximum"):
        return f"must be from {wanted['minimum']} to {wanted['maximum']}"
    types = [wanted["type"]] if isinstance(wanted["type"], str) else wanted["type"]
    return f"must be {' or '.join(_TYPES[kind] for kind in types)}, is {_type(fault.value)}"


def _type(value: Any) -> str:
    """What JSON calls the type of a value."""
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return _TYPES[kinds[type(value)]]
