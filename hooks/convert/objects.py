"""One object of ToolHive's API in v1beta1 and its current fields, as a value: no text is looked at here."""

from __future__ import annotations

from dataclasses import dataclass, field

from hooks.api.kinds import RESOURCES
from hooks.api.meta import API_VERSION, GROUP, OLDER_API_VERSION
from hooks.convert.oidc import FindConfigMap
from hooks.convert.parts import Wanted
from hooks.convert.workload import converted_workload
from hooks.kubernetes.objects import KUBECTL_LAST_APPLIED, SERVER_SET_METADATA, Object

WORKLOADS = {"MCPServer": ("image",), "MCPRemoteProxy": ("remoteUrl", "remoteURL")}
"""The kinds whose spec changes, each with its required field, by its names."""

VERSIONS = (OLDER_API_VERSION, API_VERSION)
"""Those of ToolHive 0.3 to 0.44."""
SERVED = tuple(kind.kind for kind in RESOURCES)
GRADUATED = tuple(kind.kind for kind in RESOURCES if kind.api_version == API_VERSION)
"""The kinds that v1beta1 has."""

_OPERATORS_ANNOTATIONS = (f"{GROUP}/externalauthconfig-hash", f"{GROUP}/toolconfig-hash")


@dataclass
class Converted:
    """An object in v1beta1; its references to new configs have no name yet."""

    obj: Object
    wanted: list[Wanted] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def is_ours(document: object) -> bool:
    """Return whether a document is an object of a kind that the hooks serve."""
    return (
        isinstance(document, dict)
        and str(document.get("apiVersion")).partition("/")[0] == GROUP
        and document.get("kind") in SERVED
    )


def is_partial(obj: Object) -> bool:
    """Return whether an object lacks what it can't be without: it is a patch of another one."""
    spec = obj.get("spec")
    required = WORKLOADS.get(obj["kind"], ())
    named = isinstance(obj.get("metadata"), dict) and isinstance(obj["metadata"].get("name"), str)
    return not named or (bool(required) and not (isinstance(spec, dict) and any(spec.get(key) for key in required)))


def converted(obj: Object, find_config_map: FindConfigMap) -> Converted:
    """Return an object in v1beta1 and its current fields.

    Args:
        obj: of a kind that is served.
        find_config_map: looks up the data of a ConfigMap in the object's namespace.

    Raises:
        NotConvertible: a field has no counterpart there.
    """
    new = Converted({key: value for key, value in obj.items() if key != "status"})
    new.obj["metadata"] = _metadata(obj["metadata"])
    if obj["kind"] in WORKLOADS:
        workload = converted_workload(obj, find_config_map)
        new.obj["spec"], new.wanted, new.notes = workload.spec, workload.wanted, workload.notes
    if obj["kind"] in GRADUATED:
        new.obj["apiVersion"] = API_VERSION
    return new


def refer(new: Converted, wanted: Wanted, name: str) -> None:
    """Set the reference to a config, once its name is known."""
    new.obj["spec"][wanted.ref] = {"name": name, **wanted.reference}


def _metadata(metadata: Object) -> Object:
    """Return metadata without what the API server, kubectl and the operator set."""
    kept = {key: value for key, value in metadata.items() if key not in SERVER_SET_METADATA}
    annotations = kept.get("annotations")
    if isinstance(annotations, dict):
        left = {
            key: value
            for key, value in annotations.items()
            if key not in (KUBECTL_LAST_APPLIED, *_OPERATORS_ANNOTATIONS)
        }
        kept["annotations"] = left
        if annotations and not left:
            del kept["annotations"]
    return kept
