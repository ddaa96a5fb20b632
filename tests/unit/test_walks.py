"""Our controllers under the in-memory Metacontroller: edits there and back, hands that meddle, and a deletion."""

from __future__ import annotations

import copy

import pytest

from hooks.api.kinds import MCP_SERVER
from hooks.kubernetes.kinds import CONFIG_MAP, SERVICE
from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import LAST_APPLIED
from tests.offline import MCP_SERVER_KINDS, World
from tests.stamps import stamps, unstamped
from tests.world import NAMESPACE, deleting

BASES: dict[str, Object] = {"stdio": {}, "http": {"transport": "sse", "externalAuthConfigRef": {"name": "other"}}}

EDITS: dict[str, tuple[Object, int]] = {
    "image": ({"image": "ghcr.io/acme/other:1"}, 1),
    "transport": ({"transport": "streamable-http"}, 1),
    "proxyMode": ({"proxyMode": "sse"}, 1),
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
    "proxy nodes": ({"resourceOverrides": {"proxyDeployment": {"nodeSelector": {"a": "b"}}}}, 1),
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
@pytest.mark.parametrize("base", BASES.values(), ids=BASES)
def test_an_edit_rolls_the_pods_once_and_back_again_is_as_before(base: Object, change: Object, rollouts: int) -> None:
    if "proxyMode" in change and "transport" in base:
        rollouts = 0  # the mode of a direct transport is its own
    world = World(**base)
    before = world.children()
    assert len(world.templates) == 1

    world.edit(**{**base, **change})
    assert len(world.templates) == 1 + rollouts
    assert stamps(world.children()) == ((2, 2) if rollouts else (1, 1))
    world.edit(**base)

    after = world.children()
    assert len(world.templates) == 1 + 2 * rollouts
    assert stamps(after) == ((3, 3) if rollouts else (1, 1))
    if "authzConfig" not in change:
        assert set(after) == set(before)
    if change.get("transport") != "streamable-http":  # a number of replicas that was once sent is sent on
        assert unstamped(after) == unstamped(before)


def test_a_services_old_port_is_removed_after_an_edit() -> None:
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


def test_a_deleted_server_leaves_no_child() -> None:
    world = World(externalAuthConfigRef={"name": "tx"})
    going = deleting(world.get(MCP_SERVER, "demo"))

    world.put(going)

    assert world.cluster.get((MCP_SERVER.key, NAMESPACE, "demo")) is None
    assert [
        obj for kind in MCP_SERVER_KINDS for obj in world.cluster.owned(going["metadata"]["uid"], kind, NAMESPACE)
    ] == []
