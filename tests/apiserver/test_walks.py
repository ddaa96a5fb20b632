"""Each field of each spec, changed and changed back on a real API server: what exists then is what existed before."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from kubernetes.dynamic.exceptions import UnprocessibleEntityError
from pydantic.alias_generators import to_snake

from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG, MCP_SERVER, MCP_TOOL_CONFIG
from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.proxy import placement
from tests.apiserver.live import LiveWorld
from tests.apiserver.objects import custom
from tests.controlplane import ControlPlane
from tests.offline import MCP_SERVER_KINDS
from tests.stamps import stamps, unstamped
from tests.unit.every_field import CONFIGS, NO_EFFECT, PLAIN, WITH_LOGIN
from tests.unit.specs import EXTERNAL_AUTH, TOOLS, Path, changed, paths, put, written
from tests.unit.structural import root
from tests.unit.workload_specs import OLD_SERVER, SERVER
from tests.unordered import unordered

pytestmark = pytest.mark.apiserver

PARENTS = {
    "MCPServer": (MCP_SERVER, "demo"),
    "MCPExternalAuthConfig": (MCP_EXTERNAL_AUTH_CONFIG, "auth"),
    "MCPToolConfig": (MCP_TOOL_CONFIG, "tools"),
}
MINIMAL = {"image": "mcp:1"}
OIDC_OF_THE_CLUSTER = OLD_SERVER | {"oidcConfig": OLD_SERVER["oidcConfig"] | {"type": "kubernetes"}}
OIDC_IN_A_CONFIG_MAP = OLD_SERVER | {"oidcConfig": OLD_SERVER["oidcConfig"] | {"type": "configMap"}}
TOOLS_OF_ITS_OWN = {field: value for field, value in OLD_SERVER.items() if field != "toolConfigRef"}
CURRENT = SERVER | {"backendReplicas": 1}
SERVERS = {
    "kubernetes": (OIDC_OF_THE_CLUSTER, ("oidcConfig", "kubernetes")),
    "configMap": (OIDC_IN_A_CONFIG_MAP, ("oidcConfig", "configMap")),
    "tools": (TOOLS_OF_ITS_OWN, ("tools",)),
    "full": (OLD_SERVER, ()),
}
"""Servers with every field set, and which part of the spec says something in each alone."""


def server_for(path: Path) -> str:
    """Which of these servers a walk of this field is about."""
    return next(name for name, (_, part) in SERVERS.items() if path[: len(part)] == part)


def is_walked(path: Path) -> bool:
    """Whether a field is walked by itself.

    Below a field that places the proxy's pods, Kubernetes' rules tie neighbours together: test_placement.py has these.
    """
    return len(path) <= 3 or to_snake(str(path[2])) not in placement.FIELDS


WALKS = [
    *(("MCPServer", server_for(path), path) for path in paths(OLD_SERVER) if is_walked(path)),
    *(("MCPServer", "current", path) for path in paths(CURRENT) if path[0] not in OLD_SERVER and is_walked(path)),
    *(("MCPExternalAuthConfig", "full", path) for path in paths(EXTERNAL_AUTH)),
    *(("MCPToolConfig", "full", path) for path in paths(TOOLS)),
]
ACCOUNT = "ServiceAccount/demo-sa"
"""Made where the spec names none; it stays then, for a pod may still use it."""
NO_OTHER = {
    *("spec.oidcConfig.inline", "spec.oidcConfig.configMap", "spec.authzConfig.type", "spec.authzConfig.inline"),
    *("spec.type", "spec.tokenExchange", "spec.tokenExchange.clientSecretRef"),
    *("spec.sessionStorage", "spec.sessionStorage.provider"),
    *("spec.rateLimiting.shared.refillPeriod", "spec.rateLimiting.tools[0].shared.refillPeriod"),
    *("spec.rateLimiting.perUser.refillPeriod", "spec.rateLimiting.tools[0].perUser.refillPeriod"),
}
"""The schema has no other value for these without a change of their neighbours."""
HELD = {
    "MCPServer.spec.proxyMode",
    "MCPServer.spec.oidcConfig.configMap.name",
    "MCPServer.spec.oidcConfig.configMap.key",
    "MCPServer.spec.oidcConfig.kubernetes.serviceAccount",
    "MCPServer.spec.oidcConfig.kubernetes.namespace",
    "MCPServer.spec.oidcConfigRef.audience",
    "MCPServer.spec.oidcConfigRef.resourceUrl",
}
"""No other value of these changes what exists. Of the two unused ones of oidcConfig the proxy isn't told, as ToolHive's
own operator doesn't tell it, and the proxy mode counts with transport stdio. With the others the server is Failed, and
all is held: a ConfigMap isn't there, or audience and resource URL differ."""
OLD_CONFIGS = [config for config in CONFIGS if config["kind"] in PARENTS]
"""Those that servers of the older dialect can refer to."""


