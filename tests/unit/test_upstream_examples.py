"""The example manifests of ToolHive 0.44's own repository: all are served but three, which its own CRDs refuse.

They are not copied here. TOOLHIVE, a path to a checkout of release 0.44.0, has them read from there; manifests of our
own with the same fields are always read, and a checkout's must have no other fields.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hooks.api.crd import crds
from hooks.api.meta import GROUP
from hooks.kubernetes.objects import Object
from tests.unit.test_render_command import run

SHAPES = Path(__file__).parents[1] / "upstream_shapes"
OURS = sorted(SHAPES.glob("*.yaml"))
SCHEMAS = {crd["spec"]["names"]["kind"]: crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"] for crd in crds()}

CHECKOUT = os.environ.get("TOOLHIVE")
EXAMPLES = Path(CHECKOUT or "") / "examples/operator"
LOGINS = EXAMPLES / "redis-storage/mcpexternalauthconfig-redis-storage.yaml"
FOLDERS = ("external-auth", "mcp-servers", "tool-configs", "vault")
REFUSED = {
    "external-auth/complete_example.yaml": {
        "client_id": "clientId",
        "client_secret_ref": "clientSecretRef",
        "external_token_header_name": "externalTokenHeaderName",
        "scope": "scopes",
        "token_url": "tokenUrl",
    },
    "external-auth/mcpexternalauthconfig_basic.yaml": {
        "client_id": "clientId",
        "client_secret_ref": "clientSecretRef",
        "scope": "scopes",
        "token_url": "tokenUrl",
    },
    "external-auth/mcpexternalauthconfig_minimal.yaml": {
        "client_id": "clientId",
        "client_secret_ref": "clientSecretRef",
        "token_url": "tokenUrl",
    },
}
"""Files with names that 0.44's own CRD refuses, and today's names of these fields."""
NEEDS = {"external-auth/mcpserver_with_external_auth.yaml": ("exchange.yaml", "exchange", "oauth-token-exchange")}
"""A file that refers to a config of a refused one, and our config that stands in: file, name there, name wanted."""

NAMES = {name: now for names in REFUSED.values() for name, now in names.items()}

needs_checkout = pytest.mark.skipif(not CHECKOUT, reason="SKIPPED (TOOLHIVE unset: a checkout of ToolHive 0.44.0)")


def documents(path: Path) -> list[Object]:
    """The manifests of a file."""
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def rendered(*manifests: Object, **options: Any) -> tuple[int, list[Object], Object]:
    """Exit code, problems and counts of `render --report json`."""
    text = "\n---\n".join(map(json.dumps, manifests))
    code, _, report = run(["-"], text, report="json", output="none", **options)
    said = json.loads(report)
    return code, said["problems"], said["counts"]


def suggested(problems: list[Object]) -> dict[str, str]:
    """The fields that a report doesn't know, each with the name that it says is meant."""
    unknown = [problem for problem in problems if " perhaps " in problem["message"] and problem["level"] == "error"]
    return {
        problem["field"].rpartition(".")[2]: problem["message"].rpartition(" perhaps ")[2].removesuffix(" is meant")
        for problem in unknown
    }


def fields(value: Any, schema: Object, path: str) -> Iterator[str]:
    """The path of each field in a value that its schema names; free maps and pod templates count as one field."""
    if isinstance(value, list):
        for item in value:
            yield from fields(item, schema["items"], path)
    elif isinstance(value, dict) and "properties" in schema:
        for key, inner in value.items():
            yield from fields(inner, schema["properties"][key], f"{path}.{key}")
    else:
        yield path


def shapes(manifests: list[Object]) -> set[str]:
    """The fields of all specs of our group."""
    ours = [manifest for manifest in manifests if manifest["apiVersion"].startswith(f"{GROUP}/")]
    specs = [(manifest["kind"], manifest["spec"]) for manifest in ours]
    return {path for kind, spec in specs for path in fields(spec, SCHEMAS[kind]["properties"]["spec"], kind)}


def with_old_names(manifest: Object) -> Object:
    """An MCPExternalAuthConfig whose tokenExchange has the names that are refused."""
    old = {now: name for name, now in NAMES.items()}
    block = {old.get(key, key): value for key, value in manifest["spec"]["tokenExchange"].items()}
    return {**manifest, "spec": {**manifest["spec"], "tokenExchange": block}}


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_our_manifests_of_upstreams_shapes_are_served_without_a_warning(path: Path) -> None:
    code, problems, _ = rendered(*documents(path))

    assert (code, problems) == (0, [])


def test_names_that_the_crd_refuses_are_refused_with_the_right_ones() -> None:
    _, config, _ = documents(SHAPES / "exchange.yaml")

    code, problems, counts = rendered(with_old_names(config))

    assert (code, suggested(problems)) == (1, NAMES)
    assert (counts["children"], counts["warnings"]) == (0, 0)


def checkout() -> dict[str, Path]:
    """The checkout's files, by folder and name."""
    return {f"{folder}/{path.name}": path for folder in FOLDERS for path in sorted((EXAMPLES / folder).glob("*.yaml"))}


@needs_checkout
def test_upstreams_examples_are_served_without_a_warning() -> None:
    files = checkout()
    outcomes = {}
    for name in files.keys() - REFUSED.keys():
        manifests = documents(files[name])
        if name in NEEDS:
            file, ours, wanted = NEEDS[name]
            secret, config, _ = documents(SHAPES / file)
            assert config["metadata"]["name"] == ours
            manifests += [secret, {**config, "metadata": {"name": wanted}}]
        code, problems, _ = rendered(*manifests)
        outcomes[name] = (code, problems)

    assert outcomes == dict.fromkeys(files.keys() - REFUSED.keys(), (0, []))
    assert (len(files), len(outcomes)) == (21, 18)
    proxies = [name for name in outcomes if "kind: MCPRemoteProxy" in files[name].read_text()]
    assert len(proxies) == 2


@needs_checkout
@pytest.mark.parametrize("name", REFUSED)
def test_upstreams_examples_with_refused_names_are_told_the_right_ones(name: str) -> None:
    code, problems, _ = rendered(*documents(checkout()[name]))

    assert (code, suggested(problems)) == (1, REFUSED[name])


@needs_checkout
def test_upstreams_example_of_logins_in_redis_is_served() -> None:
    """Its Secrets are in another namespace than it, and one is in none of the files."""
    code, problems, _ = rendered(*documents(LOGINS), assume_secrets=True)

    assert (code, problems) == (0, [])


@needs_checkout
def test_our_manifests_have_every_field_of_upstreams() -> None:
    theirs = [path for name, path in checkout().items() if name not in REFUSED] + [LOGINS]

    used = shapes([document for path in theirs for document in documents(path)])

    assert used - shapes([document for path in OURS for document in documents(path)]) == set()
