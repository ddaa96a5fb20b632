"""Our controllers under the in-memory Metacontroller: edits there and back, hands that meddle, and a deletion."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from hooks.api.crd import crds
from hooks.controllers import CONTROLLERS
from hooks.controllers.kinds import CONFIG_MAP, DEPLOYMENT, MCP_SERVER, SERVICE
from hooks.protocol import LAST_APPLIED, Kind, Object
from hooks.render.admit import admit, schemas_of
from hooks.render.cluster import Cluster
from hooks.render.run import served_kinds
from hooks.render.sync import Metacontroller, sync
from hooks.render.webhooks import in_process
from tests.world import CONFIG, NAMESPACE, NOW, config_map, deleting, external_auth, secret, server, tool_config


class World:
    """A namespace with everything that a spec can refer to, and a server in it."""

    def __init__(self, **spec: Any) -> None:
        manifests = [
            *(server(**spec), external_auth(), external_auth("other", audience="https://other.acme.test")),
            *(tool_config(toolsFilter=["a"]), secret(), config_map("oidc", issuer="https://idp.acme.test")),
            config_map(
                "authz", **{"authz.json": '{"version":"1","type":"cedarv1","cedar":{"policies":["permit(p,a,r);"]}}'}
            ),
        ]
        objects, _ = admit(manifests, served_kinds(CONTROLLERS), [c.parent for c in CONTROLLERS], schemas_of(crds()))
        self.cluster = Cluster(served_kinds(CONTROLLERS), objects)
        hooks = in_process(CONTROLLERS, CONFIG, NOW)
        self.runs = [Metacontroller(controller, self.cluster, hooks) for controller in CONTROLLERS]
        self.templates: list[Object] = []
        self.settle()

    def settle(self) -> None:
        """Sync everything until nothing changes; note each new pod template on the way."""
        for _ in range(20):
            changed = False
            for run in self.runs:
                for parent in self.cluster.all(run.controller.parent):
                    metadata = parent["metadata"]
                    key = (run.controller.parent.key, metadata["namespace"], metadata["name"])
                    changed |= bool(sync(run, key).changes)
                    self._note_template()
            if not changed:
                return
        raise AssertionError("no rest in 20 rounds")

    def _note_template(self) -> None:
        deployment = self.cluster.get((DEPLOYMENT.key, NAMESPACE, "demo"))
        template = deployment["spec"]["template"] if deployment else None
        if template is not None and (not self.templates or template != self.templates[-1]):
            self.templates.append(copy.deepcopy(template))

    def edit(self, **spec: Any) -> None:
        """Change the server's spec as an apply does, and let it settle."""
        old = self.get(MCP_SERVER, "demo")
        wanted = server(**spec)["spec"] | {k: v for k, v in DEFAULTS.items() if k not in spec}
        metadata = {**old["metadata"], "generation": old["metadata"]["generation"] + 1}
        self.cluster.put({**old, "spec": wanted, "metadata": metadata})
        self.settle()

    def put(self, obj: Object) -> None:
        """Change an object by hand, and let it settle."""
        self.cluster.put(obj)
        self.settle()

    def get(self, kind: Kind, name: str) -> Object:
        found = self.cluster.get((kind.key, NAMESPACE, name))
        assert found is not None, f"{kind.kind} {name} is gone"
        return found

    def children(self) -> dict[str, Object]:
        """What the server has, as users see it."""
        kinds = MCP_SERVER_KINDS
        uid = self.get(MCP_SERVER, "demo")["metadata"]["uid"]
        return {
            f"{kind.kind}/{obj['metadata']['name']}": _visible(obj)
            for kind in kinds
            for obj in self.cluster.owned(uid, kind, NAMESPACE)
        }


DEFAULTS = {"transport": "stdio", "proxyMode": "sse", "port": 8080, "trustProxyHeaders": False}
MCP_SERVER_KINDS = next(controller.child_kinds for controller in CONTROLLERS if controller.parent == MCP_SERVER)


def _visible(obj: Object) -> Object:
    """An object less its versions, and what is ours on it."""
    obj = copy.deepcopy(obj)
    for key in ("resourceVersion", "generation"):
        obj["metadata"].pop(key, None)
    obj["metadata"].get("annotations", {}).pop(LAST_APPLIED, None)
    return obj


BASES: dict[str, Object] = {"stdio": {}, "http": {"transport": "sse", "externalAuthConfigRef": {"name": "other"}}}

