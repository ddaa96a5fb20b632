"""Our hooks, installed: the server running, metacontroller/ applied, its webhooks pointed at loopback."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hooks.controllers import CONTROLLERS
from tests.controlplane import ControlPlane, eventually
from tests.controlplane.assets import ROOT
from tests.controlplane.processes import free_port
from tests.e2e.relay import Relay
from tests.leaks import leaked
from tests.served import MALLOC, Served, command

TOOLHIVE = "toolhive.stacklok.dev/v1alpha1"
CHILD_KINDS = (
    *("apps/v1/Deployment", "v1/Service", "v1/ConfigMap", "v1/ServiceAccount", "apps/v1/StatefulSet"),
    *("rbac.authorization.k8s.io/v1/Role", "rbac.authorization.k8s.io/v1/RoleBinding"),
)
PARENT_KINDS = tuple(f"{TOOLHIVE}/{controller.parent.kind}" for controller in CONTROLLERS)
"""By the old version, in which each of them is served."""

SETTINGS = {**MALLOC, "TOOLHIVE_HOOKS_DIGEST_KEY": "the installation's key"}


@dataclass(frozen=True)
class Installation:
    """A cluster with the hooks installed."""

    cluster: ControlPlane
    relay: Relay | None = None
    """Counts the calls, where it stands between."""

    def server(self, namespace: str, name: str) -> dict[str, Any]:
        """An MCPServer; there is one."""
        return self._get("MCPServer", namespace, name)

    def external_auth(self, namespace: str, name: str) -> dict[str, Any]:
        """An MCPExternalAuthConfig; there is one."""
        return self._get("MCPExternalAuthConfig", namespace, name)

    def children(self, namespace: str) -> list[str]:
        """What exists of the kinds that an MCPServer has, as Kind/name."""
        return sorted(
            f"{kind.rpartition('/')[2]}/{obj['metadata']['name']}"
            for kind in CHILD_KINDS
            for obj in self.cluster.objects(kind, namespace)
        )

    def ready_pods(self, namespace: str, server: str) -> list[dict[str, Any]]:
        """The pods of a server's proxy that are ready, and stay."""
        return [pod for pod in self.cluster.objects("v1/Pod", namespace, f"toolhive-name={server}") if is_ready(pod)]

    def deploy(self, namespace: str, manifests: Path) -> None:
        """Apply a folder of manifests with its stand-ins for Secrets, and wait until its servers run."""
        self.cluster.kubectl("apply", "-n", namespace, "-R", "-f", manifests)

        def running() -> bool:
            servers = self.cluster.objects(f"{TOOLHIVE}/MCPServer", namespace)
            assert servers, "no MCPServer"
            assert all(s.get("status", {}).get("phase") == "Ready" for s in servers), [s.get("status") for s in servers]
            return True

        eventually(running)

    def _get(self, kind: str, namespace: str, name: str) -> dict[str, Any]:
        found = self.cluster.get(f"{TOOLHIVE}/{kind}", name, namespace)
        assert found is not None, f"{kind} {name} is gone"
        return found


def serve(cluster: ControlPlane, name: str, **settings: str) -> Served:
    """Start the hooks' server, under a name of its own, for as long as the cluster lives."""
    port, probes = free_port(), free_port()
    process = cluster.run(name, command(port, probes), env={**SETTINGS, **settings})
    return Served(process, port, probes).wait_ready()


@contextmanager
def installed(cluster: ControlPlane) -> Iterator[Installation]:
    """Install the hooks for as long as the block."""
    with Relay(serve(cluster, "hooks").port).running() as relay:
        cluster.kubectl("apply", "-f", "-", input=manifests(cluster, relay.port))
        yield Installation(cluster, relay)
        _no_secret_got_out(cluster, relay)


def _no_secret_got_out(cluster: ControlPlane, relay: Relay) -> None:
    """After all tests: no secret value that the hooks were sent is in an answer, the log, an Event or a status.

    That they were sent any is for the tests to say: not each has a secret.
    """
    values = sorted(relay.secrets)
    assert relay.leaks == []
    assert leaked(values, cluster.processes["hooks"].log.read_text()) == []
    told = [cluster.objects(kind) for kind in (*PARENT_KINDS, "v1/Event")]
    assert leaked(values, json.dumps(told)) == []


def manifests(cluster: ControlPlane, port: int) -> str:
    """metacontroller/ as a user applies it, but for where the webhooks are."""
    documents = list(yaml.safe_load_all(cluster.kubectl("kustomize", ROOT / "metacontroller").stdout))
    for document in documents:
        point_at(document, port)
    return yaml.safe_dump_all(documents)


def point_at(document: dict[str, Any], port: int) -> None:
    """Make a CompositeController call the webhooks on loopback; other objects are left alone."""
    if document["kind"] == "CompositeController":
        for hook in document["spec"]["hooks"].values():
            hook["webhook"] = {"url": f"http://127.0.0.1:{port}{hook['webhook']['path']}"}


def conditions(obj: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Status and reason of each condition of an object."""
    return {c["type"]: (c["status"], c["reason"]) for c in obj.get("status", {}).get("conditions", [])}


def uids(cluster: ControlPlane, namespace: str, kinds: Iterable[str] = CHILD_KINDS) -> dict[str, str]:
    """The uid of each object of these kinds, by Kind/name: one that was made anew has another."""
    found = [obj for kind in kinds for obj in cluster.objects(kind, namespace)]
    return {f"{obj['kind']}/{obj['metadata']['name']}": obj["metadata"]["uid"] for obj in found}


def is_ready(pod: dict[str, Any]) -> bool:
    """Whether a Pod is Ready, and stays."""
    if "deletionTimestamp" in pod["metadata"]:
        return False
    found = pod.get("status", {}).get("conditions") or []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in found)
