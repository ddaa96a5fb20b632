"""PodTemplateSpecs, right and wrong, made by the schema that the hooks have; and what Go makes of zero values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from hypothesis import strategies as st

SCHEMA = json.loads(files("hooks.api").joinpath("pod_template_schema.json").read_text())

QUANTITIES = (
    "5",
    "0.5",
    "500m",
    "1e3",
    "1E-3",
    "-1",
    "+2.5Gi",
    ".5",
    "2.",
    " 5 ",
    "",
    "x",
    "1e1.5",
    "1K",
    "5 m",
    "1e",
    "--1",
)
TIMES = (
    *("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456789+01:00", "2024-02-29T00:00:00Z", "2026-02-29T00:00:00Z"),
    *("2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-01-31t12:00:00z", "2026-01-31T24:00:00Z", "2026-01-31", ""),
)
NUMBERS = (0, 5, -5, (1 << 31) - 1, 1 << 31, -(1 << 31) - 1, (1 << 63) - 1, 1 << 63, 1.5, 5.0, 1e300)
ANYTHING: tuple[Any, ...] = (
    *(None, True, False, *NUMBERS, "", "x", "5", "\u017f", *QUANTITIES, *TIMES),
    *([], [None], ["x"], [{}], [[]], {}, {"a": "b"}, {"a": None}, {"a": 5}, {"name": "x"}),
)
"""Values of all types that JSON has."""


@st.composite
def pod_templates(draw: st.DrawFn) -> Any:
    """A podTemplateSpec, some of its values of wrong types, some of its fields unknown or in another spelling."""
    return {key: _part(draw, inner) for key, inner in _chosen(draw, followed(SCHEMA)["properties"])}


def followed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that this one refers to, or itself."""
    while "$ref" in schema:
        schema = SCHEMA["definitions"][schema["$ref"].removeprefix("#/definitions/")]
    return schema


def one_field_each() -> Iterator[dict[str, Any]]:
    """Templates with one field each: every field that a pod template has, with every value of `ANYTHING`."""
    seen: set[int] = set()
    awaited = [(SCHEMA, ())]
    while awaited:
        reference, way = awaited.pop(0)
        schema = followed(reference)
        yield from (_at(way, value) for value in ANYTHING)
        if id(schema) in seen:
            continue
        seen.add(id(schema))
        for name, inner in schema.get("properties", {}).items():
            awaited.append((inner, (*way, name)))
        if "items" in schema:
            awaited.append((schema["items"], (*way, 0)))
        if "additionalProperties" in schema:
            awaited.append((schema["additionalProperties"], (*way, "key")))


def _at(way: tuple[str | int, ...], value: Any) -> Any:
    """A document with a value at the end of a way, where a container has a name."""
    for place, step in reversed(list(enumerate(way))):
        is_container = way[:place] == ("spec", "containers", 0)
        value = [value] if step == 0 else {**({"name": "mcp"} if is_container else {}), step: value}
    return value


def _chosen(draw: st.DrawFn, properties: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in draw(st.lists(st.sampled_from(sorted(properties)), unique=True, max_size=3)):
        spelling = draw(st.sampled_from([name] * 12 + [name.upper(), name.replace("s", "\u017f"), f"{name}s"]))
        yield spelling, properties[name]


def _part(draw: st.DrawFn, schema: dict[str, Any]) -> Any:
    schema = followed(schema)
    if draw(st.integers(0, 24)) == 24:
        return draw(st.sampled_from(ANYTHING))
    if "properties" in schema:
        return {key: _part(draw, inner) for key, inner in _chosen(draw, schema["properties"])}
    if "items" in schema:
        return [_part(draw, schema["items"]) for _ in range(draw(st.integers(0, 2)))]
    if "additionalProperties" in schema:
        keys = draw(st.lists(st.sampled_from(("a", "name", "example.com/b")), unique=True, max_size=2))
        return {key: _part(draw, schema["additionalProperties"]) for key in keys}
    right = {
        "boolean": (True, False),
        "integer": (0, 5, 8080),
        "string": TIMES[:3] if schema.get("format") == "date-time" else ("", "x", "mcp", "$(HOME)", "<&>"),
    }
    if schema.get("format") == "quantity":
        return draw(st.sampled_from((*QUANTITIES[:9], 5, 0.5)))
    kinds = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", ("string",))
    return draw(st.sampled_from([value for kind in kinds for value in right[kind]]))
