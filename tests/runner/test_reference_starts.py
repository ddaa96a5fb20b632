"""Every reference case of which our hooks make a Deployment is started once: none panics, none refuses its config."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from hooks.kubernetes.objects import Object
from tests.controlplane.processes import free_port
from tests.pods import pod_spec
from tests.reference.cases import ALL, inputs
from tests.reference_v1beta1 import cases as v1beta1
from tests.runner.backend import Backend
from tests.runner.identity_provider import IdentityProvider
from tests.runner.manifests import config_map, exchanging, external_auth, tool_config, with_proxy_env
from tests.runner.runner import ATTACHING, Proxy, Start

pytestmark = pytest.mark.runner

NOT_DEPLOYED = {"external-auth-missing", "external-auth-secret-missing"}
NEEDING_MORE = {"auth-server-ref", "embedded-auth-server", "embedded-redis", "oidc-ref-ca", "rate-limits", "replicas"}
"""Cases whose Redis, identity provider or token file isn't there: the runner ends with them."""
TODAYS = [
    case
    for case in v1beta1.LIVE
    if case not in v1beta1.FAILED_HERE | v1beta1.STOPPED | NEEDING_MORE and not case.startswith("proxy-")
]
DEPLOYED = [case for case in ALL if case not in NOT_DEPLOYED]


def on_free_ports(objects: list[Object], backend: Backend, **spec: Any) -> list[Object]:
    """The objects, but that the MCPServer's ports are free here, and other parts of its spec as given."""
    objects = copy.deepcopy(objects)
    [server] = [obj for obj in objects if obj["kind"] == "MCPServer"]
    server["spec"] |= {"port": free_port(), **spec}
    if server["spec"].get("transport", "stdio") != "stdio":
        server["spec"]["targetPort"] = backend.port
    return objects


def check_serves(proxy: Proxy) -> None:
    """It has started, its readiness probe is answered, and what it wrote is no trouble with its config."""
    proxy.process.wait_ready(proxy.is_ready)
    if proxy.run_config["transport"] == "stdio":
        assert ATTACHING in proxy.output()
    assert proxy.process.alive
    assert list(proxy.made("apps/v1/StatefulSet")) == [proxy.name]
    for trouble in ("panic", "goroutine ", "Error: "):
        assert trouble not in proxy.output()


@pytest.mark.parametrize("case", DEPLOYED)
def test_a_reference_case_starts_and_serves(start: Start, backend: Backend, case: str) -> None:
    check_serves(start(*on_free_ports(inputs(case), backend)))


@pytest.mark.parametrize("case", TODAYS)
def test_a_case_of_todays_dialect_starts_and_serves(
    start: Start, provider: IdentityProvider, backend: Backend, case: str
) -> None:
    certificate = provider.authority.cert_pem.bytes().decode()
    objects = v1beta1.inputs(case)
    for obj in objects:
        del obj["metadata"]["namespace"]
        for field in ("data", "stringData"):
            if field in obj:
                obj[field] = {key: certificate if text == "PEM" else text for key, text in obj[field].items()}
    server = next(obj for obj in objects if obj["kind"] == "MCPServer")
    server["spec"]["proxyPort"] = free_port()
    if server["spec"].get("transport", "stdio") != "stdio":
        server["spec"]["mcpPort"] = backend.port

    check_serves(start(*objects))


@pytest.mark.parametrize("case", DEPLOYED)
def test_a_reference_case_over_http_serves(start: Start, backend: Backend, case: str) -> None:
    """Most cases are stdio servers. A direct transport has its whole chain at work with the first call."""
    proxy = start(*on_free_ports(inputs(case), backend, transport="streamable-http"))

    check_serves(proxy)

    # The runner goes to the MCP server, too, by the HTTP proxy that resource-overrides gives it, and there is none.
    served = 401 if "oidc_config" in proxy.run_config else 502 if case == "resource-overrides" else 200
    assert proxy.caller().post("initialize").status == served


