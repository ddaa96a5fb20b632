"""Validation of the container that a proxy is to start: what the runner, the kubelet or the API server would refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from posixpath import normpath

from hooks.api.meta import EnvVar
from hooks.api.workload import SecretEnv, Volume
from hooks.kubernetes.names import DNS_LABEL, ENV_NAME, OBJECT_NAME, SECRET_KEY
from hooks.proxy import names
from hooks.proxy.image import image_fault
from hooks.proxy.pod_patch import mcp_container_env
from hooks.proxy.spec import Container, ProxySpec
from hooks.proxy.volumes import make_volumes

NODE_PORTS = range(30000, 32768)


def container_faults(proxy: ProxySpec, backend: Container) -> Iterator[str]:
    """Yield what is wrong with the MCP server that a proxy is to start, each fault with its field."""
    yield from _image(backend.image)
    yield from _ports(proxy.transport, backend)
    yield from _env(backend.env)
    yield from _secrets(backend.secrets)
    yield from _duplicate_env(proxy.transport, backend)
    yield from _account(backend.service_account)
    yield from _volumes(proxy, backend.volumes)


def _image(image: str) -> Iterator[str]:
    if not image:
        yield "spec.image: image is required"
    elif image.startswith("-"):
        yield "spec.image: must not begin with a hyphen"
    elif "$" in image:
        yield "spec.image: must not have a '$': write out the name of the image, no variable is put in"
    elif fault := image_fault(image):
        yield f"spec.image: {fault}"


def _ports(transport: str, backend: Container) -> Iterator[str]:
    # Measured with runner 0.44.0, which makes a Service that the API server refuses.
    if transport != "stdio" and backend.target_port in NODE_PORTS:
        field = backend.target_port_field
        yield f"{field}: must not be from {NODE_PORTS.start} to {NODE_PORTS.stop - 1}, the range of node ports"


def _account(name: str) -> Iterator[str]:
    if name and not OBJECT_NAME.fullmatch(name):
        yield "spec.serviceAccount: must be the name of a ServiceAccount"


def _duplicate_env(transport: str, backend: Container) -> Iterator[str]:
    """The runner puts the pod patch's variables and RunConfig's into one list, and one name twice keeps it down."""
    taken = {*names.RUNNER_ENV, *(variable.name for variable in backend.env)}
    if transport != "stdio":
        taken |= {*names.RUNNER_HTTP_ENV}
    for variable in mcp_container_env(backend.pod_template):
        name = variable.get("name", "")
        if name in taken:
            yield f"spec.podTemplateSpec: {name!r} in the env of container mcp is set elsewhere too"
        taken.add(name)
    for index, secret in enumerate(backend.secrets):
        if secret.variable in taken:
            yield f"spec.secrets[{index}]: environment variable {secret.variable!r} is set elsewhere too"
        taken.add(secret.variable)


def _env(env: Sequence[EnvVar]) -> Iterator[str]:
    for index, variable in enumerate(env):
        where = f"spec.env[{index}]"
        if not variable.name:
            yield f"{where}.name: environment variable key cannot be empty"
        elif re.search(r"[=\r\n]", variable.name):
            yield f"{where}.name: invalid environment variable key: {variable.name!r}"
        elif not ENV_NAME.fullmatch(variable.name):
            yield f"{where}.name: must be printable ASCII without '='"
        elif re.search(r"[\r\n]", variable.value):
            yield f"{where}.value: environment variable value for {variable.name} contains invalid characters"


def _secrets(secrets: Sequence[SecretEnv]) -> Iterator[str]:
    for index, secret in enumerate(secrets):
        where = f"spec.secrets[{index}]"
        if not OBJECT_NAME.fullmatch(secret.name):
            yield f"{where}.name: must be the name of a Secret"
        if not SECRET_KEY.fullmatch(secret.key):
            yield f"{where}.key: must be letters, digits, '-', '_' and '.'"
        if not ENV_NAME.fullmatch(secret.variable):
            yield f"{where}.targetEnvName: must be printable ASCII without '='"


def _volumes(proxy: ProxySpec, volumes: Sequence[Volume]) -> Iterator[str]:
    ours = [mount for mount, volume in make_volumes(proxy) if "hostPath" not in volume]
    taken = [*names.RESERVED_VOLUMES, *(mount["name"] for mount in ours)]
    paths = [*names.RESERVED_VOLUMES.values(), *(mount["mountPath"] for mount in ours)]
    for index, volume in enumerate(volumes):
        where = f"spec.volumes[{index}]"
        yield from (f"{where}{fault}" for fault in _volume(volume))
        if volume.name in taken:
            yield f"{where}.name: {volume.name!r} is taken by another volume"
        path = _as_mounted(volume.mount_path)
        if path in paths:
            yield f"{where}.mountPath: {volume.mount_path!r} is taken by another volume"
        taken.append(volume.name)
        paths.append(path)


def _as_mounted(path: str) -> str:
    """A path as the kubelet mounts it: the API server compares paths as texts, and lets /etc/runconfig/ pass."""
    return normpath(f"/{path.lstrip('/')}")


def _volume(volume: Volume) -> Iterator[str]:
    mount = f"{volume.host_path}:{volume.mount_path}"
    if not volume.host_path or not volume.mount_path:
        yield f": volume mount paths cannot be empty in: {mount}"
    elif mount.count(":") != 1:
        yield f": invalid volume mount format: {mount}, expected host-path:container-path[:ro]"
    elif re.search(r"[$&;|`]", mount):
        yield f": invalid volume format: {mount} (paths can't have any of $ & ; | `)"
    if not DNS_LABEL.fullmatch(volume.name):
        yield ".name: must be a DNS label of at most 63 lower-case letters, digits and hyphens"
    if ".." in volume.host_path.split("/"):
        yield ".hostPath: must not contain '..'"
