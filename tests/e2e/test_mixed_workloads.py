"""Servers and remote proxies on the same configs, in today's fields: references, rollout, deletion; and a group."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.controlplane import WatchLog, eventually
from tests.controlplane.fixtures import namespace_for
from tests.e2e.installation import TOOLHIVE, Installation, conditions
from tests.e2e.rendered import as_rendered
from tests.reference_v1beta1.cases import FAILED_HERE, LIVE, inputs

pytestmark = pytest.mark.e2e

API = "toolhive.stacklok.dev/v1beta1"
REFERENCES = {
    "oidcConfigRef": {"name": "shared", "audience": "https://mcp.example.com"},
    "externalAuthConfigRef": {"name": "shared"},
    "telemetryConfigRef": {"name": "shared"},
    "toolConfigRef": {"name": "shared"},
    "groupRef": {"name": "shared"},
}
CONFIGS = {
    "MCPOIDCConfig": {"type": "inline", "inline": {"issuer": "https://idp.example.com"}},
    "MCPExternalAuthConfig": {
        "type": "tokenExchange",
        "tokenExchange": {
            "tokenUrl": "https://idp.example.com/token",
            "clientId": "c",
            "clientSecretRef": {"name": "oauth", "key": "client-secret"},
            "audience": "https://api.example.com",
        },
    },
    "MCPTelemetryConfig": {
        "openTelemetry": {
            "enabled": True,
            "endpoint": "collector.obs:4318",
            "tracing": {"enabled": True},
            "sensitiveHeaders": [{"name": "authorization", "secretKeyRef": {"name": "otel", "key": "token"}}],
        }
    },
    "MCPToolConfig": {"toolsFilter": ["read"]},
}
BOTH = ["server", "MCPRemoteProxy/proxy"]


def obj(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": API, "kind": kind, "metadata": {"name": name}, "spec": spec}


def secret(name: str, **values: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values}


def server(name: str, **references: Any) -> dict[str, Any]:
    spec = {"image": "example.test/mcp:1", "transport": "streamable-http", **references}
    return obj("MCPServer", name, spec)


def proxy(name: str, **references: Any) -> dict[str, Any]:
    spec = {"remoteUrl": "https://mcp.example.com/mcp", "transport": "streamable-http", **references}
    return obj("MCPRemoteProxy", name, spec)


def apply(installation: Installation, namespace: str, *objects: dict[str, Any]) -> None:
    text = "\n---\n".join(json.dumps(each) for each in objects)
    installation.cluster.kubectl("apply", "-n", namespace, "-f", "-", input=text)


def status(installation: Installation, namespace: str, kind: str, name: str) -> dict[str, Any]:
    found = installation.cluster.get(f"{TOOLHIVE}/{kind}", name, namespace) or {}
    return dict(found.get("status", {}))


@pytest.fixture
def mixed(installation: Installation, namespace: str) -> Iterator[WatchLog]:
    """A server, a proxy and all that both refer to, ready; and one of each that refers to nothing."""
    apply(
        installation,
        namespace,
        *(secret("oauth", **{"client-secret": "s3cr3t"}), secret("otel", token="t0ken")),
        *(obj(kind, "shared", spec) for kind, spec in CONFIGS.items()),
        obj("MCPGroup", "shared", {"description": "both"}),
        *(server("server", **REFERENCES), proxy("proxy", **REFERENCES), server("other"), proxy("another")),
    )

    def ready() -> bool:
        phases = [
            status(installation, namespace, kind, name).get("phase")
            for kind, name in (
                *(("MCPServer", "server"), ("MCPServer", "other")),
                *(("MCPRemoteProxy", "proxy"), ("MCPRemoteProxy", "another")),
            )
        ]
        assert phases == ["Ready"] * 4
        return True

    eventually(ready)
    kinds = ["apps/v1/Deployment", *(f"{TOOLHIVE}/{kind}" for kind in ("MCPServer", "MCPRemoteProxy", *CONFIGS))]
    with WatchLog(installation.cluster, kinds, namespace) as log:
        log.wait_quiet(1)
        yield log


def rollouts(log: WatchLog) -> dict[str, int]:
    names = ("server", "proxy", "other", "another")
    return {name: log.rollouts(name) for name in names}


@pytest.mark.usefixtures("mixed")
def test_configs_and_group_name_both_kinds(installation: Installation, namespace: str) -> None:
    def named() -> bool:
        for kind in CONFIGS:
            assert status(installation, namespace, kind, "shared").get("referencingServers") == BOTH, kind
        group = status(installation, namespace, "MCPGroup", "shared")
        keys = ("servers", "serverCount", "remoteProxies", "remoteProxyCount")
        assert [group.get(key) for key in keys] == [["server"], 1, ["proxy"], 1]
        return True

    eventually(named)
    as_rendered(installation.cluster, namespace)


@pytest.mark.parametrize("name", ["oauth", "otel"])
def test_a_rotated_secret_rolls_those_that_use_it_once(
    installation: Installation, namespace: str, mixed: WatchLog, name: str
) -> None:
    key = {"oauth": "client-secret", "otel": "token"}[name]
    apply(installation, namespace, secret(name, **{key: "an0ther-s3cr3t"}))

    once = {"server": 1, "proxy": 1, "other": 0, "another": 0}
    eventually(lambda: rollouts(mixed) == once, message="the rotated secret rolls no pods")
    mixed.wait_quiet(2)
    assert rollouts(mixed) == once


@pytest.mark.parametrize("last", ["MCPServer", "MCPRemoteProxy"])
def test_configs_stay_until_the_last_of_either_kind_is_gone(
    installation: Installation, namespace: str, mixed: WatchLog, last: str
) -> None:
    cluster = installation.cluster
    workloads = {"MCPServer": "server", "MCPRemoteProxy": "proxy"}
    for kind in CONFIGS:
        cluster.kubectl("delete", kind, "shared", "-n", namespace, "--wait=false")
    [first] = [kind for kind in workloads if kind != last]
    cluster.kubectl("delete", first, workloads[first], "-n", namespace, "--timeout=110s")

    def blocked_by_the_last() -> bool:
        for kind in CONFIGS:
            found = cluster.get(f"{TOOLHIVE}/{kind}", "shared", namespace)
            assert found is not None, f"{kind} is gone"
            wanted = [workloads[last] if last == "MCPServer" else f"{last}/{workloads[last]}"]
            assert found["status"]["referencingServers"] == wanted
            assert conditions(found)["DeletionBlocked"] == ("True", "ReferencedByWorkloads")
        return True

    eventually(blocked_by_the_last)
    mixed.wait_quiet(3)  # a config that is being deleted settles for 2 s
    cluster.kubectl("delete", last, workloads[last], "-n", namespace, "--wait=false")
    for kind in CONFIGS:
        mixed.wait_deleted(kind, "shared")
    mixed.wait_deleted(last, workloads[last])

    [end] = mixed.events(last, workloads[last], type="DELETED")
    for kind in CONFIGS:
        [gone] = mixed.events(kind, type="DELETED")
        assert gone.at - end.at < 1, kind


@pytest.mark.parametrize("case", LIVE)
def test_release_0_44s_case_lives_as_render_says(installation: Installation, case: str) -> None:
    """What users give ToolHive 0.44's operator, given to Metacontroller: what lives is what render prints."""
    # Some cases mount a folder of the node, which the level restricted refuses.
    with namespace_for(installation.cluster, f"r44 {case}", "privileged") as namespace:
        objects = [{**each, "metadata": {**each["metadata"], "namespace": namespace}} for each in inputs(case)]
        apply(installation, namespace, *objects)

        def settled() -> bool:
            as_rendered(installation.cluster, namespace, code=1 if case in FAILED_HERE else 0)
            return True

        eventually(settled)