@pytest.mark.parametrize("transport", ["stdio", "sse", "streamable-http"])
@pytest.mark.parametrize("proxy_mode", ["sse", "streamable-http"])
def test_a_spec_with_every_field_starts_and_serves(
    start: Start, provider: IdentityProvider, backend: Backend, transport: str, proxy_mode: str
) -> None:
    """A spec in which all fields say something, but those that exclude each other."""
    policies = {"version": "1.0", "type": "cedarv1", "cedar": {"policies": ["permit(principal, action, resource);"]}}
    profile = {"read": ["/data"], "network": {"outbound": {"allow_host": ["a.test"], "allow_port": [443]}}}
    env = {"HTTP_PROXY": "http://p.test:3128", "NO_PROXY": "mcp-weather"}
    spec = with_proxy_env(exchanging(backend, provider), **env)
    spec["spec"] |= {
        "transport": transport,
        "proxyMode": proxy_mode,
        "args": ["--log", "debug"],
        "env": [{"name": "B", "value": "2"}, {"name": "A", "value": '$(B) "quoted" <&>\u2028'}],
        "resources": {"limits": {"cpu": "1", "memory": "512Mi"}, "requests": {"cpu": "100m"}},
        "secrets": [{"name": "gh", "key": "token", "targetEnvName": "GITHUB_TOKEN"}, {"name": "gh", "key": "OTHER"}],
        "serviceAccount": "my-sa",
        "permissionProfile": {"type": "configmap", "name": "profiles", "key": "profile.json"},
        "podTemplateSpec": {
            "metadata": {"labels": {"tier": "backend"}, "annotations": {"note": "x"}},
            "spec": {
                "nodeSelector": {"disk": "ssd"},
                "tolerations": [{"key": "k", "operator": "Exists"}],
                "containers": [
                    {"name": "mcp", "resources": {"limits": {"cpu": "500m"}}, "env": [{"name": "C", "value": "3"}]},
                    *pod_spec("sidecar", "acme/sidecar:1")["containers"],
                ],
            },
        },
        "resourceOverrides": {
            "proxyDeployment": {
                "annotations": {"a": "1"},
                "labels": {"team": "x"},
                "podTemplateMetadataOverrides": {
                    "annotations": {"vault.hashicorp.com/agent-inject": "true"},
                    "labels": {"pl": "1"},
                },
                "env": spec["spec"]["resourceOverrides"]["proxyDeployment"]["env"],
                "imagePullSecrets": [{"name": "registry"}],
            },
            "proxyService": {"annotations": {"sa": "1"}, "labels": {"sl": "1"}},
        },
        "authzConfig": {"type": "configMap", "configMap": {"name": "policies"}},
        "audit": {"enabled": True},
        "tools": ["ignored"],
        "toolConfigRef": {"name": "weather-tools"},
        "telemetry": {
            "openTelemetry": {
                "enabled": True,
                "endpoint": "https://otel-collector.test:4318",
                "serviceName": "svc-a",
                "headers": ["x-team=a"],
                "insecure": True,
                "metrics": {"enabled": True},
                "tracing": {"enabled": True, "samplingRate": "0.25"},
            },
            "prometheus": {"enabled": True},
        },
        "trustProxyHeaders": True,
    }
    related = (
        config_map("policies", **{"authz.json": json.dumps(policies)}),
        config_map("profiles", **{"profile.json": json.dumps(profile)}),
        tool_config(toolsFilter=["get"], toolsOverride={"fetch": {"name": "get", "description": "Gets a page."}}),
    )
    proxy = start(spec, *external_auth(provider), *related)

    check_serves(proxy)

    path = "/sse" if transport == "sse" or (transport, proxy_mode) == ("stdio", "sse") else "/mcp"
    assert proxy.caller().request("GET", path).status == 401
    assert proxy.caller().request("GET", "/metrics").status == 200
    assert provider.token_requests == []
    if transport == "streamable-http":
        backend.calls.clear()
        caller = proxy.caller(provider.token()).connect()
        assert caller.tools() == {"get": "Gets a page."}
        assert caller.call("get").status == 200
        assert len(provider.token_requests) == len(backend.calls) == 3
