"""MCPToolConfig on a real control plane, and external auth where Secrets may not be looked up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.controlplane import WatchLog, eventually
from tests.controlplane.assets import ROOT
from tests.controlplane.fixtures import namespace_for
from tests.e2e.backend import set_pod
from tests.e2e.installation import TOOLHIVE, Installation, conditions, serve
from tests.e2e.test_shared_configs import all_running, apply, server

pytestmark = pytest.mark.e2e


def tool_config(*tools: str) -> dict[str, Any]:
    return {
        "apiVersion": TOOLHIVE,
        "kind": "MCPToolConfig",
        "metadata": {"name": "tools"},
        "spec": {"toolsFilter": tools},
    }


def using_tools(name: str) -> dict[str, Any]:
    return server(name, toolConfigRef={"name": "tools"})


@pytest.fixture
def neighbour(installation: Installation) -> Iterator[str]:
    """A second namespace, in which the same names mean other objects."""
    with namespace_for(installation.cluster, "neighbour") as name:
        yield name


def test_an_edit_reaches_the_servers_of_its_own_namespace(
    installation: Installation, namespace: str, neighbour: str
) -> None:
    cluster = installation.cluster
    for place in (namespace, neighbour):
        apply(cluster, place, tool_config("a"), using_tools("one"))
        all_running(installation, place, "one")
    kinds = ["apps/v1/Deployment", "v1/ConfigMap", f"{TOOLHIVE}/MCPToolConfig", f"{TOOLHIVE}/MCPServer"]
    with WatchLog(cluster, kinds, namespace) as here, WatchLog(cluster, kinds, neighbour) as there:
        here.wait_quiet(1)
        there.wait_quiet(1)

        apply(cluster, namespace, tool_config("a", "b"))
        eventually(lambda: here.rollouts("one") == 1, message="the edit rolls no pods")
        here.wait_quiet(1)

        assert (here.rollouts("one"), there.events()) == (1, [])
        config_map = cluster.get("v1/ConfigMap", "one-runconfig", namespace)
        assert config_map is not None
        assert json.loads(config_map["data"]["runconfig.json"])["tools_filter"] == ["a", "b"]
        config = cluster.get(f"{TOOLHIVE}/MCPToolConfig", "tools", namespace)
        assert config is not None
        assert installation.server(namespace, "one")["status"]["toolConfigHash"] == config["status"]["configHash"]


def test_references_are_right_within_a_second(installation: Installation, namespace: str) -> None:
    cluster = installation.cluster
    apply(cluster, namespace, tool_config("a"), using_tools("one"))
    all_running(installation, namespace, "one")
    with WatchLog(cluster, [f"{TOOLHIVE}/MCPToolConfig", f"{TOOLHIVE}/MCPServer"], namespace) as log:
        log.wait_quiet(1)

        def seconds(event_type: str, servers: list[str]) -> float:
            """From a server's coming or going to the config's word on it."""
            told = lambda: [  # noqa: E731
                event
                for event in log.events("MCPToolConfig")
                if event.object["status"].get("referencingServers", []) == servers
            ]
            eventually(told, message=f"never {servers}")
            [change] = log.events("MCPServer", "two", event_type)
            return told()[0].at - change.at

        apply(cluster, namespace, using_tools("two"))
        assert seconds("ADDED", ["one", "two"]) < 1
        cluster.kubectl("delete", "mcpserver", "two", "-n", namespace)
        assert seconds("DELETED", ["one"]) < 1


def test_a_tool_config_in_use_stays_until_the_reference_goes(installation: Installation, namespace: str) -> None:
    cluster = installation.cluster
    apply(cluster, namespace, tool_config("a"), using_tools("one"))
    all_running(installation, namespace, "one")
    cluster.kubectl("delete", "mcptoolconfig", "tools", "-n", namespace, "--wait=false")

    def blocked() -> bool:
        config = cluster.get(f"{TOOLHIVE}/MCPToolConfig", "tools", namespace)
        assert config is not None
        assert conditions(config).get("DeletionBlocked") == ("True", "ReferencedByWorkloads")
        return True

    eventually(blocked)
    drop = json.dumps({"spec": {"toolConfigRef": None}})
    cluster.kubectl("patch", "mcpserver", "one", "-n", namespace, "--type=merge", "-p", drop)
    eventually(lambda: cluster.get(f"{TOOLHIVE}/MCPToolConfig", "tools", namespace) is None)


@pytest.fixture
def blind(installation: Installation) -> Iterator[Installation]:
    """The installation, its hooks for a while with READ_SECRETS off."""
    relay = installation.relay
    sightless = serve(installation.cluster, "hooks-blind", TOOLHIVE_HOOKS_READ_SECRETS="false")
    sighted, relay.target = relay.target, sightless.port
    yield installation
    relay.target = sighted


def test_without_sight_of_secrets_the_pods_tell_of_a_missing_one(blind: Installation, namespace: str) -> None:
    cluster = blind.cluster
    example = ROOT / "examples/token-exchange"
    for name in ("oidc.yaml", "externalauth.yaml", "mcpserver.yaml"):
        cluster.kubectl("apply", "-n", namespace, "-f", example / name)
    all_running(blind, namespace, "weather")
    config = blind.external_auth(namespace, "weather-api")
    assert conditions(config) == {"Ready": ("True", "Ready"), "Valid": ("True", "ValidationSucceeded")}
    assert "credentialDigest" not in config["status"]

    [pod] = blind.ready_pods(namespace, "weather")
    waiting = {"reason": "CreateContainerConfigError", "message": 'secret "weather-oauth" not found'}
    set_pod(cluster, namespace, pod["metadata"]["name"], {"state": {"waiting": waiting}})

    def told() -> bool:
        message = blind.server(namespace, "weather")["status"]["message"]
        assert message == "Proxy container 'toolhive' can't start: Secret 'weather-oauth' is missing"
        return True

    eventually(told)
