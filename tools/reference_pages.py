"""Pages on every kind and field, made from the models that the CRDs are made from: `make site` adds them to the site.

`python -m tools.reference_pages MCPServer` prints one of them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hooks.api.crd import schema
from hooks.api.kinds import RESOURCES, CustomResource

ROOT = Path(__file__).resolve().parents[1]

EXAMPLES = {
    "MCPServer": "token-exchange/mcpserver.yaml",
    "MCPRemoteProxy": "remote-proxy/remoteproxy.yaml",
    "MCPExternalAuthConfig": "token-exchange/externalauth.yaml",
    "MCPToolConfig": "tools/toolconfig.yaml",
    "MCPOIDCConfig": "shared-oidc/oidc.yaml",
    "MCPAuthzConfig": "team-policies/policies.yaml",
    "MCPTelemetryConfig": "telemetry/telemetry.yaml",
    "MCPWebhookConfig": "webhooks/webhooks.yaml",
    "MCPGroup": "group/group.yaml",
}
"""The manifest that shows each kind, below examples/."""

HEAD = "| field | type and meaning |\n|---|---|\n"

Schema = dict[str, Any]


def pages() -> dict[str, str]:
    """The pages' texts by their path in the site: an overview, and one for each kind."""
    return {"reference/index.md": overview()} | {path_of(kind.kind): page(kind) for kind in RESOURCES}


def path_of(kind: str) -> str:
    """Where the site has the page of a kind."""
    return f"reference/{kind.lower()}.md"


def overview() -> str:
    """The page that lists the kinds."""
    rows = "".join(
        f"| [{kind.kind}]({kind.kind.lower()}.md) | {kind.description} | {versions(kind)} |\n" for kind in RESOURCES
    )
    return (
        "# Reference of all kinds and fields\n\n"
        "Look up what a field means, which values it takes and what its default is. These pages are made from the\n"
        "models that the CRDs are made from. In a terminal `kubectl explain mcpserver.spec` says the same.\n\n"
        f"| kind | what it is | versions |\n|---|---|---|\n{rows}"
    )


def page(kind: CustomResource) -> str:
    """The page of a kind: an example, then every field of its spec and status."""
    example = EXAMPLES[kind.kind]
    shorts = ", ".join(f"`{name}`" for name in dict.fromkeys((kind.resource, *kind.short_names)))
    spec, status = schema(kind.spec_model), schema(kind.status_model)
    return (
        f"# {kind.kind}\n\n{kind.description}\n\n"
        f"Versions: {versions(kind)}. Names for kubectl: {shorts}.\n\n"
        f'## Example\n\n```yaml title="examples/{example}"\n{(ROOT / "examples" / example).read_text()}```\n\n'
        f"The folder's [page](../examples/{example.partition('/')[0]}.md) has the objects that belong to it.\n\n"
        + "".join(section("spec", spec, defaults_by_version(kind)))
        + "".join(section("status", status, {}))
    )


def versions(kind: CustomResource) -> str:
    """The versions that are served, with a word on those that are deprecated."""
    return ", ".join(
        f"`{version.partition('/')[2]}`" + (" (deprecated)" if version in kind.deprecated else "")
        for version in kind.api_versions
    )


def defaults_by_version(kind: CustomResource) -> dict[str, str]:
    """Defaults that hold in one version alone, by path of the field."""
    found: dict[str, list[str]] = {}
    for version, defaults in kind.defaults.items():
        for field, default in defaults.items():
            found.setdefault(f"spec.{field}", []).append(f"default in `{version.partition('/')[2]}`: `{default}`")
    return {path: ", ".join(texts) for path, texts in found.items()}


def section(path: str, node: Schema, defaults: dict[str, str]) -> Iterator[str]:
    """A table of an object's fields, and a section for each object below it."""
    yield f"{'##' if '.' not in path else '###'} {path}\n\n"
    if "description" in node and "." in path:
        yield f"{node['description']}\n\n"
    yield HEAD
    required = node.get("required", [])
    inner = []
    for name, field in node.get("properties", {}).items():
        where, below = f"{path}.{name}", fields_below(field)
        if below is not None:
            inner.append((where + suffix(field), below))
        notes = [type_of(field), "**required**" if name in required else "", *bounds(field), defaults.get(where, "")]
        shown = f"[`{name}`](#{anchor(where + suffix(field))})" if below is not None else f"`{name}`"
        said = f"{', '.join(note for note in notes if note)}<br>{cell(field.get('description', ''))}"
        yield f"| {shown} | {said} |\n"
    yield "\n"
    rules = [rule["message"] for rule in node.get("x-kubernetes-validations", [])]
    if rules:
        yield "Rules over several fields:\n\n" + "".join(f"- {cell(rule)}\n" for rule in rules) + "\n"
    for where, below in inner:
        yield from section(where, below, defaults)


def fields_below(field: Schema) -> Schema | None:
    """The object whose fields get a section: the field itself, an entry of its list, or a value of its map."""
    entry = field.get("items", field)
    extra = entry.get("additionalProperties")
    entry = extra if isinstance(extra, dict) else entry
    return entry if entry.get("properties") else None


def suffix(field: Schema) -> str:
    """What a path has behind the name of a list or a map."""
    return "[]" if "items" in field else ".*" if isinstance(field.get("additionalProperties"), dict) else ""


def type_of(field: Schema) -> str:
    """The type in words."""
    if "items" in field:
        return f"list of {plural(type_of(field['items']))}"
    if isinstance(extra := field.get("additionalProperties"), dict):
        return f"map of {plural(type_of(extra))}"
    if field.get("format") == "int-or-string" or "type" not in field:
        return "any value"
    return str(field["type"])


def plural(word: str) -> str:
    """A type's name for several: `strings`, and `list of strings` as it is."""
    return word if word.endswith("s") or " of " in word else f"{word}s"


def bounds(field: Schema) -> Iterator[str]:
    """What else the schema says of a value."""
    if "enum" in field:
        yield "one of " + ", ".join(f"`{value}`" for value in field["enum"])
    if field.get("default") not in (None, "", [], {}):
        yield f"default `{json.dumps(field['default']).strip(chr(34))}`"
    for key, words in (
        ("minimum", "at least {}"),
        ("maximum", "at most {}"),
        ("minLength", "at least {} long"),
        ("maxLength", "at most {} long"),
        ("minItems", "at least {} entries"),
        ("maxItems", "at most {} entries"),
    ):
        if key in field:
            yield words.format(field[key])
    if "pattern" in field:
        yield f"pattern `{field['pattern']}`"


def cell(text: str) -> str:
    """A description that can't end a table's cell, nor be taken for HTML."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def anchor(path: str) -> str:
    """The anchor of a section, as the site makes it of its heading."""
    return "".join(letter for letter in path.lower() if letter.isalnum() or letter in "-_")


if __name__ == "__main__":
    print(next(page(kind) for kind in RESOURCES if kind.kind == sys.argv[1]), end="")
