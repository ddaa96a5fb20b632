"""TLS, a client certificate and a bearer token between a real Metacontroller and the hooks, as the components set them.

The Secrets that cert-manager and an operator would make are made here. Where the Deployment mounts them are folders,
and its environment is the server's.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from hooks.controllers import CONTROLLERS
from tests.apiserver.manifests import built, named, overlay
from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.controlplane.assets import ROOT
from tests.controlplane.processes import free_port
from tests.e2e.conftest import whole_cluster
from tests.e2e.installation import CHILD_KINDS, TOOLHIVE, Installation
from tests.mounted import Mounted
from tests.served import MALLOC, Served, command

pytestmark = pytest.mark.e2e

EXAMPLE = ROOT / "examples/token-exchange"
KINDS = tuple(controller.slug for controller in CONTROLLERS)
UNAUTHORIZED = 'toolhive_hooks_requests_total{hook="sync",kind="mcpserver",outcome="unauthorized"}'


@dataclass(frozen=True)
class Secure:
    """A cluster with the hooks installed by the components tls, mtls, auth and digest-key."""

    installation: Installation
    served: Served
    ca: trustme.CA
    mounted: dict[str, Mounted]
    """The Secrets that the Deployment mounts, by name."""

    def patch(self, hook_field: str, value: Any) -> None:
        """Set a field of each webhook, or with None remove it."""
        for kind in KINDS:
            webhooks = {hook: {"webhook": {hook_field: value}} for hook in ("customize", "sync", "finalize")}
            change = json.dumps({"spec": {"hooks": webhooks}})
            self.installation.cluster.kubectl("patch", "compositecontroller", kind, "--type=merge", "-p", change)


def write_secret(cluster: ControlPlane, name: str, files: dict[str, bytes]) -> None:
    data = {key: base64.b64encode(content).decode() for key, content in files.items()}
    metadata = {"name": name, "namespace": "toolhive-hooks"}
    obj = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
    cluster.kubectl("apply", "-f", "-", input=json.dumps(obj))


def certificate(ca: trustme.CA, name: str) -> dict[str, bytes]:
    """What cert-manager puts into the Secret of a Certificate."""
    leaf = ca.issue_cert(name)
    chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    return {"tls.crt": chain, "tls.key": leaf.private_key_pem.bytes(), "ca.crt": ca.cert_pem.bytes()}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster of its own: there is one installation in each."""
    with whole_cluster(tmp_path_factory.mktemp("secure")) as running:
        yield running


@pytest.fixture(scope="module")
def secure(cluster: ControlPlane, metacontroller: Path) -> Iterator[Secure]:
    folder = cluster.directory
    objects = named(built(cluster, overlay(folder / "overlay", ["tls", "mtls", "auth", "digest-key"])))
    mounted, environment = container(objects["Deployment", "toolhive-hooks"], folder)
    assert set(mounted) == {"toolhive-hooks-tls", "toolhive-hooks-auth", "toolhive-hooks-digest-key"}
    ca = trustme.CA()
    cluster.kubectl("create", "namespace", "toolhive-hooks")
    secrets = {
        "toolhive-hooks-tls": certificate(ca, "localhost"),
        "toolhive-hooks-client": certificate(ca, "metacontroller"),
        "toolhive-hooks-auth": {"token": b"the-right-token"},
        "toolhive-hooks-digest-key": {"digest-key": b"the installation's key"},
    }
    for name, files in secrets.items():
        write_secret(cluster, name, files)
    for name, folder_of_it in mounted.items():
        folder_of_it.write(secrets[name])

    port, probes = free_port(), free_port()
    process = cluster.run("hooks", command(port, probes), env={**MALLOC, **environment})
    served = Served(process, port, probes).wait_ready()
    cluster.metacontroller(metacontroller)
    ours = [pointed_at(obj, port) for (kind, _), obj in objects.items() if kind == "CompositeController"]
    cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(ours))
    yield Secure(Installation(cluster), served, ca, mounted)
    log = process.log.read_text()
    assert [name for name, files in secrets.items() if any(text.decode() in log for text in files.values())] == []


def container(deployment: dict[str, Any], folder: Path) -> tuple[dict[str, Mounted], dict[str, str]]:
    """The Deployment's Secret volumes as folders, and its environment with their paths."""
    pod = deployment["spec"]["template"]["spec"]
    [hooks] = pod["containers"]
    places = {mount["name"]: mount["mountPath"] for mount in hooks["volumeMounts"]}
    mounts = {
        volume["secret"]["secretName"]: Mounted(folder / places[volume["name"]].lstrip("/"))
        for volume in pod["volumes"]
        if "secret" in volume
    }
    environment = {variable["name"]: variable["value"] for variable in hooks["env"]}
    return mounts, {name: f"{folder}{value}" if value.startswith("/") else value for name, value in environment.items()}


def pointed_at(composite_controller: dict[str, Any], port: int) -> dict[str, Any]:
    """The CompositeController with its webhooks on loopback, by https if they are by https."""
    for hook in composite_controller["spec"]["hooks"].values():
        webhook = hook["webhook"]
        protocol = webhook.pop("service").get("protocol", "http")
        webhook["url"] = f"{protocol}://localhost:{port}{webhook.pop('path')}"
    return composite_controller


def set_env(cluster: ControlPlane, namespace: str, value: str) -> None:
    change = json.dumps({"spec": {"env": [{"name": "GREETING", "value": value}]}})
    cluster.kubectl("patch", "mcpserver", "weather", "-n", namespace, "--type=merge", "-p", change)


