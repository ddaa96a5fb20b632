"""The main job on a cluster: examples/token-exchange from nothing to running, edited, and gone again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.controlplane.assets import ROOT
from tests.e2e.installation import CHILD_KINDS, PARENT_KINDS, TOOLHIVE, Installation, conditions

pytestmark = pytest.mark.e2e

EXAMPLE = ROOT / "examples/token-exchange"
OIDC_CONFIG = "toolhive.stacklok.dev/v1beta1/MCPOIDCConfig"
CHILDREN = [
    "ConfigMap/weather-runconfig",
    "Deployment/weather",
    "Role/weather-proxy-runner",
    "RoleBinding/weather-proxy-runner",
    "Service/mcp-weather-proxy",
    "ServiceAccount/weather-proxy-runner",
    "ServiceAccount/weather-sa",
]


def run_config(cluster: ControlPlane, namespace: str) -> dict[str, Any]:
    config_map = cluster.get("v1/ConfigMap", "weather-runconfig", namespace)
    assert config_map is not None, "no RunConfig"
    return json.loads(config_map["data"]["runconfig.json"])


def audience(cluster: ControlPlane, namespace: str) -> str:
    return str(run_config(cluster, namespace)["token_exchange_config"]["audience"])


def test_the_example_from_nothing_to_running_to_gone(installation: Installation, namespace: str) -> None:
    cluster, relay = installation.cluster, installation.relay
    start = relay.position()
    with WatchLog(cluster, [*CHILD_KINDS, *PARENT_KINDS, "v1/Pod"], namespace) as log:
        installation.deploy(namespace, EXAMPLE)

        config = installation.external_auth(namespace, "weather-api")
        oidc = cluster.resource(OIDC_CONFIG).get(name="company", namespace=namespace).to_dict()
        server = installation.server(namespace, "weather")
        assert installation.children(namespace) == CHILDREN
        assert [middleware["type"] for middleware in run_config(cluster, namespace)["middleware_configs"]] == [
            "bodylimit",
            "auth",
            "tokenexchange",
            "mcp-parser",
            "recovery",
        ]
        assert conditions(server) == {
            "Ready": ("True", "Ready"),
            "Valid": ("True", "Valid"),
            "AccessRestricted": ("True", "Restricted"),
            "ExternalAuthConfigValidated": ("True", "ExternalAuthConfigValid"),
            "OIDCConfigRefValidated": ("True", "OIDCConfigRefValid"),
            "IncomingAuthentication": ("True", "Configured"),
            "RateLimitConfigValid": ("True", "RateLimitNotApplicable"),
            "StdioReplicaCapped": ("False", "StdioReplicaCapNotActive"),
            "SessionStorageWarning": ("False", "SessionStorageWarningNotApplicable"),
        }
        assert server["status"] | {"conditions": []} == {
            "phase": "Ready",
            "message": "MCP server is running",
            "url": f"http://mcp-weather-proxy.{namespace}.svc.cluster.local:8080/mcp",
            "readyReplicas": 1,
            "externalAuthConfigHash": config["status"]["configHash"],
            "oidcConfigHash": oidc["status"]["configHash"],
            "observedGeneration": 1,
            "conditions": [],
        }
        assert conditions(config) == {
            "Ready": ("True", "Ready"),
            "Valid": ("True", "ValidationSucceeded"),
            "SecretAvailable": ("True", "SecretAvailable"),
        }
        assert config["status"]["referencingServers"] == ["weather"]
        [pod] = installation.ready_pods(namespace, "weather")
        annotations = pod["metadata"]["annotations"]
        assert annotations["toolhive.stacklok.dev/credential-digest"] == config["status"]["credentialDigest"]
        assert relay.secrets  # or the look for leaks after all tests would find none, whatever the hooks do

        log.wait_quiet(1)
        calls = relay.calls(since=start, kind="mcpserver", hook="sync")
        calls_to_running = sum(call.parent == f"{namespace}/weather" for call in calls)
        assert log.events(type="DELETED") == []
        assert log.rollouts("weather") == 0
        assert calls_to_running <= 8

        _edit(installation, namespace, log, pod["metadata"]["name"])
        _delete(installation, namespace)
        log.wait_deleted("MCPExternalAuthConfig", "weather-api")
        log.wait_quiet(1)

    deleted = {f"{event.kind}/{event.name}" for event in log.events(type="DELETED") if event.kind != "Pod"}
    assert deleted == {*CHILDREN, "MCPServer/weather", "MCPExternalAuthConfig/weather-api"}
    calls = [call for call in relay.calls(since=start) if call.parent.startswith(f"{namespace}/")]
    assert [call for call in calls if call.code != 200] == []


def _edit(installation: Installation, namespace: str, log: WatchLog, old_pod: str) -> None:
    """An edit of the config reaches RunConfig and pods, in one rollout."""
    cluster = installation.cluster
    patch = {"spec": {"tokenExchange": {"audience": "https://other.example.com"}}}
    before = len(log.history("ConfigMap", "weather-runconfig", lambda item: item["data"]))

    cluster.kubectl(
        *("patch", "mcpexternalauthconfig", "weather-api", "-n", namespace, "--type=merge", "-p", json.dumps(patch))
    )

    def rolled() -> bool:
        assert audience(cluster, namespace) == "https://other.example.com"
        names = [pod["metadata"]["name"] for pod in installation.ready_pods(namespace, "weather")]
        assert len(names) == 1, names
        return names != [old_pod]

    eventually(rolled, message="the pods keep the old config")
    log.wait_quiet(1)
    config = installation.external_auth(namespace, "weather-api")
    server = installation.server(namespace, "weather")
    assert server["status"]["externalAuthConfigHash"] == config["status"]["configHash"]
    assert log.rollouts("weather") == 1
    assert len(log.history("ConfigMap", "weather-runconfig", lambda item: item["data"])) == before + 1
    assert [event for event in log.events(type="DELETED") if event.kind not in ("Pod", "ReplicaSet")] == []


def _delete(installation: Installation, namespace: str) -> None:
    """A config in use stays, and says by whom it is used; it goes once the server is gone."""
    cluster = installation.cluster
    cluster.kubectl("delete", "mcpexternalauthconfig", "weather-api", "-n", namespace, "--wait=false")

    def blocked() -> bool:
        config = installation.external_auth(namespace, "weather-api")
        assert conditions(config).get("DeletionBlocked") == ("True", "ReferencedByWorkloads")
        assert config["status"]["referencingServers"] == ["weather"]
        return True

    eventually(blocked)
    assert installation.server(namespace, "weather")["status"]["phase"] == "Ready"
    cluster.kubectl("delete", "mcpserver", "weather", "-n", namespace, "--wait=false")

    def gone() -> bool:
        assert cluster.get(f"{TOOLHIVE}/MCPServer", "weather", namespace) is None, "the server is still there"
        assert cluster.get(f"{TOOLHIVE}/MCPExternalAuthConfig", "weather-api", namespace) is None, "the config is"
        assert installation.children(namespace) == []
        return cluster.objects("v1/Pod", namespace) == []

    eventually(gone)
