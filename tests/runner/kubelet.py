"""Runs a pod as the kubelet does: volumes, environment, ServiceAccount, user, read-only root.

The proxy's pod alone has a program behind it; those that the cluster makes are kwok's, which only look alive.
"""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from hooks.kubernetes.objects import Object
from tests.controlplane import ControlPlane
from tests.controlplane.processes import Process
from tests.expansion import arguments, environment

ENTER = Path(__file__).with_name("enter.py")
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def why_not() -> str:
    """Why this machine can't run a pod; "" where it can."""
    command = _entering(Path("/"), 1000, 1000, Path(shutil.which("true") or "true"))
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stderr.strip().rpartition("\n")[2] if result.returncode else ""


class Kubelet:
    """Runs pods of one namespace.

    Args:
        cluster: whose ConfigMaps, Secrets and ServiceAccounts the pods use; it keeps their logs.
        namespace: the pods'.
        program: what their image runs.
        node: a folder that stands for the node's disk, for hostPath volumes.
    """

    def __init__(self, cluster: ControlPlane, namespace: str, program: Path, node: Path) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._program = program
        self._node = node
        self._stack = ExitStack()
        self._pods = 0

    def close(self) -> None:
        """End all pods, and remove their files."""
        self._stack.close()

    def run(self, template: Object, hosts: list[str]) -> Process:
        """Run a pod of a Deployment's `spec.template`; the hosts are loopback to it, in place of the cluster's DNS."""
        [container] = template["spec"]["containers"]
        security = container["securityContext"]
        self._pods += 1
        name = f"pod-{self._namespace}-{self._pods}"
        root = self._cluster.directory / f"root-{name}"
        self._stack.callback(_remove, root)
        self._fill(root, template["spec"], container)
        _write(root, "/etc/hosts", f"127.0.0.1 {' '.join(['localhost', *hosts])}\n".encode())
        (root / "tmp").mkdir()
        if security["readOnlyRootFilesystem"]:
            _set_mode(root, 0o555)
        entering = _entering(root, security["runAsUser"], security["runAsGroup"], self._program)
        env = {**environment(container, self._secret), **_from_annotations(template)}
        # What tells a pod where the API server is.
        address = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self._cluster.port)}
        process = self._cluster.run(name, [*entering, *arguments(container, env)], env={**address, **env})
        self._stack.callback(process.stop, grace=1)  # it would try for 5 s to send its last traces nowhere
        return process

    def _fill(self, root: Path, pod: Object, container: Object) -> None:
        """Make the files that the pod brings, and those that its image has."""
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        for mount in container["volumeMounts"]:
            files = self._files(volumes[mount["name"]])
            if "subPath" in mount:
                _write(root, mount["mountPath"], dict(files)[mount["subPath"]])
                continue
            (root / mount["mountPath"].lstrip("/")).mkdir(parents=True, exist_ok=True)
            for path, content in files:
                _write(root, f"{mount['mountPath']}/{path}", content)
        made = self._cluster.kubectl("create", "token", pod["serviceAccountName"], "-n", self._namespace)
        _write(root, f"{ACCOUNT}/token", made.stdout.encode())
        _write(root, f"{ACCOUNT}/ca.crt", self._cluster.ca.read_bytes())
        _write(root, f"{ACCOUNT}/namespace", self._namespace.encode())
        for library in _libraries(self._program):
            _write(root, library, Path(library).read_bytes()).chmod(0o755)

    def _files(self, volume: Object) -> Iterator[tuple[str, bytes]]:
        """The files of a volume: path and content."""
        if "hostPath" in volume:
            folder = self._node / volume["hostPath"]["path"].lstrip("/")
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    yield str(file.relative_to(folder)), file.read_bytes()
            return
        if "secret" in volume:
            source = volume["secret"]
            data = {key: base64.b64decode(value) for key, value in self._data("Secret", source["secretName"]).items()}
        else:
            source = volume["configMap"]
            data = {key: value.encode() for key, value in self._data("ConfigMap", source["name"]).items()}
        for item in source.get("items") or [{"key": key, "path": key} for key in data]:
            yield item["path"], data[item["key"]]

    def _secret(self, reference: Object) -> str:
        return base64.b64decode(self._data("Secret", reference["name"])[reference["key"]]).decode()

    def _data(self, kind: str, name: str) -> dict[str, str]:
        found = self._cluster.get(f"v1/{kind}", name, self._namespace)
        assert found is not None, f"{kind} {name} is missing: the kubelet would not start the pod"
        return found["data"]


def _from_annotations(template: Object) -> dict[str, str]:
    """The variables that the downward API takes from annotations of the pod."""
    found = {}
    for variable in template["spec"]["containers"][0]["env"]:
        path = variable.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath", "")
        if annotation := re.fullmatch(r"metadata\.annotations\['(.+)'\]", path):
            found[variable["name"]] = template["metadata"]["annotations"][annotation[1]]
    return found


def _entering(root: Path, user: int, group: int, program: Path) -> list[str | Path]:
    return [sys.executable, "-I", "-S", ENTER, root, str(user), str(group), program]


def _libraries(program: Path) -> list[str]:
    """What a program needs to be loaded: nothing where it is built as for the runner's image, without cgo."""
    result = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    return re.findall(r"(/\S+) \(0x", result.stdout)


def _write(root: Path, path: str, content: bytes) -> Path:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def _set_mode(root: Path, mode: int) -> None:
    """Change the mode of all folders."""
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        folder.chmod(mode)


def _remove(root: Path) -> None:
    _set_mode(root, 0o755)
    shutil.rmtree(root)
