"""What an MCPServer's spec may not say although its schema admits it.

Two sources: the reference operator's own rules, with its messages; and the API server's for the objects that a spec
ends up in, which would refuse them at every sync, and tell nobody but Metacontroller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import orjson

from hooks import go_json
from hooks.api.access import InlineAuthz
from hooks.api.mcpserver import MCPServerSpec, MetadataOverrides, ResourceList, ResourceOverrides, SecretEnv, Volume
from hooks.api.meta import EnvVar
from hooks.controllers.external_auth import SECRET_KEY
from hooks.controllers.mcpserver.authz import is_entity_list
from hooks.controllers.mcpserver.pod_template import mcp_container_env
from hooks.controllers.mcpserver.problem import Problem
from hooks.controllers.mcpserver.quantity import MAX_LENGTH, MOST, amount
from hooks.json_values import MAX_DEPTH, is_too_deep
from hooks.protocol import CONTROLLER_UID, LABEL_VALUE, Object

MAX_CHILD_BYTES = 250_000
"""The API server's bound on an object's annotations is 262,144 bytes in all."""
RESERVED_ANNOTATIONS = ("metacontroller.k8s.io/", "deployment.kubernetes.io/")
"""Prefixes of the annotations that controllers keep their own state in."""
NODE_PORTS = range(30000, 32768)
RESERVED_VOLUMES = ("runconfig", "permission-profile", "authz-config")
RESERVED_PATHS = ("/etc/runconfig", "/etc/toolhive/profiles", "/etc/toolhive/authz")
"""The volumes of the proxy's own pod (deployment.py), and where they are mounted."""

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]")
_ENV_NAME = re.compile(r"[ -<>-~]+")


def unreadable(spec: MCPServerSpec) -> Problem | None:
    """Why nothing looks into a spec: it would take too long, and it can't be carried out."""
    if is_too_deep(spec.pod_template_spec):
        message = f"spec.podTemplateSpec is nested deeper than about {MAX_DEPTH} levels"
        return Problem("Valid", "SpecInvalid", message)
    size = len(orjson.dumps(spec.pod_template_spec))
    if size > MAX_CHILD_BYTES:
        message = f"spec.podTemplateSpec has {size} bytes, more than {MAX_CHILD_BYTES}: shorten it"
        return Problem("Valid", "TooLarge", message)
    return None


def problems(spec: MCPServerSpec, template: Object) -> list[Problem]:
    """What is wrong with a readable spec, each with its field; `template` is its pod template, as Go reads it."""
    return [Problem("Valid", "SpecInvalid", fault) for fault in _faults(spec, template)]


def too_large(workload: list[Object]) -> list[Problem]:
    """Children that can't be stored: Metacontroller keeps a copy of each in an annotation, whose size is bounded."""
    if 7 * len(orjson.dumps(workload)) <= MAX_CHILD_BYTES:  # six by escapes, one for annotations
        return []
    problems = []
    for child in workload:
        annotations = child["metadata"].get("annotations", {})
        size = len(go_json.escaped(orjson.dumps(child))) + sum(map(len, annotations.values()))
        if size > MAX_CHILD_BYTES:
            which = (
                f"{child['kind']} {child['metadata']['name']!r} would have {size} bytes, more than {MAX_CHILD_BYTES}"
            )
            message = f"{which}: shorten what the spec, or a ConfigMap that it names, puts there"
            problems.append(Problem("Valid", "TooLarge", message))
    return problems


def _faults(spec: MCPServerSpec, template: Object) -> Iterator[str]:
    yield from _image(spec.image)
    yield from _ports(spec)
    if spec.env:
        yield from _env(spec.env)
    if spec.secrets:
        yield from _secrets(spec.secrets)
    if spec.secrets or template:
        yield from _twice(spec, template)
    if spec.service_account:
        yield from _account(spec.service_account)
    if spec.authz_config and spec.authz_config.inline:
        yield from _inline_authz(spec.authz_config.inline)
    if spec.tools:
        yield from _tools(spec.tools)
    if spec.volumes:
        yield from _volumes(spec.volumes)
    if spec.resources:
        yield from _resources(spec.resources.limits, spec.resources.requests)
    if spec.resource_overrides:
        yield from _overrides(spec.resource_overrides)


