"""Semantic validation of a proxy's spec, beyond the schema of its CRD.

Two sources: the reference operator's own rules, with its messages; and the API server's for the objects that a spec
ends up in, which would refuse them at every sync, and tell nobody but Metacontroller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import orjson

from hooks import go_json
from hooks.api.access import is_entity_list
from hooks.api.meta import EnvVar
from hooks.api.workload import MetadataOverrides, ResourceList, SecretEnv, Volume
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.names import DNS_LABEL, ENV_NAME, LABEL_VALUE, OBJECT_NAME, SECRET_KEY, is_qualified_name
from hooks.kubernetes.objects import Object
from hooks.kubernetes.quantity import MAX_LENGTH, MOST, amount
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.proxy import names, outgoing_auth, remote
from hooks.proxy.image import image_fault
from hooks.proxy.pod_patch import mcp_container_env
from hooks.proxy.spec import Container, ProxySpec, Remote, Tools
from hooks.proxy.volumes import make_volumes
from hooks.strict_json import MAX_DEPTH, is_too_deep

MAX_CHILD_BYTES = 250_000
"""The API server's bound on an object's annotations is 262,144 bytes in all."""
RESERVED_ANNOTATIONS = ("metacontroller.k8s.io/", "deployment.kubernetes.io/")
"""Prefixes of the annotations that controllers keep their own state in."""
NODE_PORTS = range(30000, 32768)


def unreadable_template(template: Object | None) -> Condition | None:
    """Return why nothing looks into a pod template: it would take too long, and it can't be carried out."""
    if template is None:
        return None
    if is_too_deep(template):
        message = f"spec.podTemplateSpec is nested deeper than about {MAX_DEPTH} levels"
        return conditions.false("Valid", "SpecInvalid", message)
    size = len(orjson.dumps(template))
    if size > MAX_CHILD_BYTES:
        message = f"spec.podTemplateSpec has {size} bytes, more than {MAX_CHILD_BYTES}: shorten it"
        return conditions.false("Valid", "TooLarge", message)
    return None


def problems(proxy: ProxySpec) -> list[Condition]:
    """Return what is wrong with a spec, each fault with its field."""
    faults = [conditions.false("Valid", "SpecInvalid", fault) for fault in _faults(proxy)]
    if isinstance(proxy.backend, Remote):
        faults = [*remote.problems(proxy, proxy.backend), *faults]
    outgoing = outgoing_auth.problem(proxy)
    return [*faults, outgoing] if outgoing else faults


def too_large(children: list[Object]) -> list[Condition]:
    """Return which children can't be stored.

    Metacontroller keeps a copy of each child in an annotation, whose size is bounded.
    """
    faults = []
    for child in children:
        annotations = child["metadata"].get("annotations", {})
        size = len(go_json.escaped(orjson.dumps(child))) + sum(map(len, annotations.values()))
        if size > MAX_CHILD_BYTES:
            which = (
                f"{child['kind']} {child['metadata']['name']!r} would have {size} bytes, more than {MAX_CHILD_BYTES}"
            )
            message = f"{which}: shorten what the spec, or a ConfigMap that it names, puts there"
            faults.append(conditions.false("Valid", "TooLarge", message))
    return faults


def _faults(proxy: ProxySpec) -> Iterator[str]:
    if isinstance(proxy.backend, Container):
        yield from _container(proxy, proxy.backend)
    yield from _entities(proxy)
    yield from _tools(proxy.tools)
    if proxy.rate_limits and not proxy.session_redis:
        yield "spec.rateLimiting: rate limiting requires sessionStorage with provider redis"
    if proxy.resources:
        yield from _resources(proxy.resources.limits, proxy.resources.requests)
    yield from _overrides(proxy)


def _container(proxy: ProxySpec, backend: Container) -> Iterator[str]:
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


def _entities(proxy: ProxySpec) -> Iterator[str]:
    entities = proxy.authorization.entities_json if proxy.authorization else ""
    if entities and not is_entity_list(entities):
        yield "spec.authzConfig.inline.entitiesJson: must be a JSON list of objects"


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
        name = secret.target_env_name or secret.key
        if name in taken:
            yield f"spec.secrets[{index}]: environment variable {name!r} is set elsewhere too"
        taken.add(name)


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
        if not ENV_NAME.fullmatch(secret.target_env_name or secret.key):
            yield f"{where}.targetEnvName: must be printable ASCII without '='"


def _tools(tools: Tools) -> Iterator[str]:
    for index, tool in enumerate(tools.filter):
        where = f"{tools.field}[{index}]"
        if not tool:
            yield f"{where}: tool filter cannot contain empty values"
        elif re.search(r"[,\r\n]", tool):
            yield f"{where}: invalid tool name: {tool!r}, cannot contain commas or newlines"
        elif tool != tool.strip():
            yield f"{where}: must not begin or end with a blank"


def _volumes(proxy: ProxySpec, volumes: Sequence[Volume]) -> Iterator[str]:
    ours = [mount for mount, volume in make_volumes(proxy) if "hostPath" not in volume]
    taken = [*names.RESERVED_VOLUMES, *(mount["name"] for mount in ours)]
    paths = [*names.RESERVED_VOLUMES.values(), *(mount["mountPath"] for mount in ours)]
    for index, volume in enumerate(volumes):
        where = f"spec.volumes[{index}]"
        yield from (f"{where}{fault}" for fault in _volume(volume))
        if volume.name in taken:
            yield f"{where}.name: {volume.name!r} is taken by another volume"
        if volume.mount_path in paths:
            yield f"{where}.mountPath: {volume.mount_path!r} is taken by another volume"
        taken.append(volume.name)
        paths.append(volume.mount_path)


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


def _overrides(proxy: ProxySpec) -> Iterator[str]:
    deployment = proxy.deployment_overrides
    places: list[tuple[str, MetadataOverrides | None]] = [
        ("proxyDeployment", deployment),
        ("proxyDeployment.podTemplateMetadataOverrides", deployment.pod_template_metadata_overrides),
        ("proxyService", proxy.service_overrides),
    ]
    for place, metadata in places:
        faults = _metadata(metadata) if metadata else ()
        yield from (f"spec.resourceOverrides.{place}.{fault}" for fault in faults)
    for index, variable in enumerate(deployment.env):
        if not ENV_NAME.fullmatch(variable.name):
            yield f"spec.resourceOverrides.proxyDeployment.env[{index}].name: must be printable ASCII without '='"
    for index, secret in enumerate(deployment.image_pull_secrets):
        if not OBJECT_NAME.fullmatch(secret.name):
            yield f"spec.resourceOverrides.proxyDeployment.imagePullSecrets[{index}].name: must be the name of a Secret"


def _metadata(metadata: MetadataOverrides) -> Iterator[str]:
    labels, annotations = metadata.labels or {}, metadata.annotations or {}
    yield from (f"labels: {key!r} is no label key" for key in labels if not is_qualified_name(key))
    yield from (
        f"annotations: {key!r} is no annotation key"
        for key in annotations
        if not is_qualified_name(key.lower())  # as Kubernetes looks at them
    )
    if CONTROLLER_UID in labels:
        yield f"labels: {CONTROLLER_UID!r} is Metacontroller's"
    yield from (
        f"annotations: {key!r} is its controller's" for key in annotations if key.startswith(RESERVED_ANNOTATIONS)
    )
    for key, value in labels.items():
        if not LABEL_VALUE.fullmatch(value):
            yield f"labels: the value of {key!r} must be at most 63 letters, digits, '-', '_' and '.'"
