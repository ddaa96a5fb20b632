"""Many servers, what is edited on them, and what must hold once everything is quiet again."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from hooks.proxy.names import CONTENT_CHECKSUM, RUNCONFIG_CHECKSUM
from tests.controlplane import WatchLog, eventually
from tests.e2e.installation import CHILD_KINDS, PARENT_KINDS, TOOLHIVE, Installation
from tests.e2e.rendered import as_rendered

CURRENT = "toolhive.stacklok.dev/v1beta1"
WATCHED = (*CHILD_KINDS, *PARENT_KINDS, "v1/Pod")
SETTLES = 240
"""Seconds: after a while without hooks, Metacontroller's own wait between two tries is up to two minutes."""


def secret() -> dict[str, Any]:
    """The Secret that every config here refers to."""
    data = {"client-secret": "example-only"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "oauth"}, "stringData": data}


def config(name: str) -> dict[str, Any]:
    """An MCPExternalAuthConfig, unlike those of other names: servers that change over to it get new pods."""
    exchange = {
        "tokenUrl": "https://idp.example.com/token",
        "clientId": "fleet",
        "clientSecretRef": {"name": "oauth", "key": "client-secret"},
        "audience": f"https://{name}.example.com",
    }
    spec = {"type": "tokenExchange", "tokenExchange": exchange}
    return {"apiVersion": TOOLHIVE, "kind": "MCPExternalAuthConfig", "metadata": {"name": name}, "spec": spec}


def current_configs() -> list[dict[str, Any]]:
    """The configs that servers of the current dialect and remote proxies share, and their group."""
    policies = ["permit(principal, action, resource);"]
    specs: dict[str, dict[str, Any]] = {
        "MCPOIDCConfig": {"type": "inline", "inline": {"issuer": "https://idp.example.com"}},
        "MCPTelemetryConfig": {"prometheus": {"enabled": True}},
        "MCPAuthzConfig": {"type": "cedarv1", "config": {"policies": policies, "entities_json": "[]"}},
        "MCPGroup": {"description": "fleet"},
    }
    return [
        {"apiVersion": CURRENT, "kind": kind, "metadata": {"name": "team"}, "spec": spec}
        for kind, spec in specs.items()
    ]


CURRENT_REFERENCES: dict[str, Any] = {
    "oidcConfigRef": {"name": "team", "audience": "fleet"},
    "telemetryConfigRef": {"name": "team"},
    "authzConfigRef": {"name": "team"},
    "groupRef": {"name": "team"},
}


def server(name: str, uses: str | None) -> dict[str, Any]:
    """An MCPServer of the old dialect that uses a config, or none."""
    spec: dict[str, Any] = {"image": "ghcr.io/example/mcp:1", "transport": "streamable-http", "targetPort": 8000}
    if uses:
        spec["externalAuthConfigRef"] = {"name": uses}
    return {"apiVersion": TOOLHIVE, "kind": "MCPServer", "metadata": {"name": name}, "spec": spec}


def member(number: int, name: str, uses: str | None) -> dict[str, Any]:
    """A server of a fleet: every second is of the current dialect, and each tenth is a remote proxy."""
    old = server(name, uses)
    references = {**{key: old["spec"][key] for key in ("externalAuthConfigRef",) if uses}, **CURRENT_REFERENCES}
    if number % 10 == 9:
        spec: dict[str, Any] = {"remoteUrl": "https://mcp.example.com/mcp", **references}
        return {"apiVersion": CURRENT, "kind": "MCPRemoteProxy", "metadata": {"name": name}, "spec": spec}
    if number % 2:
        spec = {"image": "ghcr.io/example/mcp:1", "transport": "streamable-http", "mcpPort": 8000, **references}
        return {"apiVersion": CURRENT, "kind": "MCPServer", "metadata": {"name": name}, "spec": spec}
    return old