def reached(secure: Secure, namespace: str, value: str) -> bool:
    """Whether the edit has reached what the proxy runner reads, and the server runs with it."""
    cluster = secure.installation.cluster
    config = cluster.get("v1/ConfigMap", "weather-runconfig", namespace)
    assert config is not None
    assert json.loads(config["data"]["runconfig.json"])["env_vars"].get("GREETING") == value
    status = secure.installation.server(namespace, "weather")["status"]
    assert (status["phase"], status["message"]) == ("Ready", "MCP server is running")
    return True


def told(secure: Secure, namespace: str, text: str) -> bool:
    """Whether an Event on the server says this."""
    events = secure.installation.cluster.objects("v1/Event", namespace)
    messages = [event["message"] for event in events if event["involvedObject"]["kind"] == "MCPServer"]
    assert any(text in message for message in messages), messages
    return True


def test_the_main_job_is_done_over_tls_with_certificate_and_token(secure: Secure, namespace: str) -> None:
    cluster = secure.installation.cluster
    secure.installation.deploy(namespace, EXAMPLE)
    set_env(cluster, namespace, "hello")
    eventually(lambda: reached(secure, namespace, "hello"))

    cluster.kubectl("delete", "mcpserver,mcpexternalauthconfig", "--all", "-n", namespace, "--wait=true")
    eventually(lambda: secure.installation.children(namespace) == [])
    assert secure.served.metrics()[UNAUTHORIZED] == 0


REFUSED = "the bearer token of the call is missing or not the one that toolhive-hooks has"
Step = Callable[[Secure], None]
FAULTS: dict[str, tuple[Step, Step, str]] = {
    "the token is another": (
        lambda s: s.mounted["toolhive-hooks-auth"].write({"token": b"another"}),
        lambda s: s.mounted["toolhive-hooks-auth"].write({"token": b"the-right-token"}),
        REFUSED,
    ),
    "no token is sent": (
        lambda s: s.patch("authorization", None),
        lambda s: s.patch("authorization", authorization()),
        REFUSED,
    ),
    "no client certificate is sent": (
        lambda s: s.patch("clientTLS", None),
        lambda s: s.patch("clientTLS", client_tls()),
        "tls: certificate required",
    ),
    "the client certificate is a stranger's": (
        lambda s: stranger(s, trustme.CA()),
        lambda s: stranger(s, s.ca),
        "tls: unknown certificate authority",
    ),
    "the server's certificate is a stranger's": (
        lambda s: s.mounted["toolhive-hooks-tls"].write(
            {**certificate(trustme.CA(), "localhost"), "ca.crt": s.ca.cert_pem.bytes()}
        ),
        lambda s: s.mounted["toolhive-hooks-tls"].write(certificate(s.ca, "localhost")),
        "certificate signed by unknown authority",
    ),
}


def authorization() -> dict[str, Any]:
    secret = {"name": "toolhive-hooks-auth", "namespace": "toolhive-hooks", "key": "token"}
    return {"type": "Bearer", "secretRef": secret}


def client_tls() -> dict[str, Any]:
    return {"secretRef": {"name": "toolhive-hooks-client", "namespace": "toolhive-hooks"}}


def stranger(secure: Secure, ca: trustme.CA) -> None:
    """Give Metacontroller a client certificate of this CA; it reads it when a CompositeController's spec changes."""
    secure.patch("clientTLS", None)
    write_secret(secure.installation.cluster, "toolhive-hooks-client", certificate(ca, "metacontroller"))
    secure.patch("clientTLS", client_tls())


@pytest.mark.parametrize("fault", FAULTS)
def test_who_may_not_call_changes_nothing_and_is_named(secure: Secure, namespace: str, fault: str) -> None:
    """Meanwhile a user edits the server: the edit waits. Then the cause is mended, and it arrives."""
    spoil, mend, message = FAULTS[fault]
    cluster = secure.installation.cluster
    secure.installation.deploy(namespace, EXAMPLE)
    with WatchLog(cluster, CHILD_KINDS, namespace) as log:
        log.wait_quiet(1)
        at_rest = len(log.events())
        spoil(secure)
        if "server's" in fault:
            # A connection that stands is as good as it was: Metacontroller has to make a new one.
            secure.patch("timeout", "9s")
        try:
            set_env(cluster, namespace, fault)
            eventually(lambda: told(secure, namespace, message))

            assert log.events()[at_rest:] == []
        finally:
            mend(secure)
        eventually(lambda: reached(secure, namespace, fault))
        assert log.events(type="DELETED") == []


def test_a_certificate_that_is_rotated_while_servers_are_made_fails_no_sync(secure: Secure, namespace: str) -> None:
    cluster = secure.installation.cluster
    spec = {"image": "registry.test/weather:1", "transport": "streamable-http", "port": 8080}
    servers = [
        {"apiVersion": TOOLHIVE, "kind": "MCPServer", "metadata": {"name": f"s{n}"}, "spec": spec} for n in range(20)
    ]
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input=yaml.safe_dump_all(servers))

    def running() -> int:
        phases = [s.get("status", {}).get("phase") for s in cluster.objects(f"{TOOLHIVE}/MCPServer", namespace)]
        return phases.count("Ready")

    for share in (1, 5, 10, 15, 20):
        eventually(lambda share=share: running() >= share)
        # Of ten workers' connections Metacontroller keeps two: new ones are made all the time.
        secure.mounted["toolhive-hooks-tls"].write(certificate(secure.ca, "localhost"))
    eventually(lambda: running() == 20)

    events = cluster.objects("v1/Event", namespace)
    assert [event["message"] for event in events if event["reason"] == "SyncError"] == []
