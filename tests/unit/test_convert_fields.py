"""Every field that a release of ToolHive had: kept, renamed, turned into a reference, or named as lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hooks.convert.objects import GRADUATED, SERVED
from hooks.convert.workload import SINCE_0_6
from hooks.manifests.documents import read
from tests.converted import convert
from tests.examples import commands
from tests.releases import DATA, NEWEST, RELEASES, fields, gone

PAGE = (Path(__file__).parents[2] / "docs" / "convert.md").read_text()
ROWS = {
    field: (last, now)
    for field, last, now in re.findall(r"^\| `([^`]+)`[^|]*\| ([\d.]+) \| (.*) \|$", PAGE, re.MULTILINE)
}
KINDS = list(DATA["fields"])
GONE = [(kind, field) for kind in KINDS for field in gone(kind)]

BESIDE: dict[str, dict[str, Any]] = {
    "": {"image": "x", "remoteUrl": "https://x", "type": "obo"},
    "oidcConfig.kubernetes": {"oidcConfig": {"type": "kubernetes"}},
    "oidcConfig.inline": {"oidcConfig": {"type": "inline", "inline": {"issuer": "https://i", "audience": "a"}}},
    "oidcConfig.type": {"oidcConfig": {"inline": {"issuer": "https://i", "audience": "a"}}},
    "oidcConfig.configMap": {"oidcConfig": {"type": "configMap", "configMap": {"name": "oidc"}}},
    "telemetry.": {"telemetry": {"openTelemetry": {"enabled": True, "tracing": {"enabled": True}}}},
}
"""What a field needs beside it, by the beginning of its path."""
SAMPLES: dict[str, Any] = {
    "port": 9090,
    "targetPort": 9091,
    "oidcConfig.type": "inline",
    "oidcConfig.inline.issuer": "https://sample",
    "oidcConfig.inline.jwksUrl": "https://sample",
    "oidcConfig.configMap.name": "oidc",
    "telemetry.openTelemetry.headers[]": "sample=sample",
    "telemetry.openTelemetry.tracing.samplingRate": "0.25",
}
CONFIG_MAP = {"issuer": "https://i", "audience": "a"}


def sample(field: str) -> Any:
    words = ("enabled", "optional", "insecure", "useClusterAuth", "useLegacyAttributes", "AllowPrivateIP", "AllowHTTP")
    return SAMPLES.get(field, True if field.endswith(words) else "sample")


def put(into: dict[str, Any], path: str, value: Any) -> None:
    head, _, rest = path.partition(".")
    if head.endswith("[]"):
        items = into.setdefault(head[:-2], [{} if rest else value])
        if rest:
            put(items[0], rest, value)
    elif head.endswith("{}"):
        inner = into.setdefault(head[:-2], {})
        if rest:
            put(inner.setdefault("sample", {}), rest, value)
        else:
            inner["sample"] = value
    elif rest:
        put(into.setdefault(head, {}), rest, value)
    else:
        into[head] = value


def get(obj: Any, path: str) -> Iterator[Any]:
    """The values at a path, of which [] and {} are any item."""
    head, _, rest = path.partition(".")
    inner = obj.get(head.rstrip("[]{}")) if isinstance(obj, dict) else None
    found = inner if head.endswith("[]") else list((inner or {}).values()) if head.endswith("{}") else [inner]
    for each in found or ():
        if rest:
            yield from get(each, rest)
        elif each is not None:
            yield each


def manifests(kind: str, *paths: str) -> list[dict[str, Any]]:
    """An object with these fields, and the ConfigMap that it may refer to."""
    spec: dict[str, Any] = {}
    for beginning, beside in BESIDE.items():
        if any(path.startswith(beginning) for path in paths):
            spec |= json.loads(json.dumps(beside))
    if "remoteURL" in paths:
        del spec["remoteUrl"]
    for path in paths:
        put(spec, path, sample(path))
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "oidc"}, "data": CONFIG_MAP}
    return [
        {"apiVersion": "toolhive.stacklok.dev/v1alpha1", "kind": kind, "metadata": {"name": "demo"}, "spec": spec},
        config_map,
    ]


def after(*objects: dict[str, Any]) -> tuple[dict[str, dict[str, Any]], str]:
    """The specs after a conversion, by kind, and what was said."""
    outcome = convert("-", stdin="\n".join(map(json.dumps, objects)))
    found = [document for _, document in read(outcome.stdout)]
    return {obj["kind"]: obj.get("spec", {}) for obj in found}, outcome.stderr


def test_the_page_has_each_field_that_is_gone_with_its_last_release() -> None:
    last = {field: release for kind in KINDS for field, release in gone(kind).items()}

    assert {field: release for field, (release, _) in ROWS.items()} == last


@pytest.mark.parametrize(("kind", "field"), GONE)
def test_each_field_that_is_gone_is_converted_as_the_page_says(kind: str, field: str) -> None:
    objects = manifests(kind, field)
    specs, said = after(*objects)
    now = ROWS[field][1]
    targets = re.findall(r"`((?:\w+Ref|MCP\w+Config|proxyPort|mcpPort|remoteUrl)[\w.{}\[\]]*)`", now)

    if now.startswith("lost"):
        assert specs[kind] == objects[0]["spec"]
        assert f"{field} " in said
    elif now.startswith("kept"):
        assert specs[kind] == objects[0]["spec"]
        assert "failed: " not in said
    elif now.startswith("left out"):
        assert "sample" not in json.dumps(specs)
        assert "failed: " not in said
    else:
        assert targets, now
        config, _, path = targets[0].partition(".")
        where = specs[config] if config in KINDS else specs[kind]
        values = list(get(where, path if config in KINDS else targets[0]))
        if not now.startswith(("a Secret", "the ConfigMap")):
            assert values == [sample(field).removeprefix("sample=") if "headers" in field else sample(field)]
        assert values
        assert "failed: " not in said
    assert field.partition(".")[0].rstrip("[]") not in specs[kind] or now.startswith(("lost", "kept", "`groupRef"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("release", [*RELEASES[::20], NEWEST])
def test_fields_that_are_not_gone_are_kept(kind: str, release: str) -> None:
    kept = sorted(fields(kind, release) - gone(kind).keys())
    objects = manifests(kind, *kept)
    specs, said = after(*objects)

    assert specs[kind] == objects[0]["spec"]
    assert "failed: " not in said


def test_the_kinds_are_those_of_the_releases() -> None:
    assert set(SERVED) == set(KINDS)
    assert set(GRADUATED) == {kind for kind, since in DATA["served_as_v1beta1"].items() if since}


def test_no_sign_of_a_release_since_0_6_is_older() -> None:
    older = {field.partition(".")[0] for field in fields("MCPServer", RELEASES[RELEASES.index("0.6.0") - 1])}

    assert older & set(SINCE_0_6) == set()
    assert set(SINCE_0_6) <= {field.partition(".")[0] for field in fields("MCPServer", NEWEST)}
    assert DATA["proxyMode_default"] == {"0.3.0": "sse", "0.6.0": "streamable-http"}


def test_the_page_shows_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    manifest = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert manifest
    Path("github.yaml").write_text(manifest[1])
    (shown,) = commands(PAGE)

    assert shown.line == "toolhive-hooks convert github.yaml"
    assert convert("github.yaml").stdout == f"{shown.output}\n"