def _image(image: str) -> Iterator[str]:
    if not image:
        yield "spec.image: image is required"
    elif image.startswith("-"):
        yield "spec.image: must not begin with a hyphen"
    elif "$" in image:
        yield "spec.image: must not have a '$': write out the name of the image, no variable is put in"


def _ports(spec: MCPServerSpec) -> Iterator[str]:
    # Measured with runner 0.44.0, which makes a Service that the API server refuses.
    if spec.transport != "stdio" and spec.target_port in NODE_PORTS:
        yield f"spec.targetPort: must not be from {NODE_PORTS.start} to {NODE_PORTS.stop - 1}, the range of node ports"


def _account(name: str) -> Iterator[str]:
    if not _SUBDOMAIN.fullmatch(name):
        yield "spec.serviceAccount: must be the name of a ServiceAccount"


def _inline_authz(inline: InlineAuthz) -> Iterator[str]:
    if inline.entities_json and not is_entity_list(inline.entities_json):
        yield "spec.authzConfig.inline.entitiesJson: must be a JSON list of objects"


def _twice(spec: MCPServerSpec, template: Object) -> Iterator[str]:
    """The runner puts the pod patch's variables and RunConfig's into one list, and one name twice keeps it down."""
    taken = {"MCP_TRANSPORT", *(variable.name for variable in spec.env)}
    if spec.transport != "stdio":
        taken |= {"MCP_PORT", "FASTMCP_PORT", "MCP_HOST"}
    for variable in mcp_container_env(template):
        name = variable.get("name", "")
        if name in taken:
            yield f"spec.podTemplateSpec: {name!r} in the env of container mcp is set elsewhere too"
        taken.add(name)
    for index, secret in enumerate(spec.secrets):
        name = secret.target_env_name or secret.key
        if name in taken:
            yield f"spec.secrets[{index}]: environment variable {name!r} is set elsewhere too"
        taken.add(name)


def _env(env: list[EnvVar]) -> Iterator[str]:
    for index, variable in enumerate(env):
        where = f"spec.env[{index}]"
        if not variable.name:
            yield f"{where}.name: environment variable key cannot be empty"
        elif re.search(r"[=\r\n]", variable.name):
            yield f"{where}.name: invalid environment variable key: {variable.name!r}"
        elif not _ENV_NAME.fullmatch(variable.name):
            yield f"{where}.name: must be printable ASCII without '='"
        elif re.search(r"[\r\n]", variable.value):
            yield f"{where}.value: environment variable value for {variable.name} contains invalid characters"


def _secrets(secrets: list[SecretEnv]) -> Iterator[str]:
    for index, secret in enumerate(secrets):
        where = f"spec.secrets[{index}]"
        if not _SUBDOMAIN.fullmatch(secret.name):
            yield f"{where}.name: must be the name of a Secret"
        if not SECRET_KEY.fullmatch(secret.key):
            yield f"{where}.key: must be letters, digits, '-', '_' and '.'"
        if not _ENV_NAME.fullmatch(secret.target_env_name or secret.key):
            yield f"{where}.targetEnvName: must be printable ASCII without '='"


def _tools(tools: list[str]) -> Iterator[str]:
    for index, tool in enumerate(tools):
        if not tool:
            yield f"spec.tools[{index}]: tool filter cannot contain empty values"
        elif re.search(r"[,\r\n]", tool):
            yield f"spec.tools[{index}]: invalid tool name: {tool!r}, cannot contain commas or newlines"


def _volumes(volumes: list[Volume]) -> Iterator[str]:
    names, paths = list(RESERVED_VOLUMES), list(RESERVED_PATHS)
    for index, volume in enumerate(volumes):
        where = f"spec.volumes[{index}]"
        yield from (f"{where}{fault}" for fault in _volume(volume))
        if volume.name in names:
            yield f"{where}.name: {volume.name!r} is taken by another volume"
        if volume.mount_path in paths:
            yield f"{where}.mountPath: {volume.mount_path!r} is taken by another volume"
        names.append(volume.name)
        paths.append(volume.mount_path)


