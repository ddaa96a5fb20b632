"""Semantic validation of a proxy's spec, beyond the schema of its CRD.

Two sources: the reference operator's own rules, with its messages; and the API server's for the objects that a spec
ends up in, which would refuse them at every sync, and no status would say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from hooks import go_json
from hooks.api.access import is_entity_list
from hooks.api.workload import MetadataOverrides, ResourceList
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.names import ENV_NAME, OBJECT_NAME, SECRET_KEY, is_qualified_name, label_faults
from hooks.kubernetes.objects import Object
from hooks.kubernetes.quantity import MAX_LENGTH, MOST, amount
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.proxy import outgoing_auth, remote
from hooks.proxy.container import container_faults
from hooks.proxy.placement import placement_faults
from hooks.proxy.spec import Container, ProxySpec, Remote, Tools
from hooks.strict_json import MAX_DEPTH, is_too_deep

MAX_CHILD_BYTES = 250_000
"""The API server's bound on an object's annotations is 262,144 bytes in all."""
RESERVED_ANNOTATIONS = ("metacontroller.k8s.io/", "deployment.kubernetes.io/")
"""Prefixes of the annotations that controllers keep their own state in."""


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
        yield from container_faults(proxy, proxy.backend)
    yield from _entities(proxy)
    yield from _tools(proxy.tools)
    yield from _session_password(proxy)
    if proxy.rate_limits and not proxy.session_redis:
        yield "spec.rateLimiting: rate limiting requires sessionStorage with provider redis"
    if proxy.resources:
        yield from _resources(proxy.resources.limits, proxy.resources.requests)
    yield from _overrides(proxy)


def _entities(proxy: ProxySpec) -> Iterator[str]:
    entities = proxy.authorization.entities_json if proxy.authorization else ""
    if entities and not is_entity_list(entities):
        yield "spec.authzConfig.inline.entitiesJson: must be a JSON list of objects"


def _tools(tools: Tools) -> Iterator[str]:
    for index, tool in enumerate(tools.filter):
        where = f"{tools.field}[{index}]"
        if not tool:
            yield f"{where}: tool filter cannot contain empty values"
        elif re.search(r"[,\r\n]", tool):
            yield f"{where}: invalid tool name: {tool!r}, cannot contain commas or newlines"
        elif tool != tool.strip():
            yield f"{where}: must not begin or end with a blank"


def _session_password(proxy: ProxySpec) -> Iterator[str]:
    secret = proxy.session_redis.password if proxy.session_redis else None
    if secret and not OBJECT_NAME.fullmatch(secret.name):
        yield "spec.sessionStorage.passwordRef.name: must be the name of a Secret"
    if secret and not SECRET_KEY.fullmatch(secret.key):
        yield "spec.sessionStorage.passwordRef.key: must be letters, digits, '-', '_' and '.'"


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
    yield from (f"spec.resourceOverrides.proxyDeployment.{fault}" for fault in placement_faults(deployment))


def _metadata(metadata: MetadataOverrides) -> Iterator[str]:
    labels, annotations = metadata.labels or {}, metadata.annotations or {}
    yield from (f"labels: {fault}" for fault in label_faults(labels))
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
