"""etcd and kube-apiserver on loopback, and what tests do with them."""

import http.client
import itertools
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from kubernetes import client, config, dynamic

from tests.controlplane import components, credentials, roles
from tests.controlplane.assets import APISERVER, binaries
from tests.controlplane.processes import Process, answers, free_port, start


class KubectlError(AssertionError):
    """kubectl said no. An AssertionError, so that `eventually` tries again."""


class Tenant(NamedTuple):
    """A user with the rights of ClusterRole `edit` in one namespace."""

    user: str
    kubeconfig: Path


class ControlPlane:
    """A running control plane, everything it writes being under `directory`.

    Kinds are named as in a manifest, apiVersion and kind with a slash between: "v1/Pod", "apps/v1/Deployment".
    """

    def __init__(self, directory: Path, bin_directory: Path) -> None:
        self.directory = directory
        self.bin = bin_directory
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.ca = directory / "apiserver.crt"
        self.users = credentials.make_users()
        self.processes: dict[str, Process] = {}
        self._watched_port = self.port
        self._tenants = itertools.count()
        self._clients: dict[str, client.ApiClient] = {}
        self._stack = ExitStack()

    # -- processes

    def start(self, *apiserver_flags: str) -> None:
        """Start etcd and kube-apiserver; each must be ready before the next. The flags come after the usual ones."""
        self._start_etcd()
        self._start_apiserver(*apiserver_flags)

    def run(self, name: str, command: list[str | Path], **options: Any) -> Process:
        """Start a program that ends with the control plane at the latest; the options are those of processes.start."""
        process = start(name, command, self.directory, **options)
        self._stack.callback(process.stop)
        self.processes[name] = process
        return process

    def close(self) -> None:
        """Stop everything, the last started first."""
        self._stack.close()
        for api in self._clients.values():
            api.rest_client.pool_manager.clear()  # ApiClient.close leaves the connections open
            api.close()
        # pytest keeps the folders of the last runs: logs are worth that, the database's 100 MB are not.
        shutil.rmtree(self.directory / "etcd", ignore_errors=True)

    def _start_etcd(self) -> None:
        self.etcd_port, peer = free_port(), f"http://127.0.0.1:{free_port()}"
        url = f"http://127.0.0.1:{self.etcd_port}"
        command: list[str | Path] = [
            self.bin / "etcd",
            f"--data-dir={self.directory / 'etcd'}",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
        ]
        self.run("etcd", command).wait_ready(lambda: answers(self.etcd_port, "/health"))

    def _start_apiserver(self, *flags: str) -> None:
        tls_key, account_key, tokens = (self.directory / name for name in ("apiserver.key", "sa.key", "tokens.csv"))
        credentials.make_serving_certificate(self.ca, tls_key)
        credentials.make_service_account_key(account_key)
        credentials.write_token_file(tokens, self.users.values())
        self.tls = ssl.create_default_context(cafile=self.ca)
        command: list[str | Path] = [
            self.bin / "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{self.etcd_port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={self.port}",
            f"--tls-cert-file={self.ca}",
            f"--tls-private-key-file={tls_key}",
            f"--token-auth-file={tokens}",
            "--authorization-mode=RBAC",
            # It would refuse every Pod until someone makes its namespace's default ServiceAccount.
            "--disable-admission-plugins=ServiceAccount",
            # The `kubernetes` Service would have to point at an address that is not loopback.
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={account_key}",
            f"--service-account-signing-key-file={account_key}",
            "--enable-priority-and-fairness=false",  # nobody here to be protected from; it slows the start
            "--allow-privileged=true",
            *flags,
        ]
        self._apiserver = command
        headers = self.authorization()
        self.run("kube-apiserver", command).wait_ready(lambda: answers(self.port, "/readyz", self.tls, headers))

    def apiserver_for_watches(self) -> Process:
        """Start another kube-apiserver over the same etcd, to which watches go: they see on while the first is away.

        One that was started again serves no watch from before its start, nor from before the first look at a kind.
        """
        port, headers = free_port(), self.authorization()
        process = self.run("kube-apiserver-for-watches", [*self._apiserver, f"--secure-port={port}"])
        paths = ["/readyz"]
        for crd in self.objects("apiextensions.k8s.io/v1/CustomResourceDefinition"):
            spec = crd["spec"]
            path = f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}"
            paths.append(f"{path}?resourceVersion=0")  # from what watches are served from
        process.wait_ready(lambda: all(answers(port, path, self.tls, headers) for path in paths))
        self._watched_port = port
        return process

    def controller_manager(self) -> Process:
        """Start the controllers of components.CONTROLLERS. Those that watch custom resources (garbage collector)
        look for new ones twice a minute only: apply CRDs before.
        """
        return components.controller_manager(self)

    def scheduler(self) -> Process:
        """Start kube-scheduler."""
        return components.scheduler(self)

    def kwok(self) -> Process:
        """Start kwok with one Node on which every Pod is Running and Ready at once."""
        return components.kwok(self)

    def metacontroller(self, binary: Path, *flags: str, user: str = "metacontroller") -> Process:
        """Apply Metacontroller's CRDs and start it; flags come after the usual ones, and win."""
        return components.metacontroller(self, binary, *flags, user=user)

    # -- clients

    def authorization(self, user: str = "admin") -> dict[str, str]:
        """Return the HTTP header that says who is asking."""
        return {"Authorization": f"Bearer {self.users[user].token}"}

    def connection(self) -> http.client.HTTPSConnection:
        """Return a new connection to the API server, for watches, which no client does well; the caller closes it."""
        return http.client.HTTPSConnection("127.0.0.1", self._watched_port, context=self.tls, timeout=30)

    def kubeconfig(self, user: str = "admin", namespace: str = "default") -> Path:
        """Return the path of a kubeconfig for a user of credentials.make_users."""
        path = self.directory / f"kubeconfig-{user}-{namespace}"
        if not path.exists():
            credentials.write_kubeconfig(path, self.url, self.ca, self.users[user], namespace)
        return path

    def tenant(self, namespace: str) -> Tenant:
        """Return a user who was nobody until now and has the rights of ClusterRole `edit` in this namespace."""
        user = f"tenant-{next(self._tenants)}"
        roles.aggregate(self)
        roles.make_editor(self, user, namespace)
        return Tenant(user, self.kubeconfig(user, namespace))

    def kubectl(
        self,
        *args: str | Path,
        input: str | None = None,  # noqa: A002 - subprocess.run's name for it
        user: str = "admin",
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as a user; with `check`, a refusal is a KubectlError that says what kubectl said."""
        arguments = [str(argument) for argument in args]
        result = subprocess.run(
            [self.bin / "kubectl", f"--kubeconfig={self.kubeconfig(user)}", *arguments],
            input=input,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={"HOME": str(self.directory / "home"), "PATH": ""},
        )
        if check and result.returncode:
            raise KubectlError(f"kubectl {' '.join(arguments)}: {result.stderr.strip()}")
        return result

    def client(self, user: str = "admin") -> client.ApiClient:
        """Return a user's API client, the same one each time; the control plane closes it."""
        if user not in self._clients:
            settings = client.Configuration(no_proxy="*")
            config.load_kube_config(str(self.kubeconfig(user)), client_configuration=settings)
            self._clients[user] = client.ApiClient(settings)
        return self._clients[user]

    def resource(self, kind: str, user: str = "admin") -> dynamic.Resource:
        """Return the dynamic client's accessor of a kind: get, create, patch, delete."""
        # The cache file's default place is /tmp/HASH-OF-URL: another run with this port would read ours.
        cache = self.directory / f"discovery-{user}.json"
        found = dynamic.DynamicClient(self.client(user), cache_file=str(cache)).resources
        api_version, _, name = kind.rpartition("/")
        return found.get(api_version=api_version, kind=name)

    def get(self, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        """Return an object, or None where there is none."""
        try:
            return self.resource(kind).get(name=name, namespace=namespace).to_dict()
        except dynamic.exceptions.NotFoundError:
            return None

    def objects(self, kind: str, namespace: str | None = None, selector: str = "") -> list[dict[str, Any]]:
        """Return the objects of a kind, in a namespace or everywhere."""
        found = self.resource(kind).get(namespace=namespace, label_selector=selector)
        return found.to_dict()["items"]


@contextmanager
def control_plane(directory: Path, bin_directory: Path | None = None, *apiserver_flags: str) -> Iterator[ControlPlane]:
    """Run etcd and kube-apiserver for as long as the block; tools/build.py finds the binaries unless they are given."""
    cluster = ControlPlane(directory, bin_directory or binaries(*APISERVER))
    try:
        cluster.start(*apiserver_flags)
        yield cluster
    finally:
        cluster.close()
