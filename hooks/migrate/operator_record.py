"""The last-applied record of the objects that the old operator made, reconstructed from these.

Metacontroller's three-way merge removes what was applied last and isn't wanted any more. A child that the old operator
made has no such record, so all that the operator put there would stay for ever: a variable that is gone from the spec,
an old port beside the new one. `reconstruct_last_applied` writes that record from the live object. What must not be in
it: the API server's defaults, what other people added, and `replicas`, which an autoscaler may own.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeAlias

from hooks.api.kinds import MCP_REMOTE_PROXY
from hooks.kubernetes.objects import Object, raw_spec
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.migrate.managed_fields import managed, owned, writers
from hooks.proxy import names
from hooks.proxy.names import Names

Keys: TypeAlias = Collection[str] | None
"""Which keys of a map of labels or annotations count; None: all that are left."""

_MAPS = ("labels", "annotations")
_PROBE = ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold")


def reconstruct_last_applied(child: Object, workload: Object) -> Object | None:
    """Return what the old operator had asked for, in the form of Metacontroller's last-applied annotation.

    Where managedFields say which fields the operator wrote, nothing else counts. Where they don't name it (a backup was
    restored, or the hooks made this), its fields are known by their places, and by who wrote what makes such a child
    one: what others put beside that isn't the operator's. It replaced a Deployment's whole spec at every pass, so what
    is in the lists there is its own; of labels and annotations those count that it always wrote, and those of the spec.

    Args:
        child: the object as it is.
        workload: the MCPServer or MCPRemoteProxy whose child it is.

    Returns:
        None for a child that the operator never made.
    """
    fields = managed(child)
    known = writers(child) if fields is None else fields
    live = child if known is None else owned(child, known)
    child_name = child["metadata"]["name"]
    made = _made(child["kind"], child_name, live, workload, is_all_the_operators=fields is not None)
    if made is None:
        return None
    made["metadata"].setdefault("labels", {})[CONTROLLER_UID] = workload["metadata"]["uid"]
    made["metadata"] |= {"name": child_name, "namespace": child["metadata"]["namespace"]}
    return {"apiVersion": child["apiVersion"], "kind": child["kind"], **made}


def is_the_operators(obj: Object) -> bool:
    """Return whether managedFields say that the old operator wrote any of it."""
    return managed(obj) is not None


def _made(kind: str, child: str, live: Object, workload: Object, *, is_all_the_operators: bool) -> Object | None:
    """Return the fields that the operator writes of a child; of its maps the keys in the spec, if others wrote some."""
    named = Names(workload["kind"], workload["metadata"]["name"])
    spec = None if is_all_the_operators else raw_spec(workload)
    base = tuple(named.labels)
    if (kind, child) == ("Deployment", named.deployment):
        return _deployment(live, named, spec, _pod_template(workload))
    if (kind, child) == ("Service", named.service):
        labels, annotations = _overrides(spec, "proxyService")
        metadata = _metadata(live, None if spec is None else [*base, *(labels or ())], annotations)
        return {"metadata": metadata, "spec": _service(live.get("spec") or {})}
    if (kind, child) == ("ConfigMap", named.run_config):
        metadata = _metadata(live, spec and named.run_config_labels, spec and [names.CONTENT_CHECKSUM])
        return {"metadata": metadata, "data": _pick(live.get("data"), "runconfig.json")}
    if (kind, child) == ("ConfigMap", named.authz_inline):
        metadata = _metadata(live, spec and [*base, f"{names.COMPONENT_GROUP}/authz"], spec and [])
        return {"metadata": metadata, "data": _pick(live.get("data"), "authz.json")}
    if kind in ("Role", "RoleBinding") and child == named.account:
        return {"metadata": {}, **_pick(live, "rules", "roleRef", "subjects")}
    if kind == "ServiceAccount" and child in (named.account, named.server_account):
        # OpenShift adds pull secrets of its own to every account.
        return {"metadata": {}, **(_pick(live, "imagePullSecrets") if _has_pull_secrets(spec) else {})}
    return None


def _has_pull_secrets(spec: Object | None) -> bool:
    place: Any = {} if spec is None else spec
    for step in ("resourceOverrides", "proxyDeployment", "imagePullSecrets"):
        place = place.get(step) if isinstance(place, dict) else None
    return spec is None or bool(place)


def _pod_template(workload: Object) -> Object:
    """Return what a remote proxy's spec adds to the proxy's own pod; an MCPServer's is for the MCP server's pod."""
    given = raw_spec(workload).get("podTemplateSpec") if workload["kind"] == MCP_REMOTE_PROXY.kind else None
    return given if isinstance(given, dict) else {}


def _deployment(live: Object, named: Names, given: Object | None, added: Object) -> Object:
    labels, annotations = _overrides(given, "proxyDeployment")
    template_labels, template_annotations = _overrides(given, "proxyDeployment", "podTemplateMetadataOverrides")
    base = named.labels
    spec = live.get("spec") or {}
    template = spec.get("template") or {}
    added_labels, added_annotations = (list((added.get("metadata") or {}).get(group) or ()) for group in _MAPS)
    always = [names.RESTARTED_AT, names.RUNCONFIG_CHECKSUM, names.MCPSERVER_GENERATION]
    return {
        "metadata": _metadata(
            live,
            # The operator of October 2025 put the labels that were meant for the pods on the Deployment.
            None if given is None else [*base, *(labels or ()), *(template_labels or ())],
            None if given is None else [*(annotations or ()), names.POD_TEMPLATE_HASH],
        ),
        "spec": {
            **_pick(spec, "selector"),
            "template": {
                "metadata": _metadata(
                    template,
                    None if given is None else [*base, *(template_labels or ()), *added_labels],
                    None
                    if given is None
                    else [*(annotations or ()), *(template_annotations or ()), *added_annotations, *always],
                ),
                "spec": _pod(template.get("spec") or {}, added.get("spec") or {}),
            },
        },
    }


def _pod(live: Object, added: Object) -> Object:
    """Return the operator's fields of the proxy's pod, with those that the user added through podTemplateSpec."""
    theirs = {c["name"]: c for c in added.get("containers") or [] if isinstance(c, dict) and "name" in c}
    containers = []
    for container in live.get("containers") or []:
        users = _pick(container, *theirs.get(container.get("name"), ()))
        if container.get("name") == names.PROXY_CONTAINER:
            containers.append({**users, **_container(container)})
        elif users:
            containers.append(users)
    return {
        **_pick(live, *(key for key in added if key not in ("containers", "volumes"))),
        **_pick(live, "serviceAccountName", "securityContext", "imagePullSecrets"),
        "containers": containers,
        "volumes": [_volume(volume) for volume in live.get("volumes") or []],
    }


def _container(live: Object) -> Object:
    """Return the proxy's container. The pull policy is the API server's choice for this image, and belongs to it."""
    image = str(live.get("image", ""))
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    usual = "Always" if "@" not in image and tag in ("", "latest") else "IfNotPresent"
    return {
        **_pick(live, "name", "image", "args", "ports", "env", "resources", "securityContext", "volumeMounts"),
        **({"imagePullPolicy": usual} if live.get("imagePullPolicy") == usual else {}),
        **{
            probe: {"httpGet": _pick(live[probe].get("httpGet"), "path", "port"), **_pick(live[probe], *_PROBE)}
            for probe in ("startupProbe", "livenessProbe", "readinessProbe")
            if probe in live
        },
    }


def _volume(live: Object) -> Object:
    """Return a volume less the defaults in it."""
    volume = dict(live)
    if "configMap" in volume:
        volume["configMap"] = _pick(volume["configMap"], "name", "items")
    if "hostPath" in volume:
        volume["hostPath"] = _pick(volume["hostPath"], "path")
    return volume


def _service(spec: Object) -> Object:
    ports = [port for port in spec.get("ports") or [] if port.get("name") == "http"]
    return {
        **_pick(spec, "selector", "sessionAffinity"),
        "ports": [_pick(port, "name", "port", "targetPort", "protocol") for port in ports],
    }


def _metadata(live: Object, labels: Keys, annotations: Keys) -> Object:
    metadata = live.get("metadata") or {}
    kept = {
        group: {key: text for key, text in (metadata.get(group) or {}).items() if keys is None or key in keys}
        for group, keys in (("labels", labels), ("annotations", annotations))
    }
    return {group: texts for group, texts in kept.items() if texts}


def _overrides(spec: Object | None, *path: str) -> tuple[Keys, Keys]:
    """Return the keys of labels and annotations that a spec adds at a place under resourceOverrides."""
    if spec is None:
        return None, None
    place: Any = spec.get("resourceOverrides")
    for step in path:
        place = place.get(step) if isinstance(place, dict) else None
    labels, annotations = ((place or {}).get(group) for group in _MAPS)
    return list(labels or ()), list(annotations or ())


def _pick(value: Any, *keys: str) -> Object:
    return {key: value[key] for key in keys if key in value} if isinstance(value, dict) else {}
