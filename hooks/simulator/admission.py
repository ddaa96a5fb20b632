"""What the API server makes of a manifest when it stores it, as far as an offline run needs it."""

from __future__ import annotations

import base64
import copy
import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from hooks.kubernetes.kinds import CONFIG_MAP, POD, SECRET, Kind
from hooks.kubernetes.names import PRESERVE_UNKNOWN
from hooks.kubernetes.objects import KUBECTL_LAST_APPLIED, SERVER_SET_METADATA, Object
from hooks.text import title

EPOCH = "1970-01-01T00:00:00Z"
"""Every time in an offline run: its clock stands still."""

Schemas = Mapping[str, Object]
"""The schema (openAPIV3Schema) of each custom resource, by `Kind.key`."""


class Admitted(NamedTuple):
    """Manifests as an API server stores them, and what is wrong with them."""

    objects: list[Object]
    unknown: dict[str, list[str]]
    """The paths of fields that no schema knows, by `title`: `kubectl apply` would refuse such a manifest."""
    warnings: list[str]
    """Each value of a Secret that isn't base64."""


_LINE_BREAKS = {ord("\r"): None, ord("\n"): None}  # Go's base64 skips them


def schemas_of(crds: Iterable[Object]) -> dict[str, Object]:
    """The schemas of all served versions in these CustomResourceDefinitions."""
    return {
        f"{crd['spec']['names']['kind']}.{crd['spec']['group']}/{version['name']}": version["schema"]["openAPIV3Schema"]
        for crd in crds
        for version in crd["spec"]["versions"]
    }


def admit(
    manifests: Iterable[Object], kinds: Collection[Kind], parents: Collection[Kind], schemas: Schemas
) -> Admitted:
    """The objects that a cluster would hold after these manifests were applied to it, before any controller ran.

    A field of a spec that its schema doesn't know stays there, as where a cluster's CRD knows it: what it asks for is
    nothing that a run may leave out in silence. Left out are objects that no hook looks up: other kinds, Pods (a
    manifest doesn't run), and a parent's children in the output of `kubectl get`: this run makes its own.

    Args:
        manifests: what `load` returns.
        kinds: what the cluster serves.
        parents: those of the kinds that have controllers here.
        schemas: of the custom resources.
    """
    objects: list[Object] = []
    unknown: dict[str, list[str]] = {}
    warnings: set[str] = set()
    served = {f"{kind.kind}.{version}": kind for kind in kinds if kind != POD for version in kind.api_versions}
    for manifest in manifests:
        key = f"{manifest['kind']}.{manifest['apiVersion']}"
        if key in served and not _made_by(manifest, parents):
            fields: list[str] = []
            obj, problems = _admitted(manifest, schemas.get(key), fields)
            obj["apiVersion"] = served[key].api_version
            objects.append(obj)
            unknown |= {title(obj): sorted(fields)} if fields else {}
            warnings.update(f"{title(obj)}: {problem}" for problem in problems)
    return Admitted(objects, unknown, sorted(warnings))


def created(obj: Object) -> Object:
    """An object with the metadata that the API server sets; always the same, since offline nothing ever changes it."""
    kind, metadata = obj["kind"], obj["metadata"]
    path = f"{kind}/{metadata['namespace']}/{metadata['name']}"
    system: Object = {
        "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:toolhive-hooks:{path}")),
        "resourceVersion": "1",
        "creationTimestamp": EPOCH,
    }
    if has_generation(obj):
        system["generation"] = 1
    return {**obj, "metadata": {**metadata, **system}}


def has_generation(obj: Object) -> bool:
    """Whether the API server counts the changes of this object's spec: workloads and custom resources."""
    return "spec" in obj and obj["apiVersion"] != "v1"


def _admitted(manifest: Object, schema: Object | None, unknown: list[str]) -> tuple[Object, list[str]]:
    obj: Object = {key: copy.deepcopy(value) for key, value in manifest.items() if key not in ("metadata", "status")}
    problems: list[str] = []
    if schema:
        obj = _pruned(obj, schema, "", unknown)
        _default(obj, schema)
    elif SECRET.includes(obj):
        obj, problems = _secret(obj)
    elif CONFIG_MAP.includes(obj) and "data" in obj:
        obj["data"] = {key: text or "" for key, text in (obj["data"] or {}).items()}
    return created({**obj, "metadata": _metadata(manifest["metadata"])}), problems


def _metadata(metadata: Object) -> Object:
    """Metadata as its author may set it: without what the API server sets, and what kubectl keeps for itself."""
    kept = {key: value for key, value in metadata.items() if key not in SERVER_SET_METADATA and value is not None}
    kept["namespace"] = kept.get("namespace") or "default"
    for field in ("labels", "annotations"):
        if field in kept:
            kept[field] = {key: text or "" for key, text in kept[field].items() if key != KUBECTL_LAST_APPLIED}
    return kept


def _secret(secret: Object) -> tuple[Object, list[str]]:
    """A Secret as it is stored: stringData joined to data, all of it base64.

    What isn't base64 was encrypted for a tool that would put it in clear on its way to the cluster (sops, for one).
    It stands for a value that isn't known here.
    """
    problems = []
    data = {}
    for key, text in (secret.pop("data", None) or {}).items():
        try:
            content = base64.b64decode((text or "").translate(_LINE_BREAKS), validate=True)
        except ValueError:
            content = text.encode()
            problems.append(f"data[{key}] is not base64, and taken as it is")
        data[key] = base64.b64encode(content).decode()
    for key, text in (secret.pop("stringData", None) or {}).items():
        data[key] = base64.b64encode((text or "").encode()).decode()
    return {**secret, "data": data}, problems


def _made_by(manifest: Object, parents: Collection[Kind]) -> bool:
    """Whether the controller of one of these kinds made the object that this was taken from."""
    owners = manifest["metadata"].get("ownerReferences")
    if not isinstance(owners, list):
        return False
    kinds = {kind.kind for kind in parents}
    groups = {kind.api_version.rpartition("/")[0] for kind in parents}
    return any(
        isinstance(owner, dict)
        and owner.get("controller") is True
        and owner.get("kind") in kinds
        and str(owner.get("apiVersion")).rpartition("/")[0] in groups
        for owner in owners
    )


def _pruned(value: Any, schema: Object, path: str, unknown: list[str]) -> Any:
    """A value without nulls, since no field of ours is nullable; fields that its schema doesn't know are noted.

    Those beside the spec are left out.
    """
    if isinstance(value, list):
        items = schema.get("items", {PRESERVE_UNKNOWN: True})
        return [_pruned(item, items, f"{path}[{number}]", unknown) for number, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    kept: Object = {}
    for key, inner in value.items():
        inner_path = f"{path}.{key}" if path else key
        inner_schema = properties.get(key) or (others if isinstance(others, dict) else None)
        if inner_schema is None and not others and not schema.get(PRESERVE_UNKNOWN):
            unknown.append(inner_path)
            kept |= {key: inner} if path else {}
        elif inner_schema is None:
            kept[key] = inner
        elif inner is not None or inner_schema.get("nullable"):
            kept[key] = _pruned(inner, inner_schema, inner_path, unknown)
    return kept


def _default(value: Any, schema: Object) -> None:
    """Fill in defaults, in place: a default's own fields get theirs too, an absent object gets nothing."""
    if isinstance(value, list):
        for item in value:
            _default(item, schema.get("items", {}))
    elif isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        for key, inner in properties.items():
            if key not in value and "default" in inner:
                value[key] = copy.deepcopy(inner["default"])
        for key in value:
            _default(value[key], properties.get(key) or (others if isinstance(others, dict) else {}))