EDITS: dict[str, tuple[Object, int]] = {
    "image": ({"image": "ghcr.io/acme/other:1"}, 1),
    "transport": ({"transport": "streamable-http"}, 1),
    "proxyMode": ({"proxyMode": "streamable-http"}, 1),
    "port": ({"port": 9000}, 1),
    "targetPort": ({"targetPort": 9001}, 1),
    "args": ({"args": ["-v"]}, 1),
    "env": ({"env": [{"name": "A", "value": "1"}]}, 1),
    "volumes": ({"volumes": [{"name": "v", "hostPath": "/a", "mountPath": "/b"}]}, 1),
    "resources": ({"resources": {"limits": {"cpu": "0.5"}}}, 1),
    "secrets": ({"secrets": [{"name": "s", "key": "k"}]}, 1),
    "serviceAccount": ({"serviceAccount": "mine"}, 1),
    "permissionProfile": ({"permissionProfile": {"type": "builtin", "name": "none"}}, 1),
    "podTemplateSpec": ({"podTemplateSpec": {"spec": {"nodeSelector": {"a": "b"}}}}, 1),
    "annotations": ({"resourceOverrides": {"proxyDeployment": {"annotations": {"a": "b"}}}}, 0),
    "template labels": (
        {"resourceOverrides": {"proxyDeployment": {"podTemplateMetadataOverrides": {"labels": {"a": "b"}}}}},
        1,
    ),
    "proxy env": ({"resourceOverrides": {"proxyDeployment": {"env": [{"name": "A", "value": ""}]}}}, 1),
    "Service annotations": (
        {"resourceOverrides": {"proxyService": {"annotations": {"a": "b"}, "labels": {"c": "d"}}}},
        0,
    ),
    "oidcConfig": ({"oidcConfig": {"type": "configMap", "configMap": {"name": "oidc"}}}, 1),
    "authzConfig inline": ({"authzConfig": {"type": "inline", "inline": {"policies": ["permit(p,a,r);"]}}}, 1),
    "authzConfig": ({"authzConfig": {"type": "configMap", "configMap": {"name": "authz"}}}, 1),
    "audit": ({"audit": {"enabled": True}}, 1),
    "tools": ({"tools": ["a"]}, 1),
    "toolConfigRef": ({"toolConfigRef": {"name": "tools"}}, 1),
    "externalAuthConfigRef": ({"externalAuthConfigRef": {"name": "tx"}}, 1),
    "telemetry": ({"telemetry": {"prometheus": {"enabled": True}}}, 1),
    "trustProxyHeaders": ({"trustProxyHeaders": True}, 1),
}


@pytest.mark.parametrize(("change", "rollouts"), EDITS.values(), ids=EDITS)
@pytest.mark.parametrize(
    "base", [{}, {"transport": "sse", "externalAuthConfigRef": {"name": "other"}}], ids=["stdio", "http"]
)
def test_an_edit_rolls_the_pods_once_and_back_again_is_as_before(base: Object, change: Object, rollouts: int) -> None:
    world = World(**base)
    before, seen = world.children(), len(world.templates)

    world.edit(**{**base, **change})
    assert len(world.templates) - seen == rollouts
    world.edit(**base)

    after = world.children()
    if "authzConfig" not in change:
        assert set(after) == set(before)
    if change.get("transport") != "streamable-http":  # a number of replicas that was once sent is sent on
        assert after == before


def test_our_own_old_port_is_nobody_elses() -> None:
    world = World()

    world.edit(port=9000)

    assert [port["port"] for port in world.get(SERVICE, "mcp-demo-proxy")["spec"]["ports"]] == [9000]
    assert len(world.templates) == 2


def test_a_port_changed_by_hand_is_put_right() -> None:
    world = World()
    service = copy.deepcopy(world.get(SERVICE, "mcp-demo-proxy"))
    before = world.children()
    service["spec"]["ports"] = [{"name": "http", "port": 81}]

    world.put(service)

    assert world.children() == before


def test_a_foreign_key_in_the_runconfig_stops_no_rollout() -> None:
    world = World()
    config_map = copy.deepcopy(world.get(CONFIG_MAP, "demo-runconfig"))
    config_map["data"]["note"] = "mine"

    world.put(config_map)
    world.edit(args=["-v"])

    assert len(world.templates) == 2
    assert world.get(CONFIG_MAP, "demo-runconfig")["data"]["note"] == "mine"


def test_a_copy_of_a_child_is_left_as_it_is() -> None:
    """`kubectl get -o yaml | sed | kubectl apply`: it has the label and Metacontroller's annotation."""
    world = World()
    copied = copy.deepcopy(world.get(CONFIG_MAP, "demo-runconfig"))
    copied["metadata"] |= {"name": "copy", "uid": "copy", "ownerReferences": []}
    before = copy.deepcopy(copied["data"])

    world.put(copied)

    kept = world.get(CONFIG_MAP, "copy")
    assert kept["data"] == before
    assert (
        kept["metadata"]["annotations"].items()
        >= {key: value for key, value in copied["metadata"]["annotations"].items() if key != LAST_APPLIED}.items()
    )


def test_a_server_goes_and_leaves_nothing() -> None:
    world = World(externalAuthConfigRef={"name": "tx"})
    going = deleting(world.get(MCP_SERVER, "demo"))

    world.put(going)

    assert world.cluster.get((MCP_SERVER.key, NAMESPACE, "demo")) is None
    assert [
        obj for kind in MCP_SERVER_KINDS for obj in world.cluster.owned(going["metadata"]["uid"], kind, NAMESPACE)
    ] == []
