"""Each cause of failure on a real control plane: named in the status, nothing lost meanwhile, gone with its cause."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest

from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.controlplane.assets import ROOT
from tests.e2e.backend import set_pod
from tests.e2e.installation import CHILD_KINDS, Installation, conditions

pytestmark = pytest.mark.e2e

EXAMPLE = ROOT / "examples/token-exchange"
POLICY = '{"version": "1.0", "type": "cedarv1", "cedar": {"policies": ["permit(principal, action, resource);"]}}'


@pytest.fixture
def running(installation: Installation, namespace: str) -> Iterator[tuple[Installation, WatchLog]]:
    """The example, running, with a watch that must see no child deleted and no pod template changed."""
    installation.deploy(namespace, EXAMPLE)
    with WatchLog(installation.cluster, CHILD_KINDS, namespace) as log:
        log.wait_quiet(1)
        yield installation, log
    assert log.events(type="DELETED") == []
    assert log.rollouts("weather") == 0


def patch(cluster: ControlPlane, namespace: str, what: str, change: dict[str, Any]) -> None:
    kind, name = what.split("/")
    cluster.kubectl("patch", kind, name, "-n", namespace, "--type=merge", "-p", json.dumps(change))


def expect(installation: Installation, namespace: str, phase: str, ready: tuple[str, str], message: str) -> None:
    """Wait until the server has this phase and message, and this status and reason of Ready."""

    def check() -> bool:
        server = installation.server(namespace, "weather")
        status = server.get("status", {})
        assert (status.get("phase"), conditions(server).get("Ready")) == (phase, ready), status
        assert status["message"] == message
        return True

    eventually(check)


def expect_running(installation: Installation, namespace: str) -> None:
    expect(installation, namespace, "Ready", ("True", "Ready"), "MCP server is running")


UNQUOTED = {"spec": {"containers": [{"name": "mcp", "env": [{"name": "A", "value": 5}]}]}}
SECRET = {"stringData": {"client-secret": "REPLACE-ME"}}
Cause: TypeAlias = tuple[Callable[[ControlPlane, str], None], Callable[[ControlPlane, str], None], str, str]
"""How it is made, how it is mended, and the reason and message by which it is known."""

CAUSES: dict[str, Cause] = {
    "the config is missing": (
        lambda c, ns: patch(c, ns, "mcpserver/weather", {"spec": {"externalAuthConfigRef": {"name": "nope"}}}),
        lambda c, ns: patch(c, ns, "mcpserver/weather", {"spec": {"externalAuthConfigRef": {"name": "weather-api"}}}),
        "ExternalAuthConfigNotFound",
        "MCPExternalAuthConfig 'nope' not found in namespace '{}': create it, or remove spec.externalAuthConfigRef",
    ),
    "the Secret is missing": (
        lambda c, ns: c.kubectl("delete", "secret", "weather-oauth", "-n", ns) and None,
        lambda c, ns: c.kubectl("apply", "-n", ns, "-f", EXAMPLE / "render-only/secret.yaml") and None,
        "SecretNotFound",
        "MCPExternalAuthConfig 'weather-api': Secret 'weather-oauth' of namespace '{}' not found: "
        "create it, or correct spec.tokenExchange.clientSecretRef.name",
    ),
    "the Secret's key is missing": (
        lambda c, ns: patch(c, ns, "secret/weather-oauth", {"data": {"client-secret": None}}),
        lambda c, ns: patch(c, ns, "secret/weather-oauth", SECRET),
        "SecretKeyNotFound",
        "MCPExternalAuthConfig 'weather-api': Secret 'weather-oauth' of namespace '{}' has no key 'client-secret': "
        "add it, or correct spec.tokenExchange.clientSecretRef.key",
    ),
    "the config is invalid": (
        lambda c, ns: patch(c, ns, "mcpexternalauthconfig/weather-api", {"spec": {"tokenExchange": {"audience": ""}}}),
        lambda c, ns: c.kubectl("apply", "-n", ns, "-f", EXAMPLE / "externalauth.yaml") and None,
        "AudienceMissing",
        "MCPExternalAuthConfig 'weather-api': spec.tokenExchange.audience must not be empty",
    ),
    "the spec is invalid": (
        lambda c, ns: patch(c, ns, "mcpserver/weather", {"spec": {"env": [{"name": "A=B", "value": ""}]}}),
        lambda c, ns: patch(c, ns, "mcpserver/weather", {"spec": {"env": None}}),
        "SpecInvalid",
        "spec.env[0].name: invalid environment variable key: 'A=B'",
    ),
    "a value of the pod template has a wrong type": (
        lambda c, ns: patch(c, ns, "mcpserver/weather", {"spec": {"podTemplateSpec": UNQUOTED}}),
        lambda c, ns: patch(c, ns, "mcpserver/weather", {"spec": {"podTemplateSpec": None}}),
        "InvalidPodTemplateSpec",
        "spec.podTemplateSpec.spec.containers[0].env[0].value must be a string, is an integer",
    ),
    "the image refers to a variable": (
        lambda c, ns: patch(c, ns, "mcpserver/weather", {"spec": {"image": "acme/$(HOME)"}}),
        lambda c, ns: c.kubectl("apply", "-n", ns, "-f", EXAMPLE / "mcpserver.yaml") and None,
        "SpecInvalid",
        "spec.image: must not have a '$': write out the name of the image, no variable is put in",
    ),
    "a ConfigMap is missing": (
        lambda c, ns: patch(
            c, ns, "mcpserver/weather", {"spec": {"authzConfig": {"type": "configMap", "configMap": {"name": "authz"}}}}
        ),
        lambda c, ns: patch(c, ns, "mcpserver/weather", {"spec": {"authzConfig": None}}),
        "ConfigMapNotFound",
        "ConfigMap 'authz' not found in namespace '{}': create it, or correct spec.authzConfig.configMap.name",
    ),
}


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES)
def test_a_cause_is_named_loses_nothing_and_passes(
    running: tuple[Installation, WatchLog],
    namespace: str,
    cause: Cause,
) -> None:
    installation, log = running
    make, mend, reason, message = cause

    make(installation.cluster, namespace)
    expect(installation, namespace, "Failed", ("False", reason), message.format(namespace))
    log.wait_quiet(1)
    mend(installation.cluster, namespace)

    expect_running(installation, namespace)
    log.wait_quiet(1)


def test_a_configmap_that_a_spec_names_reaches_the_server(installation: Installation, namespace: str) -> None:
    cluster = installation.cluster
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "authz"},
        "data": {"authz.json": POLICY},
    }
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input=json.dumps(config_map))
    installation.deploy(namespace, EXAMPLE)
    change = {"spec": {"authzConfig": {"type": "configMap", "configMap": {"name": "authz"}}}}
    patch(cluster, namespace, "mcpserver/weather", change)

    def policies() -> list[str]:
        held = cluster.get("v1/ConfigMap", "weather-runconfig", namespace)
        assert held is not None
        run = json.loads(held["data"]["runconfig.json"])
        return list(run.get("authz_config", {}).get("cedar", {}).get("policies", []))

    eventually(lambda: policies() == ["permit(principal, action, resource);"])
    patch(cluster, namespace, "configmap/authz", {"data": {"authz.json": POLICY.replace("permit", "forbid")}})
    eventually(lambda: policies() == ["forbid(principal, action, resource);"])
    patch(cluster, namespace, "configmap/authz", {"data": {"authz.json": "{}"}})
    message = "ConfigMap 'authz' key 'authz.json' (spec.authzConfig.configMap): version is required"
    expect(installation, namespace, "Failed", ("False", "AuthzConfigInvalid"), message)
    assert policies() == ["forbid(principal, action, resource);"]


def test_pods_that_fail_tell_their_cause(running: tuple[Installation, WatchLog], namespace: str) -> None:
    installation, _ = running
    [pod] = installation.ready_pods(namespace, "weather")
    name = pod["metadata"]["name"]
    image = "ghcr.io/stacklok/toolhive/proxyrunner:v0.44.0"
    causes: list[tuple[dict[str, Any], str, str]] = [
        (
            {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off"}}},
            "ImagePullBackOff",
            f"Proxy can't pull image '{image}': check its name, and the pull secrets for its registry",
        ),
        (
            {
                "restartCount": 2,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"exitCode": 3, "reason": "Error"}},
            },
            "CrashLoopBackOff",
            f"Proxy container 'toolhive' keeps ending with exit code 3: kubectl logs deployment/weather -n {namespace} "
            "-c toolhive --previous",
        ),
        (
            {
                "state": {
                    "waiting": {
                        "reason": "CreateContainerConfigError",
                        "message": f"couldn't find key client-secret in Secret {namespace}/weather-oauth",
                    }
                }
            },
            "CreateContainerConfigError",
            "Proxy container 'toolhive' can't start: Secret 'weather-oauth' has no key 'client-secret'",
        ),
    ]

    for container, reason, message in causes:
        set_pod(installation.cluster, namespace, name, container)
        expect(installation, namespace, "Failed", ("False", reason), message)

    runs = {"state": {"running": {"startedAt": "2026-11-23T12:00:00Z"}}}
    set_pod(installation.cluster, namespace, name, runs)
    message = "MCP server is starting: its proxy runs, and does not answer its readiness probe yet"
    expect(installation, namespace, "Pending", ("False", "PodsNotReady"), message)

    set_pod(installation.cluster, namespace, name, {**runs, "ready": True})
    expect_running(installation, namespace)


def test_pods_that_fit_nowhere_and_pods_that_are_refused(installation: Installation, namespace: str) -> None:
    cluster = installation.cluster
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "none"},
        "spec": {"hard": {"count/pods": "0"}},
    }
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input=json.dumps(quota))

    def enforced() -> bool:
        found = cluster.get("v1/ResourceQuota", "none", namespace)
        return bool(found and found.get("status", {}).get("hard"))

    eventually(enforced)
    cluster.kubectl("apply", "-n", namespace, "-R", "-f", EXAMPLE)
    message = "Proxy pods are refused: ResourceQuota 'none' is exhausted: raise it, or free some of it"
    expect(installation, namespace, "Failed", ("False", "FailedCreate"), message)

    cluster.kubectl("delete", "resourcequota", "none", "-n", namespace)
    patch(cluster, namespace, "mcpserver/weather", {"spec": {"resources": {"requests": {"cpu": "100000"}}}})
    # The old pod serves on.
    message = "MCP server is running; Proxy fits on no node: Insufficient cpu"
    expect(installation, namespace, "Ready", ("True", "Ready"), message)

    patch(cluster, namespace, "mcpserver/weather", {"spec": {"resources": None}})
    expect_running(installation, namespace)


def test_a_name_that_is_taken_is_said_with_the_command_that_shows_its_owner(
    installation: Installation, namespace: str
) -> None:
    cluster = installation.cluster
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "mcp-weather-proxy"},
        "spec": {"ports": [{"port": 80}]},
    }
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input=json.dumps(service))
    cluster.kubectl("apply", "-n", namespace, "-R", "-f", EXAMPLE)

    shown = f"kubectl get service mcp-weather-proxy -n {namespace} -o yaml"
    message = (
        f"Service 'mcp-weather-proxy' isn't this server's, and no controller owns it (`{shown}` shows it): "
        "rename this server, or delete that Service if nothing needs it; `toolhive-hooks migrate` takes over objects "
        "of ToolHive's operator"
    )
    expect(installation, namespace, "Failed", ("False", "NameConflict"), message)
    cluster.kubectl("delete", "service", "mcp-weather-proxy", "-n", namespace)
    expect_running(installation, namespace)