@dataclass
class Fleet:
    """The servers of one namespace."""

    installation: Installation
    namespace: str
    users: list[str]
    """Those that use the config `shared`."""
    bystanders: list[str]
    """Those that use none."""
    edits: int = field(default=0)

    @classmethod
    def deploy(cls, installation: Installation, namespace: str, *, users: int, bystanders: int) -> Fleet:
        """Make a namespace with a config and this many servers, and wait until they run."""
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        installation.cluster.resource("v1/Namespace").create(body=body)
        names = [f"user-{number}" for number in range(users)], [f"bystander-{number}" for number in range(bystanders)]
        fleet = cls(installation, namespace, *names)
        manifests = [secret(), config("shared"), *current_configs()]
        manifests += [member(number, name, "shared") for number, name in enumerate(fleet.users)]
        fleet.apply(*manifests, *(member(number, name, None) for number, name in enumerate(fleet.bystanders)))
        fleet.settle()
        return fleet

    def apply(self, *manifests: dict[str, Any]) -> None:
        """As `kubectl apply`."""
        text = "\n---\n".join(json.dumps(manifest) for manifest in manifests)
        self.installation.cluster.kubectl("apply", "-n", self.namespace, "-f", "-", input=text)

    def patch(self, what: str, name: str, spec: dict[str, Any]) -> None:
        """As `kubectl patch`."""
        patch = ("-p", json.dumps({"spec": spec}))
        self.installation.cluster.kubectl("patch", what, name, "-n", self.namespace, "--type=merge", *patch)

    def delete(self, what: str, name: str) -> None:
        """As `kubectl delete --wait=false`."""
        self.installation.cluster.kubectl("delete", what, name, "-n", self.namespace, "--wait=false")

    def roll(self) -> None:
        """Edit the shared config: the pods of its users are replaced."""
        self.edits += 1
        audience = f"https://api-{self.edits}.example.com"
        self.patch("mcpexternalauthconfig", "shared", {"tokenExchange": {"audience": audience}})

    def roll_often(self, times: int, *, every: float) -> None:
        """Edit the shared config so many times, so many seconds apart."""
        began = time.monotonic()
        for count in range(1, times + 1):
            self.roll()
            # Not a wait for something: so often users edit.
            time.sleep(max(began + count * every - time.monotonic(), 0))

    def watch(self) -> WatchLog:
        """Watch everything that belongs to the servers."""
        return WatchLog(self.installation.cluster, WATCHED, self.namespace)

    def settle(self, going: Collection[str] = ()) -> None:
        """Wait until each server runs as it is specified, with pods of its last template.

        Nothing is being deleted then but the configs that are named `going`.
        """
        cluster = self.installation.cluster

        def settled() -> bool:
            parents = [parent for kind in PARENT_KINDS for parent in cluster.objects(kind, self.namespace)]
            for parent in parents:
                metadata, status = parent["metadata"], parent.get("status", {})
                is_going = "deletionTimestamp" in metadata
                assert is_going == (metadata["name"] in going), f"{metadata['name']}: {metadata} {status}"
                assert status.get("observedGeneration") == metadata["generation"], metadata["name"]
                ready = next(c for c in status["conditions"] if c["type"] == "Ready")
                assert ready["status"] == "True", (metadata["name"], status)
                assert status.get("phase", "Ready") == "Ready", (metadata["name"], status)
            config_maps = {obj["metadata"]["name"]: obj for obj in cluster.objects("v1/ConfigMap", self.namespace)}
            for deployment in cluster.objects("apps/v1/Deployment", self.namespace):
                name, status = deployment["metadata"]["name"], deployment.get("status", {})
                # A RunConfig comes first; its pods follow in the next call, for which Metacontroller may wait a while.
                followed = deployment["spec"]["template"]["metadata"]["annotations"][RUNCONFIG_CHECKSUM]
                assert followed == config_maps[f"{name}-runconfig"]["metadata"]["annotations"][CONTENT_CHECKSUM], name
                counts = [status.get(count) for count in ("updatedReplicas", "replicas", "availableReplicas")]
                assert counts == [deployment["spec"]["replicas"]] * 3, (name, status)
                assert status.get("observedGeneration") == deployment["metadata"]["generation"], name
            pods = Counter(
                pod["metadata"]["labels"]["toolhive-name"] for pod in cluster.objects("v1/Pod", self.namespace)
            )
            servers = {p["metadata"]["name"] for p in parents if p["kind"] in ("MCPServer", "MCPRemoteProxy")}
            assert pods == dict.fromkeys(servers, 1)
            if not going:  # which `render` doesn't know
                as_rendered(cluster, self.namespace)  # last, since it takes a second or two
            return True

        eventually(settled, timeout=SETTLES, message="the servers don't come to rest")


def deleted(log: WatchLog) -> list[str]:
    """Which children were deleted; pods, which a rollout replaces, are none."""
    return sorted(f"{e.kind}/{e.name}" for e in log.events(type="DELETED") if e.kind != "Pod")


def pods_made(log: WatchLog) -> dict[str, int]:
    """How many pods were made, by server."""
    return dict(Counter(e.object["metadata"]["labels"]["toolhive-name"] for e in log.events("Pod", type="ADDED")))
