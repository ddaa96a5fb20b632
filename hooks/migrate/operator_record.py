"""What the old operator had asked for, read from the objects that it made.

Metacontroller's three-way merge removes what was applied last and isn't wanted any more. A child that the old operator
made has no such record, so whatever the operator put there would stay for ever: a variable that is gone from the spec,
an old port beside the new one. `reconstruct_last_applied` writes that record from the live object. What must not be in
it: the API server's defaults, what other people added, and `replicas`, which an autoscaler may own.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, TypeAlias

from hooks.api.kinds import MCP_SERVER
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.proxy import names
from hooks.proxy.names import Names

MANAGER = "thv-operator"
"""The name under which the API server notes the old operator's writes in managedFields."""

_ESSENCE = {
    "Deployment": ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"toolhive"}', "f:image"),
    "Service": ("f:spec", "f:selector"),
    "ConfigMap": ("f:data",),
    "Role": ("f:rules",),
    "RoleBinding": ("f:roleRef",),
}
"""What each child can't be without, in the words of managedFields."""

Keys: TypeAlias = Collection[str] | None
"""Which keys of a map of labels or annotations count; None: all that are left."""

_MAPS = ("labels", "annotations")
_PROBE = ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold")


def reconstruct_last_applied(child: Object, server: Object) -> Object | None:
    """What the old operator had asked for, in the form of Metacontroller's last-applied annotation.

    Where managedFields say which fields the operator wrote, nothing else counts. Where they don't name it (a backup was
    restored, or the hooks made this), its fields are known by their places, and by who wrote what makes such a child
    one: what others put beside that isn't the operator's. It replaced a Deployment's whole spec at every pass, so what
    is in the lists there is its own; of labels and annotations those count that it always wrote, and those of the spec.

    Args:
        child: the object as it is.
        server: the MCPServer whose child it is.

    Returns:
        None for a child that the operator never made.
    """
    name, child_name = server["metadata"]["name"], child["metadata"]["name"]
    fields = _managed(child)
    writers = _writers(child) if fields is None else fields
    live = child if writers is None else _owned(child, writers)
    made = _made(child["kind"], child_name, name, live, None if fields is not None else server)
    if made is None:
        return None
    made["metadata"].setdefault("labels", {})[CONTROLLER_UID] = server["metadata"]["uid"]
    made["metadata"] |= {"name": child_name, "namespace": child["metadata"]["namespace"]}
    return {"apiVersion": child["apiVersion"], "kind": child["kind"], **made}


def is_the_operators(obj: Object) -> bool:
    """Whether managedFields say that the old operator wrote any of it."""
    return _managed(obj) is not None


def _made(kind: str, child: str, name: str, live: Object, server: Object | None) -> Object | None:
    """The fields that the operator writes, of a child of a server of this name."""
    named = Names(MCP_SERVER.kind, name)
    base = tuple(named.labels)
    if (kind, child) == ("Deployment", named.deployment):
        return _deployment(live, name, server)
    if (kind, child) == ("Service", named.service):
        labels, annotations = _overrides(server, "proxyService")
        metadata = _metadata(live, server and [*base, *labels], server and annotations)
        return {"metadata": metadata, "spec": _service(live.get("spec") or {})}
    if (kind, child) == ("ConfigMap", named.run_config):
        known = [f"{names.COMPONENT_GROUP}/{key}" for key in ("component", "mcp-server", "managed-by")]
        metadata = _metadata(live, server and known, server and [names.CONTENT_CHECKSUM])
        return {"metadata": metadata, "data": _pick(live.get("data"), "runconfig.json")}
    if (kind, child) == ("ConfigMap", named.authz_inline):
        metadata = _metadata(live, server and [*base, f"{names.COMPONENT_GROUP}/authz"], server and [])
        return {"metadata": metadata, "data": _pick(live.get("data"), "authz.json")}
    if kind in ("Role", "RoleBinding") and child == named.account:
        return {"metadata": {}, **_pick(live, "rules", "roleRef", "subjects")}
    if kind == "ServiceAccount" and child in (named.account, named.server_account):
        return {"metadata": {}}
    return None


def _deployment(live: Object, name: str, server: Object | None) -> Object:
    labels, annotations = _overrides(server, "proxyDeployment")
    template_labels, template_annotations = _overrides(server, "proxyDeployment", "podTemplateMetadataOverrides")
    base = Names(MCP_SERVER.kind, name).labels
    spec = live.get("spec") or {}
    template = spec.get("template") or {}
    pod = template.get("spec") or {}
    containers = [c for c in pod.get("containers") or [] if c.get("name") == names.PROXY_CONTAINER]
    return {
        # The operator put the labels that were meant for the pods on the Deployment.
        "metadata": _metadata(live, server and [*base, *labels, *template_labels], server and annotations),
        "spec": {
            **_pick(spec, "selector"),
            "template": {
                "metadata": _metadata(
                    template,
                    server and [*base],
                    server and [*annotations, *template_annotations, names.RESTARTED_AT],
                ),
                "spec": {
                    **_pick(pod, "serviceAccountName", "securityContext"),
                    "containers": [_container(container) for container in containers],
                    "volumes": [_volume(volume) for volume in pod.get("volumes") or []],
                },
            },
        },
    }


