"""A user's changes to the proxy's own pod, merged as ToolHive's operator merges spec.podTemplateSpec.

That is Kubernetes' strategic merge patch (k8s.io/apimachinery's strategicpatch): objects are merged by key, lists by
the key that Kubernetes' API names for them, and any other list replaces ours. Its directives are no fields of a pod
template, which PodTemplateValid says.
"""

from __future__ import annotations

from typing import Any

from hooks.kubernetes.objects import Object
from hooks.kubernetes.quantity import canonical

MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "volumes": "name",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
    "resourceClaims": "name",
    "schedulingGates": "name",
}
"""The lists of a pod that are merged, by the key of their items (patchMergeKey in k8s.io/api/core/v1/types.go)."""


def merged_template(template: Object, changes: Object) -> Object:
    """Return a pod template with a user's changes, each a core/v1 PodTemplateSpec.

    Amounts of resources are written as the API server stores them: else each sync would change the Deployment.
    """
    merged = _merged(template, changes)
    spec = {
        field: [_with_stored_amounts(item) for item in value] if field in ("containers", "initContainers") else value
        for field, value in merged["spec"].items()
    }
    return {**merged, "spec": spec}


def _merged(ours: Object, changes: Object) -> Object:
    result = dict(ours)
    for key, value in changes.items():
        if isinstance(value, dict):
            result[key] = _merged(ours.get(key) or {}, value)
        elif isinstance(value, list) and key in MERGE_KEYS:
            result[key] = _merged_list(ours.get(key) or [], value, MERGE_KEYS[key])
        else:
            result[key] = value
    return result


def _merged_list(ours: list[Object], changes: list[Object], key: str) -> list[Object]:
    """The changed items in the order of the changes, each with ours of its key; a new one comes before what is left."""
    names = [item.get(key) for item in ours]
    changed = {change.get(key) for change in changes}
    left = [item for item in ours if item.get(key) not in changed]
    merged: list[Object] = []
    for change in changes:
        name = change.get(key)
        while name in names and left and names.index(left[0].get(key)) < names.index(name):
            merged.append(left.pop(0))
        merged.append(_merged(ours[names.index(name)] if name in names else {}, change))
    return [*merged, *left]


def _with_stored_amounts(container: Object) -> Object:
    resources = container.get("resources")
    if not resources:
        return container
    amounts: dict[str, Any] = {
        group: {name: canonical(str(amount)) for name, amount in resources[group].items()}
        for group in ("limits", "requests")
        if group in resources
    }
    return {**container, "resources": {**resources, **amounts}}
