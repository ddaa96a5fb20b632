"""Metacontroller 4.17's rules for what a hook may answer: every response that a test sees goes through here.

Each check yields a line for each rule that a response breaks. They look at bytes that went over the wire, and share no
code with the hooks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

SERVER_SET = {
    *("uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"),
    *("managedFields", "selfLink", "ownerReferences", "finalizers"),
}
MERGE_KEYS = ("containerPort", "port", "mountPath", "name", "uid", "ip", "path")
LAST_APPLIED = "metacontroller.k8s.io/last-applied-configuration"
CRDS = Path(__file__).parents[1] / "crds"


def check_sync(request: dict[str, Any], response: Any, may_delete: Collection[str] = ()) -> list[str]:
    """What is wrong with a sync or finalize response; `may_delete` names children as Kind/name that shall go."""
    if not isinstance(response, dict):
        return ["the response is not an object"]
    children = response.get("children")
    if not isinstance(children, list):
        return ["children is not a list: every observed child would be deleted"]
    if not all(isinstance(child, dict) and isinstance(child.get("metadata"), dict) for child in children):
        return ["a child is null, or no object with metadata: this crashes Metacontroller"]
    broken = [*_top_level(response), *_completeness(request, response, may_delete), *_names(children)]
    broken += [*_waits(request, response), *_pruned(request["parent"], response.get("status"))]
    for child in children:
        broken += _placement(request, child)
        broken += _metadata(request, child)
        broken += _values(child, _name(child))
    return broken


def check_customize(request: dict[str, Any], response: Any) -> list[str]:
    """What is wrong with a customize response."""
    if not isinstance(response, dict) or set(response) != {"relatedResources"}:
        return ["a customize response has relatedResources and nothing else"]
    namespace = request["parent"]["metadata"]["namespace"]
    broken: list[str] = []
    for rule in response["relatedResources"]:
        where = f"{rule.get('apiVersion')} {rule.get('resource')}"
        foreign = set(rule) - {"apiVersion", "resource", "namespace", "names", "labelSelector"}
        broken += [f"{where}: {key!r} is no key of a rule, or reaches beyond the namespace" for key in sorted(foreign)]
        if rule.get("namespace") != namespace:
            broken.append(f"{where}: not in the parent's namespace")
        if "names" in rule and "labelSelector" in rule:
            broken.append(f"{where}: names and labelSelector exclude each other")
        broken += [f"{where}: {key} is empty" for key in ("names", "labelSelector") if key in rule and not rule[key]]
    return broken


def _top_level(response: dict[str, Any]) -> Iterator[str]:
    for key in sorted(set(response) - {"status", "children", "resyncAfterSeconds", "finalized"}):
        yield f"key {key!r}: a strict (v2) hook may not return it"
    if not isinstance(response.get("status"), dict) or not response["status"]:
        yield "status is missing or empty: the parent's would be wiped"
    for path, value in _walk(response.get("status"), "status"):
        if value is None:
            yield f"{path}: null in the status"
    resync = response.get("resyncAfterSeconds", 0)
    if isinstance(resync, bool) or not isinstance(resync, int | float) or not 0 <= resync <= 60:
        yield f"resyncAfterSeconds is {resync!r}"


def _waits(request: dict[str, Any], response: dict[str, Any]) -> Iterator[str]:
    """Whoever waits has a clock: no event may announce what is waited for."""
    conditions = (response.get("status") or {}).get("conditions") or []
    ready = [condition["status"] for condition in conditions if condition["type"] == "Ready"]
    settled = response.get("finalized") if request["finalizing"] else ready == ["True"]
    if not settled and not response.get("resyncAfterSeconds"):
        yield "waits without resyncAfterSeconds: not finalized, or Ready is not True"


def _pruned(parent: dict[str, Any], status: Any) -> Iterator[str]:
    """What the API server would prune from the status: Metacontroller would then write it with every sync."""
    schema = _status_schema(parent["kind"], parent["apiVersion"])
    if schema:  # a test may have a kind of its own
        yield from _unknown(status, schema, "status")
    types = [condition.get("type") for condition in (status or {}).get("conditions") or []]
    if len(set(types)) != len(types):
        yield f"status.conditions: a type repeats, which the API server refuses: {types}"


def _unknown(value: Any, schema: dict[str, Any], path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in schema.get("properties", {}):
                yield from _unknown(inner, schema["properties"][key], f"{path}.{key}")
            elif "additionalProperties" not in schema:
                yield f"{path}.{key}: not in the CRD's schema"
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unknown(inner, schema["items"], f"{path}[{index}]")


@cache
def _status_schema(kind: str, api_version: str) -> dict[str, Any] | None:
    """The schema of a custom resource's status, in the CRD that users install."""
    group, _, wanted = api_version.rpartition("/")
    for path in CRDS.glob(f"{group}_*.yaml"):
        spec = yaml.safe_load(path.read_text())["spec"]
        for version in spec["versions"]:
            if spec["names"]["kind"] == kind and version["name"] == wanted:
                schema: dict[str, Any] = version["schema"]["openAPIV3Schema"]["properties"]["status"]
                return schema
    return None