def _container(live: Object) -> Object:
    """The proxy's container. The pull policy is the API server's choice for this image, and goes with the image."""
    image = str(live.get("image", ""))
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    usual = "Always" if "@" not in image and tag in ("", "latest") else "IfNotPresent"
    return {
        **_pick(live, "name", "image", "args", "ports", "env", "resources", "securityContext", "volumeMounts"),
        **({"imagePullPolicy": usual} if live.get("imagePullPolicy") == usual else {}),
        **{
            probe: {"httpGet": _pick(live[probe].get("httpGet"), "path", "port"), **_pick(live[probe], *_PROBE)}
            for probe in ("livenessProbe", "readinessProbe")
            if probe in live
        },
    }


def _volume(live: Object) -> Object:
    """A volume less the defaults in it."""
    volume = dict(live)
    if "configMap" in volume:
        volume["configMap"] = _pick(volume["configMap"], "name", "items")
    if "hostPath" in volume:
        volume["hostPath"] = _pick(volume["hostPath"], "path")
    return volume


def _service(spec: Object) -> Object:
    ports = [port for port in spec.get("ports") or [] if port.get("name") == "http"]
    return {
        **_pick(spec, "selector"),
        "ports": [_pick(port, "name", "port", "targetPort", "protocol") for port in ports],
    }


def _metadata(live: Object, labels: Keys, annotations: Keys) -> Object:
    metadata = live.get("metadata") or {}
    kept = {
        group: {key: text for key, text in (metadata.get(group) or {}).items() if keys is None or key in keys}
        for group, keys in (("labels", labels), ("annotations", annotations))
    }
    return {group: texts for group, texts in kept.items() if texts}


def _overrides(server: Object | None, *path: str) -> tuple[Collection[str], Collection[str]]:
    """The keys of labels and annotations that the spec adds at a place under resourceOverrides."""
    place: Any = ((server or {}).get("spec") or {}).get("resourceOverrides")
    for step in path:
        place = place.get(step) if isinstance(place, dict) else None
    labels, annotations = ((place or {}).get(group) for group in ("labels", "annotations"))
    return list(labels or ()), list(annotations or ())


def _pick(value: Any, *keys: str) -> Object:
    return {key: value[key] for key in keys if key in value} if isinstance(value, dict) else {}


def _managed(child: Object) -> Object | None:
    """The fields that the old operator wrote last (FieldsV1); None where nothing says that it wrote any."""
    return _joined(entry.get("fieldsV1") or {} for entry in _entries(child) if entry.get("manager") == MANAGER)


def _writers(child: Object) -> Object | None:
    """The fields of all who wrote what makes a child one, whatever they are called; None where nothing says who."""
    written = [entry.get("fieldsV1") or {} for entry in _entries(child)]
    path = _ESSENCE.get(child["kind"], ())
    return _joined(fields for fields in written if path and _has(fields, path))


def _has(fields: Object, path: Iterable[str]) -> bool:
    for step in path:
        if step not in fields:
            return False
        fields = fields[step]
    return True


def _entries(child: Object) -> list[Object]:
    entries = child["metadata"].get("managedFields") or []
    return [entry for entry in entries if not entry.get("subresource")]


def _joined(entries: Iterable[Object]) -> Object | None:
    merged: Object | None = None
    for entry in entries:
        merged = {} if merged is None else merged
        _join(merged, entry)
    return merged


def _join(into: Object, fields: Object) -> None:
    for key, inner in fields.items():
        _join(into.setdefault(key, {}), inner)


def _owned(value: Any, fields: Object) -> Any:
    """What of a value is under these fields.

    A field without further ones stands for all that is in it, as the API server notes what is atomic (a selector,
    arguments). Not so for labels and annotations: there it is the map alone, and each key in it is somebody else's.
    """
    if not fields:
        return value
    if isinstance(value, dict):
        return {
            key: {} if key in _MAPS and not fields[f"f:{key}"] else _owned(inner, fields[f"f:{key}"])
            for key, inner in value.items()
            if f"f:{key}" in fields
        }
    if isinstance(value, list):
        items = [(json.loads(key[2:]), inner) for key, inner in fields.items() if key.startswith("k:")]
        return [
            {**keys, **_owned(item, inner)}
            for item in value
            for keys, inner in items
            if isinstance(item, dict) and keys.items() <= item.items()
        ]
    return value