class Walker:
    """A server whose children are to be the same after each walk."""

    def __init__(self, cluster: ControlPlane, namespace: str, spec: Object, configs: Sequence[Object]) -> None:
        cluster.resource("v1/Namespace").create(
            body={"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        )
        self.world = LiveWorld(cluster, namespace)
        self.world.make(*PLAIN, *configs, custom("MCPServer", spec))
        assert phase(self.world) == "Pending", self.world.cluster.all(MCP_SERVER)[0]["status"]["message"]  # no pods
        self.before = children(self.world)


@pytest.fixture(scope="module")
def walkers(cluster: ControlPlane) -> dict[str, Walker]:
    """The servers with every field set."""
    old = {name: (spec, OLD_CONFIGS) for name, (spec, _) in SERVERS.items()}
    return {
        name: Walker(cluster, f"{name.lower()}-{secrets.token_hex(3)}", spec, configs)
        for name, (spec, configs) in {**old, "current": (CURRENT, [*CONFIGS, WITH_LOGIN])}.items()
    }


@pytest.fixture(scope="module")
def minimal(cluster: ControlPlane) -> Walker:
    """A server with an image alone."""
    return Walker(cluster, f"minimal-{secrets.token_hex(3)}", MINIMAL, [*CONFIGS, WITH_LOGIN])


def children(world: LiveWorld) -> dict[str, Object]:
    """The server's children as users see them; where Metacontroller merges a list by name, new items come last.

    The generation stamp counts edits, so it is left out; RunConfig and pods have the same one.
    """
    uid = world.cluster.all(MCP_SERVER)[0]["metadata"]["uid"]
    found = {
        f"{kind.kind}/{obj['metadata']['name']}": _visible(obj)
        for kind in MCP_SERVER_KINDS
        for obj in world.cluster.owned(uid, kind, world.cluster.namespace)
    }
    file, template = stamps(found)
    assert file == template
    return {name: unordered(obj) for name, obj in unstamped(found).items()}


def _visible(obj: Object) -> Object:
    metadata = {key: obj["metadata"].get(key) for key in ("name", "labels", "annotations", "ownerReferences", "uid")}
    if obj["metadata"]["name"] == "demo-authz-inline":  # the one that goes with its part of the spec, and comes again
        del metadata["uid"]
    annotations = {key: value for key, value in (metadata["annotations"] or {}).items() if key != LAST_APPLIED}
    return {**obj, "metadata": {**metadata, "annotations": annotations}}


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
        yield from ([], [*value, *value])


def edits(kind: str, spec: Object, path: Path) -> Iterator[Object]:
    """Specs in which this field is another, or gone."""
    schema = root(kind)["properties"]["spec"]
    value: Any = spec
    for step in path:
        value = value[step]
        schema = schema.get("items", {}) if isinstance(step, int) else _field(schema, step)
    yield changed(spec, path, lambda holder, step: holder.__delitem__(step))
    yield from (changed(spec, path, put(other)) for other in others(value, schema))


def _field(schema: Object, name: str) -> Object:
    return schema.get("properties", {}).get(name) or schema.get("additionalProperties") or {}


@pytest.mark.parametrize(("kind", "server", "path"), WALKS, ids=[f"{kind}.{written(path)}" for kind, _, path in WALKS])
def test_a_field_there_and_back_leaves_everything_as_it_was(
    walkers: dict[str, Walker], kind: str, server: str, path: Path
) -> None:
    walker, parent = walkers[server], PARENTS[kind]
    old, _ = SERVERS.get(server, (CURRENT, ()))
    spec = {"MCPServer": old, "MCPExternalAuthConfig": EXTERNAL_AUTH, "MCPToolConfig": TOOLS}[kind]
    walked, moved = 0, False
    for edited in edits(kind, spec, path):
        try:
            walker.world.edit(*parent, edited)
        except UnprocessibleEntityError:  # the schema has no such value
            continue
        there = children(walker.world)
        walker.world.edit(*parent, spec)
        back = {name: obj for name, obj in children(walker.world).items() if name != ACCOUNT}
        assert set(walker.before) <= {*there, "ConfigMap/demo-authz-inline"}
        assert back == walker.before
        walked, moved = walked + 1, moved or there != walker.before
        if walked == 2 and moved:
            break
    assert walked or written(path) in NO_OTHER
    assert moved or not walked or f"{kind}.{written(path)}" in HELD | NO_EFFECT.keys()


NEEDS = {"rateLimiting": ("sessionStorage", "oidcConfigRef"), "authServerRef": ("oidcConfigRef",)}
"""Fields that others need beside them."""


@pytest.mark.parametrize("field", sorted(CURRENT.keys() - MINIMAL.keys()))
def test_a_field_come_and_gone_leaves_everything_as_it_was(minimal: Walker, field: str) -> None:
    fields = {name: CURRENT[name] for name in (field, *NEEDS.get(field, ()))}
    minimal.world.edit(MCP_SERVER, "demo", MINIMAL | fields)
    assert phase(minimal.world) == "Pending"
    minimal.world.edit(MCP_SERVER, "demo", MINIMAL)

    assert children(minimal.world) == minimal.before


def phase(world: LiveWorld) -> str:
    return str(world.cluster.all(MCP_SERVER)[0]["status"]["phase"])
