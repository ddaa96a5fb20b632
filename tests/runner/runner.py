"""The real proxy runner, started from what our hooks make of an MCPServer or MCPRemoteProxy."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from hooks.api.kinds import RESOURCES
from hooks.installation import Installation
from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, SECRET, SERVICE, STATEFUL_SET
from hooks.kubernetes.objects import Object
from tests.controlplane import ControlPlane, eventually
from tests.controlplane.processes import Process, answers, free_port
from tests.runner.caller import Caller
from tests.runner.kubelet import Kubelet
from tests.world import CONFIG, child, judged, settled

STARTED = "workload started successfully"
ATTACHING = "attaching to pod"
WORKLOADS = ("MCPServer", "MCPRemoteProxy")
REMOTE_HOST = "mcp.acme.test"
"""Where the remote MCP server is: the hooks refuse loopback by its address."""


@dataclass(frozen=True)
class Proxy:
    """A proxy runner, and what it was made from."""

    cluster: ControlPlane
    kubelet: Kubelet = field(repr=False)
    namespace: str
    name: str
    answer: Object = field(repr=False)
    """What our hooks answered for the MCPServer or MCPRemoteProxy."""
    process: Process
    replica_port: int = 0
    """The port of a second replica, which its RunConfig in the answer does not have."""

    @cached_property
    def run_config(self) -> Object:
        """The RunConfig that it reads."""
        config_map = child(self.answer, CONFIG_MAP, f"{self.name}-runconfig")
        return json.loads(config_map["data"]["runconfig.json"])

    def again(self) -> Proxy:
        """The same proxy, stopped and started once more."""
        self.process.stop()
        return replace(self, process=_run(self.kubelet, self.name, self.answer))

    def edited(self, **spec: Any) -> Proxy:
        """The proxy of the same server with these fields of its spec, run in its place."""
        change = json.dumps({"spec": spec})
        self.cluster.kubectl("patch", "mcpserver", self.name, "-n", self.namespace, "--type=merge", "-p", change)
        return self.remade()

    def remade(self) -> Proxy:
        """The proxy that our hooks make of what is in the namespace now, run in its place."""
        kinds = (*RESOURCES, SECRET, CONFIG_MAP, STATEFUL_SET)
        live = [
            obj for kind in kinds for obj in self.cluster.objects(f"{kind.api_version}/{kind.kind}", self.namespace)
        ]
        made = [(obj["kind"], obj["metadata"]["name"]) for obj in self.answer["children"]]
        given = [obj for obj in live if (obj["kind"], obj["metadata"]["name"]) not in made]
        answer = _settled(given, CONFIG)
        run_config = child(answer, CONFIG_MAP, f"{self.name}-runconfig")
        self.cluster.resource("v1/ConfigMap").replace(body=run_config, namespace=self.namespace)
        self.process.stop()
        return replace(self, answer=answer, process=_run(self.kubelet, self.name, answer))

    def replica(self) -> Proxy:
        """A second pod of the same Deployment, on a port of its own: here both are on one loopback."""
        name = f"{self.name}-runconfig"
        run_config = child(self.answer, CONFIG_MAP, name)
        elsewhere = {**self.run_config, "port": free_port()}
        maps = self.cluster.resource("v1/ConfigMap")
        maps.replace(body={**run_config, "data": {"runconfig.json": json.dumps(elsewhere)}}, namespace=self.namespace)
        process = _run(self.kubelet, self.name, self.answer)
        maps.replace(body=run_config, namespace=self.namespace)
        return replace(self, process=process, replica_port=elsewhere["port"])

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.replica_port or int(self.run_config["port"])

    def caller(self, token: str | None = None) -> Caller:
        """Someone who calls it."""
        return Caller(self.port, token)

    def output(self) -> str:
        """What it has written so far."""
        return self.process.log.read_text()

    def events(self, message: str) -> list[Object]:
        """The lines of its log with this message."""
        lines = [json.loads(line) for line in self.output().splitlines() if line.startswith("{")]
        return [line for line in lines if line["msg"] == message]

    def wait_started(self) -> Proxy:
        """Wait until it is at work: its port open, and with a direct transport its first `initialize` answered.

        It asks that of itself. Where callers must present a token, its own 401 will do, and the MCP server sees
        nothing of it.
        """
        said = ATTACHING if self.run_config["transport"] == "stdio" else STARTED
        self.process.wait_ready(lambda: said in self.output() and self._listens())
        return self

    def is_ready(self) -> bool:
        """Ask as the Deployment's readiness probe does."""
        [container] = child(self.answer, DEPLOYMENT, self.name)["spec"]["template"]["spec"]["containers"]
        probe = container["readinessProbe"]["httpGet"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        return answers(ports[probe["port"]], probe["path"])

    def made(self, kind: str) -> dict[str, Object]:
        """What the runner made of a kind, by name."""
        uid = self.run_config["container_labels"]["controller-uid"]
        found = self.cluster.objects(kind, self.namespace, f"controller-uid={uid}")
        return {obj["metadata"]["name"]: obj for obj in found}

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5):
                return True
        except ConnectionRefusedError:
            return False