def _volume(volume: Volume) -> Iterator[str]:
    mount = f"{volume.host_path}:{volume.mount_path}"
    if not volume.host_path or not volume.mount_path:
        yield f": volume mount paths cannot be empty in: {mount}"
    elif mount.count(":") != 1:
        yield f": invalid volume mount format: {mount}, expected host-path:container-path[:ro]"
    elif re.search(r"[$&;|`]", mount):
        yield f": invalid volume format: {mount} (paths can't have any of $ & ; | `)"
    if not _LABEL.fullmatch(volume.name):
        yield ".name: must be a DNS label of at most 63 lower-case letters, digits and hyphens"
    if ".." in volume.host_path.split("/"):
        yield ".hostPath: must not contain '..'"


def _resources(limits: ResourceList | None, requests: ResourceList | None) -> Iterator[str]:
    for resource in ("cpu", "memory"):
        limit, request = getattr(limits, resource, ""), getattr(requests, resource, "")
        faults = [(f"limits.{resource}", _quantity(limit)), (f"requests.{resource}", _quantity(request))]
        if limit and request and not any(fault for _, fault in faults) and amount(request) > amount(limit):
            faults.append((f"requests.{resource}", f"must not be more than the limit, {limit}"))
        yield from (f"spec.resources.{place}: {fault}" for place, fault in faults if fault)


def _quantity(quantity: str) -> str:
    if len(quantity) > MAX_LENGTH:
        return f"must have at most {MAX_LENGTH} characters"
    return f"must be at most {MOST}" if quantity and amount(quantity) > MOST else ""


def _overrides(overrides: ResourceOverrides) -> Iterator[str]:
    proxy = overrides.proxy_deployment
    places: list[tuple[str, MetadataOverrides | None]] = [
        ("proxyDeployment", proxy),
        ("proxyDeployment.podTemplateMetadataOverrides", proxy.pod_template_metadata_overrides if proxy else None),
        ("proxyService", overrides.proxy_service),
    ]
    for place, metadata in places:
        faults = _metadata(metadata) if metadata else ()
        yield from (f"spec.resourceOverrides.{place}.{fault}" for fault in faults)
    for index, variable in enumerate(proxy.env if proxy else ()):
        if not _ENV_NAME.fullmatch(variable.name):
            yield f"spec.resourceOverrides.proxyDeployment.env[{index}].name: must be printable ASCII without '='"
    for index, secret in enumerate(proxy.image_pull_secrets if proxy else ()):
        if not secret.name:
            yield f"spec.resourceOverrides.proxyDeployment.imagePullSecrets[{index}].name: must not be empty"


def _metadata(metadata: MetadataOverrides) -> Iterator[str]:
    labels, annotations = metadata.labels or {}, metadata.annotations or {}
    yield from (f"labels: {key!r} is no label key" for key in _unqualified(labels))
    # Kubernetes compares annotation keys in lower case.
    lowered = {key.lower(): key for key in annotations}
    unqualified = list(_unqualified(lowered))
    yield from (f"annotations: {lowered[key]!r} is no annotation key" for key in unqualified)
    if CONTROLLER_UID in labels:
        yield f"labels: {CONTROLLER_UID!r} is Metacontroller's"
    yield from (
        f"annotations: {key!r} is its controller's" for key in annotations if key.startswith(RESERVED_ANNOTATIONS)
    )
    for key, value in labels.items():
        if not LABEL_VALUE.fullmatch(value):
            yield f"labels: the value of {key!r} must be at most 63 letters, digits, '-', '_' and '.'"


def _unqualified(keys: Iterable[str]) -> Iterator[str]:
    """Keys that aren't a name, or a DNS subdomain, a slash and a name."""
    for key in keys:
        prefix, slash, name = key.rpartition("/")
        if not _QUALIFIED.fullmatch(name) or (slash and not _SUBDOMAIN.fullmatch(prefix)):
            yield key
