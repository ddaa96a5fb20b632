"""Namespaces that `migrate` works in, what is in them, and the command itself."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hooks.kubernetes.objects import Object
from tests import old_operator
from tests.apiserver.api_relay import api_relay
from tests.controlplane import ControlPlane
from tests.old_operator import by_name, run

CASE = "token-exchange"
KINDS = (
    *("apps/v1/Deployment", "apps/v1/StatefulSet", "v1/Service", "v1/ConfigMap", "v1/ServiceAccount"),
    *("rbac.authorization.k8s.io/v1/Role", "rbac.authorization.k8s.io/v1/RoleBinding"),
    *(f"toolhive.stacklok.dev/v1alpha1/{kind}" for kind in old_operator.FINALIZERS),
)
CHANGES = 11
TAKEN_OVER = (
    "note: only one namespace is taken over, and Metacontroller works in all. In the others it releases every "
    "server's children, and deletes none. Run this without -n before you start the hooks\n"
)
REVERTED = (
    "note: only one namespace is given back, and the old operator works in all. Objects elsewhere keep "
    "Metacontroller's finalizer, and their deletion would never end\n"
)


ROLLS = (
    "No pod restarts by this. Once Metacontroller works on them, each of these rolls once at most: 1 proxy "
    "(Deployments) and 1 MCP server (StatefulSets). One that is Failed stays as it is"
)


def lay_down(cluster: ControlPlane, namespace: str) -> str:
    old_operator.create(cluster, namespace, old_operator.stopped_operator())
    old_operator.lay_down(cluster, namespace, CASE)
    old_operator.runners_objects(cluster, namespace, CASE)
    return namespace


def migrate(
    cluster: ControlPlane, namespace: str, *arguments: str, kubeconfig: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Migrate one namespace; the old operator is looked for there too, so that tests don't see each other's.

    What is said of other namespaces is left out: one test asserts it.
    """
    places = ("-n", namespace, "--operator-namespace", namespace)
    result = run("migrate", kubeconfig or cluster.kubeconfig(), *places, *arguments)
    result.stderr = result.stderr.removeprefix(REVERTED if "--revert" in arguments else TAKEN_OVER)
    return result


def everything(cluster: ControlPlane, namespace: str) -> dict[str, Object]:
    """All that is migrated; not the old operator's own Deployment."""
    found = by_name(obj for kind in KINDS for obj in cluster.objects(kind, namespace))
    found.pop("Deployment/toolhive-operator", None)
    return found


def essence(cluster: ControlPlane, namespace: str) -> dict[str, Object]:
    """All objects, less what differs between two namespaces with the same in them."""
    found = everything(cluster, namespace)
    names = {obj["metadata"]["uid"]: key for key, obj in found.items()}
    for obj in found.values():
        for key in ("resourceVersion", "creationTimestamp", "managedFields", "generation"):
            obj["metadata"].pop(key, None)
        for key in ("clusterIP", "clusterIPs"):
            obj.get("spec", {}).pop(key, None)
    text = json.dumps(found).replace(namespace, "NAMESPACE")
    for uid, name in names.items():
        text = text.replace(uid, f"uid of {name}")
    essential: dict[str, Object] = json.loads(text)
    return essential


@contextmanager
def spaces(cluster: ControlPlane, count: int) -> Iterator[list[str]]:
    """Namespaces with names of one length, so that sizes are the same."""
    namespaces = cluster.resource("v1/Namespace")
    with ExitStack() as stack:
        names = [f"migrated-{secrets.token_hex(5)}" for _ in range(count)]
        for name in names:
            namespaces.create(body={"metadata": {"name": name}})
            stack.callback(namespaces.delete, name=name)
        yield names


def killed(cluster: ControlPlane, directory: Path, namespace: str, number: int, *arguments: str) -> None:
    """Run `migrate` until the API server has done this many writes; then kill -9, before the answer gets there."""
    running: list[subprocess.Popen[bytes]] = []

    def kill(writes: int) -> None:
        if writes == number:
            running[0].kill()
            running[0].wait()

    with api_relay(cluster, directory, kill) as relay:
        places = ("-n", namespace, "--operator-namespace", namespace)
        command = [sys.executable, "-m", "hooks", "migrate", *places, *arguments]
        environment = old_operator.environment(relay.kubeconfig)
        running.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        assert running[0].wait(120) == -9
        assert len(relay.writes) == number