Start = Callable[..., Proxy]
"""Start the proxy of an MCPServer; the arguments are this and all that it refers to, and `config` the settings."""


def proxy(
    cluster: ControlPlane, kubelet: Kubelet, namespace: str, objects: list[Object], config: Installation = CONFIG
) -> Proxy:
    """Apply objects, one of them a workload, and run the proxy that our hooks give it.

    Its Deployment is not applied: its pod is run here. Nor is the proxy's Service, which leads to that pod.
    """
    answer = answered(cluster, namespace, objects, config)
    name = next(obj["metadata"]["name"] for obj in objects if obj["kind"] in WORKLOADS)
    deployment = child(answer, DEPLOYMENT, name)
    for made in answer["children"]:
        if made["kind"] not in (DEPLOYMENT.kind, SERVICE.kind):
            create(cluster, namespace, made)
    account = deployment["spec"]["template"]["spec"]["serviceAccountName"]
    if any(obj["kind"] == "MCPServer" for obj in objects):
        eventually(lambda: may_work(cluster, namespace, account), message=f"{account} may not make StatefulSets")
    return Proxy(cluster, kubelet, namespace, name, answer, _run(kubelet, name, answer))


def answered(cluster: ControlPlane, namespace: str, objects: list[Object], config: Installation = CONFIG) -> Object:
    """Apply objects, one of them a workload, and ask our hooks until they return all, as Metacontroller would."""
    return _settled([create(cluster, namespace, obj) for obj in objects], config)


def _settled(live: list[Object], config: Installation) -> Object:
    """What our hooks answer for the one workload among objects, once the configs among them are judged."""
    ours = {kind.kind: kind.api_version for kind in RESOURCES}
    # Metacontroller sends each object in the version by which customize asks for its kind.
    live = [{**obj, "apiVersion": ours.get(obj["kind"], obj["apiVersion"])} for obj in live]
    others = [obj for obj in live if obj["kind"] not in ours]
    [workload] = [obj for obj in live if obj["kind"] in WORKLOADS]
    configs = [judged(obj, *others) for obj in live if obj not in others and obj is not workload]
    return settled(workload, *configs, *others, config=config)[0]


def create(cluster: ControlPlane, namespace: str, obj: Object) -> Object:
    """Create an object; gives it as the API server keeps it."""
    return cluster.resource(f"{obj['apiVersion']}/{obj['kind']}").create(body=obj, namespace=namespace).to_dict()


def _run(kubelet: Kubelet, name: str, answer: Object) -> Process:
    template = child(answer, DEPLOYMENT, name)["spec"]["template"]
    return kubelet.run(template, hosts=[f"mcp-{name}", f"mcp-{name}-headless", REMOTE_HOST])


def may_work(cluster: ControlPlane, namespace: str, account: str) -> bool:
    """Whether the API server lets a ServiceAccount make StatefulSets: it acts on a RoleBinding a moment later."""
    user = f"system:serviceaccount:{namespace}:{account}"
    question = ("auth", "can-i", "patch", "statefulsets.apps", f"--as={user}", "-n", namespace)
    return cluster.kubectl(*question, check=False).stdout.strip() == "yes"
