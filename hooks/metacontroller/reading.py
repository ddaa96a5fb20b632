"""The bytes of Metacontroller's requests, read.

A request that can't be read raises `Malformed`, answered with 400.
"""

from __future__ import annotations

import re
from typing import Any

from hooks import strict_json
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import CustomizeRequest, Malformed, Objects, SyncRequest

_LEVELS_READ = 2 * strict_json.MAX_DEPTH
"""Of a request that orjson doesn't read. What is cut off belongs to an object that is too deep to be written again."""
_NO_OBJECT_IS_DEEPER = 20_000  # Go reads no JSON of more than 10,000 levels
# Possessive, and a string that isn't closed reaches to the end: each byte is looked at once, in any input.
_BRACKETS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[{}\[\]]', re.DOTALL)


def read_customize(body: bytes, parent: Kind) -> CustomizeRequest:
    """Read a customize request about a parent of this kind.

    Raises:
        Malformed: the body is no such request.
    """
    return CustomizeRequest(_parent(_load(body), parent))


def read_sync(body: bytes, parent: Kind) -> SyncRequest:
    """Read a sync or finalize request about a parent of this kind.

    Raises:
        Malformed: the body is no such request.
    """
    request = _load(body)
    obj = _parent(request, parent)
    namespace = obj["metadata"]["namespace"]
    finalizing = request.get("finalizing")
    if not isinstance(finalizing, bool):
        raise Malformed("finalizing is not a boolean")
    return SyncRequest(
        parent=obj,
        children=Objects(_objects(request, "children", namespace)),
        related=Objects(_objects(request, "related", namespace)),
        finalizing=finalizing,
    )


def _load(body: bytes) -> Object:
    """Return the request in a body.

    The API server stores objects nested thousands of levels deep. One of those must not keep Metacontroller from
    syncing the others that come along with it.

    Raises:
        Malformed: it is no JSON object.
    """
    try:
        request = strict_json.read(body)
    except ValueError:
        try:
            request = strict_json.read(_without_depths(body))
        except ValueError:
            raise Malformed("the body is not JSON") from None
    if not isinstance(request, dict):
        raise Malformed("the body is not a JSON object")
    return request


def _without_depths(body: bytes) -> bytes:
    """Return the body with null in the place of what is nested deeper than `_LEVELS_READ`."""
    parts, done, start, depth = [], 0, 0, 0
    for token in _BRACKETS.finditer(body):
        kind = token[0]
        if kind in b"{[":
            depth += 1
            if depth == _LEVELS_READ + 1:
                start = token.start()
            if depth > _NO_OBJECT_IS_DEEPER:
                return body
        elif kind in b"}]":
            if depth == _LEVELS_READ + 1:
                parts += [body[done:start], b"null"]
                done = token.end()
            depth -= 1
    return b"".join([*parts, body[done:]])


def _parent(request: Object, kind: Kind) -> Object:
    parent = request.get("parent")
    if not isinstance(parent, dict):
        raise Malformed("parent is not an object")
    if not kind.includes(parent):
        raise Malformed(f"the parent is not a {kind.kind} of {' or '.join(kind.api_versions)}")
    metadata = parent.get("metadata")
    if not isinstance(metadata, dict):
        raise Malformed("parent.metadata is not an object")
    for key in ("name", "namespace", "uid"):
        if not isinstance(metadata.get(key), str) or not metadata[key]:
            raise Malformed(f"parent.metadata.{key} is missing")
    if not isinstance(metadata.get("generation", 0), int):
        raise Malformed("parent.metadata.generation is not an integer")
    # A podTemplateSpec has no schema: of all that is read, it alone can be too deep for what an answer makes of it.
    return {**parent, "spec": strict_json.cut(parent["spec"])} if "spec" in parent else parent


def _objects(request: Object, where: str, namespace: str) -> dict[str, dict[str, Object]]:
    """The objects under `children` or `related` that are in this namespace, by the key of their kind and by name.

    Each has to be of the kind and under the key that it says it is. Of related objects those of other namespaces are
    left out; a child that isn't the parent's neighbour would be lost that way, so there is none.
    """
    kinds = request.get(where)
    if not isinstance(kinds, dict):
        raise Malformed(f"{where} is not an object")
    return {key: _of_kind(key, objects, where, namespace) for key, objects in kinds.items()}


def _of_kind(key: str, objects: Any, where: str, namespace: str) -> dict[str, Object]:
    if not isinstance(objects, dict):
        raise Malformed(f"{where}: the objects of a kind are not an object")
    found: dict[str, Object] = {}
    kind, _, api_version = key.partition(".")
    for path, obj in objects.items():
        if not isinstance(obj, dict) or obj.get("kind") != kind or obj.get("apiVersion") != api_version:
            raise Malformed(f"{where}: an object is not of the kind that it is listed under")
        metadata = obj.get("metadata")
        if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
            raise Malformed(f"{where}: an object has no name")
        name, home = metadata["name"], metadata.get("namespace")
        if home and path != f"{home}/{name}":
            raise Malformed(f"{where}: objects are not keyed by namespace/name: the hooks speak version v2")
        if path == f"{namespace}/{name}":
            found[name] = obj
        elif where == "children":
            raise Malformed("children: an object is in another namespace than its parent")
    return found
