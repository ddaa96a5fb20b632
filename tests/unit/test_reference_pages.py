"""The site's pages on kinds: every field is in them, and each example is one manifest of its kind that is accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from hooks.api.crd import crds, schema
from hooks.api.kinds import RESOURCES, CustomResource
from tests.examples import FOLDER
from tools.reference_pages import EXAMPLES, anchor, cell, fields_below, overview, page, pages, path_of, suffix

each_kind = pytest.mark.parametrize("kind", RESOURCES, ids=lambda kind: kind.kind)


def fields(path: str, node: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The section, name and description of every field, at any depth."""
    for name, field in node.get("properties", {}).items():
        yield path, name, field.get("description", "")
        below = fields_below(field)
        if below is not None:
            yield from fields(f"{path}.{name}{suffix(field)}", below)


@each_kind
def test_every_field_is_in_its_section_with_its_description(kind: CustomResource) -> None:
    sections = dict(re.findall(r"^##+ ([a-z]\S*)\n(.*?)(?=^##|\Z)", page(kind), re.DOTALL | re.MULTILINE))

    for part, model in (("spec", kind.spec_model), ("status", kind.status_model)):
        found = list(fields(part, schema(model)))
        assert found
        for section, name, description in found:
            assert re.search(
                rf"^\| \[?`{name}`.*<br>{re.escape(cell(description))} \|$", sections[section], re.MULTILINE
            )


@each_kind
def test_links_to_sections_lead_there(kind: CustomResource) -> None:
    text = page(kind)
    anchors = {anchor(heading) for heading in re.findall(r"^##+ (.*)$", text, re.MULTILINE)}

    assert set(re.findall(r"\]\(#(.*?)\)", text)) - anchors == set()


@each_kind
def test_rules_over_several_fields_are_told(kind: CustomResource) -> None:
    [crd] = [crd for crd in crds() if crd["spec"]["names"]["kind"] == kind.kind]
    spec = crd["spec"]["versions"][-1]["schema"]["openAPIV3Schema"]["properties"]["spec"]

    for rule in spec.get("x-kubernetes-validations", []):
        assert f"\n- {cell(rule['message'])}\n" in page(kind)


@each_kind
def test_the_example_is_one_of_the_examples(kind: CustomResource) -> None:
    """That every example is accepted, test_examples.py says."""
    manifest = yaml.safe_load((FOLDER / EXAMPLES[kind.kind]).read_text())

    assert (manifest["apiVersion"], manifest["kind"]) == (kind.api_version, kind.kind)


def test_defaults_bounds_and_choices_are_told() -> None:
    [server] = [kind for kind in RESOURCES if kind.kind == "MCPServer"]
    lines = page(server).splitlines()

    assert "| `image` | string, **required**<br>Container image of the MCP server. |" in lines
    assert [
        line.split(" | ")[1].partition("<br>")[0]
        for line in lines
        if line.startswith(("| `transport` |", "| `proxyPort` |"))
    ] == [
        "string, one of `stdio`, `streamable-http`, `sse`, default `stdio`",
        "integer, at least 1, at most 65535",
    ]


def test_the_overview_leads_to_every_kind() -> None:
    assert set(pages()) == {"reference/index.md", *(path_of(kind.kind) for kind in RESOURCES)}
    assert [kind.kind for kind in RESOURCES if f"]({kind.kind.lower()}.md)" not in overview()] == []
