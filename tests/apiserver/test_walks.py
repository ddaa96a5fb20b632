"""Each field of each spec, changed and changed back on a real API server: what exists then is what existed before."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes.dynamic.exceptions import UnprocessibleEntityError

from hooks.controllers.kinds import MCP_SERVER
from hooks.protocol import LAST_APPLIED, Object
from tests.apiserver.live import LiveWorld
from tests.apiserver.objects import custom
from tests.controlplane import ControlPlane
from tests.offline import MCP_SERVER_KINDS
from tests.unit.specs import EXTERNAL_AUTH, SERVER, TOOLS, Path, changed, paths, put, written
from tests.unit.structural import root

pytestmark = pytest.mark.apiserver

SPECS = {"MCPServer": SERVER, "MCPExternalAuthConfig": EXTERNAL_AUTH, "MCPToolConfig": TOOLS}
NAMES = {"MCPServer": "demo", "MCPExternalAuthConfig": "auth", "MCPToolConfig": "tools"}
WALKS = [(kind, path) for kind, spec in SPECS.items() for path in paths(spec)]
MINIMAL = {"image": "mcp:1"}


@pytest.fixture
def world(cluster: ControlPlane, namespace: str) -> LiveWorld:
    """A namespace with what tests/unit/specs.py refers to."""
    config_map: Object = {"apiVersion": "v1", "kind": "ConfigMap"}
    secret: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "secret"},
        "data": {"key": "aHVudGVyMg=="},
    }
    for obj in (
        {**config_map, "metadata": {"name": "profiles"}, "data": {"profile.json": '{"name": "p"}'}},
        secret,
        custom("MCPExternalAuthConfig", EXTERNAL_AUTH, "auth"),
        custom("MCPToolConfig", TOOLS, "tools"),
    ):
        cluster.resource(f"{obj['apiVersion']}/{obj['kind']}").create(body=obj, namespace=namespace)
    return LiveWorld(cluster, namespace)


def edit(world: LiveWorld, kind: str, spec: Object) -> None:
    """Replace a spec, as `kubectl replace` does, and let it settle."""
    resource = world.cluster.control_plane.resource(f"toolhive.stacklok.dev/v1alpha1/{kind}")
    old = resource.get(name=NAMES[kind], namespace=world.cluster.namespace).to_dict()
    resource.replace(body={**old, "spec": spec}, name=NAMES[kind], namespace=world.cluster.namespace)
    world.settle()


def children(world: LiveWorld) -> dict[str, Object]:
    """The server's children as users see them; where Metacontroller merges a list by name, new items come last."""
    uid = world.cluster.all(MCP_SERVER)[0]["metadata"]["uid"]
    return {
        f"{kind.kind}/{obj['metadata']['name']}": unordered(_visible(obj))
        for kind in MCP_SERVER_KINDS
        for obj in world.cluster.owned(uid, kind, world.cluster.namespace)
    }


def _visible(obj: Object) -> Object:
    metadata = {key: obj["metadata"].get(key) for key in ("name", "labels", "annotations", "ownerReferences", "uid")}
    annotations = {key: value for key, value in (metadata["annotations"] or {}).items() if key != LAST_APPLIED}
    return {**obj, "metadata": {**metadata, "annotations": annotations}}


def unordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: unordered(inner) for key, inner in value.items()}
    if isinstance(value, list) and all(isinstance(item, dict) and "name" in item for item in value):
        return {item["name"]: unordered(item) for item in value}
    return value


def others(value: Any, schema: Object) -> Iterator[Any]:
    """Other values for a field."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        yield from (choice for choice in schema.get("enum", ()) if choice != value)
        yield from (f"{value}x", "2")
    elif isinstance(value, list):
        yield []


def edits(kind: str, path: Path) -> Iterator[Object]:
    """Specs in which this field is another, or gone."""
    spec, schema = SPECS[kind], root(kind)["properties"]["spec"]
    value: Any = spec
    for step in path:
        value = value[step]
        schema = schema.get("items", {}) if isinstance(step, int) else _field(schema, step)
    yield from (changed(spec, path, put(other)) for other in others(value, schema))
    yield changed(spec, path, lambda holder, step: holder.__delitem__(step))


def _field(schema: Object, name: str) -> Object:
    return schema.get("properties", {}).get(name) or schema.get("additionalProperties") or {}


@pytest.mark.parametrize(("kind", "path"), WALKS, ids=[f"{kind}.{written(path)}" for kind, path in WALKS])
def test_a_field_there_and_back_leaves_everything_as_it_was(world: LiveWorld, kind: str, path: Path) -> None:
    control_plane, namespace = world.cluster.control_plane, world.cluster.namespace
    control_plane.resource("toolhive.stacklok.dev/v1alpha1/MCPServer").create(
        body=custom("MCPServer", SERVER), namespace=namespace
    )
    world.settle()
    before = children(world)
    assert phase(world) == "Pending"

    walked = 0
    for spec in edits(kind, path):
        try:
            edit(world, kind, spec)
        except UnprocessibleEntityError:  # the schema has no such value
            continue
        walked += 1
        assert set(before) <= {*children(world), "ConfigMap/demo-authz-inline"}
        edit(world, kind, copy.deepcopy(SPECS[kind]))
        assert {name: obj for name, obj in children(world).items() if name != ACCOUNT} == before
    assert walked


ACCOUNT = "ServiceAccount/demo-sa"
"""Made where the spec names none; it stays then, for a pod may still use it."""


@pytest.mark.parametrize("field", sorted(SERVER.keys() - MINIMAL.keys()))
def test_a_field_come_and_gone_leaves_everything_as_it_was(world: LiveWorld, field: str) -> None:
    control_plane, namespace = world.cluster.control_plane, world.cluster.namespace
    control_plane.resource("toolhive.stacklok.dev/v1alpha1/MCPServer").create(
        body=custom("MCPServer", MINIMAL), namespace=namespace
    )
    world.settle()
    before = children(world)

    edit(world, "MCPServer", {**MINIMAL, field: SERVER[field]})
    assert phase(world) == "Pending"
    edit(world, "MCPServer", MINIMAL)

    assert children(world) == before


def phase(world: LiveWorld) -> str:
    return str(world.cluster.all(MCP_SERVER)[0]["status"]["phase"])