def _completeness(request: dict[str, Any], response: dict[str, Any], may_delete: Collection[str]) -> Iterator[str]:
    finalizing = request["finalizing"]
    if response.get("finalized") and not finalizing:
        yield "finalized from a sync: the finalizer would come and go for ever"
    observed = {_name(child) for objects in request["children"].values() for child in objects.values()}
    if response.get("finalized") and observed:
        yield f"finalized while children exist: {sorted(observed)}"
    if not finalizing:
        for name in sorted(observed - {_name(child) for child in response["children"]} - set(may_delete)):
            yield f"{name}: observed and not returned, so it would be deleted"


def _names(children: list[dict[str, Any]]) -> Iterator[str]:
    names = [_name(child) for child in children]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{name}: returned twice, the last wins silently"


def _placement(request: dict[str, Any], child: dict[str, Any]) -> Iterator[str]:
    where, version = _name(child), child.get("apiVersion")
    resource = f"{str(child.get('kind')).lower()}s"
    rules = {
        (rule["apiVersion"], rule["resource"]): rule for rule in request["controller"]["spec"].get("childResources", [])
    }
    if (version, resource) not in rules:
        yield f"{where}: {version} {resource} is not among the controller's childResources"
    elif "method" not in (rules[version, resource].get("updateStrategy") or {}):
        yield f"{where}: its childResource has no updateStrategy, so it is never updated"
    if not child["metadata"].get("name"):
        yield f"{where}: no metadata.name"
    namespace = request["parent"]["metadata"]["namespace"]
    if child["metadata"].get("namespace", namespace) != namespace:
        yield f"{where}: in another namespace than its parent"


def _metadata(request: dict[str, Any], child: dict[str, Any]) -> Iterator[str]:
    where, metadata = _name(child), child["metadata"]
    for field in sorted(SERVER_SET & set(metadata)):
        yield f"{where}: metadata.{field} is not the hook's to set"
    if "status" in child:
        yield f"{where}: has a status, which is ignored and pollutes last-applied"
    if LAST_APPLIED in metadata.get("annotations", {}):
        yield f"{where}: carries the last-applied annotation"
    uid = request["parent"]["metadata"]["uid"]
    if metadata.get("labels", {}).get("controller-uid", uid) != uid:
        yield f"{where}: a foreign controller-uid label fails the sync"
    for group in ("labels", "annotations"):
        for key, value in metadata.get(group, {}).items():
            if not isinstance(value, str):
                yield f"{where}: metadata.{group}[{key}] is not a string"


def _values(child: dict[str, Any], where: str) -> Iterator[str]:
    for path, value in _walk(child, where):
        if value is None:
            yield f"{path}: null, a permanent difference"
        if isinstance(value, float) and value.is_integer():
            yield f"{path}: {value} is a float where the API keeps an integer"
        if path.endswith(".env") and isinstance(value, list):
            yield from _empty_variables(path, value)
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            yield from _collapse(path, value)


def _empty_variables(path: str, variables: list[Any]) -> Iterator[str]:
    """The API server drops an empty value of an environment variable, so it would be sent with every sync."""
    for variable in variables:
        if isinstance(variable, dict) and variable.get("value") == "":
            yield f"{path}: {variable.get('name')} has an empty value, a permanent difference"


def _collapse(path: str, items: list[dict[str, Any]]) -> Iterator[str]:
    """Metacontroller merges a list of objects by the first of these keys that all have."""
    key = next((key for key in MERGE_KEYS if all(key in item for item in items)), None)
    values = [str(item[key]) for item in items] if key else []
    if len(set(values)) != len(values):
        yield f"{path}: items collapse, because the merge key {key!r} repeats: {values}"


def _name(child: dict[str, Any]) -> str:
    return f"{child.get('kind')}/{child['metadata'].get('name')}"


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, f"{path}[{index}]")
