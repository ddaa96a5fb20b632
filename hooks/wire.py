"""The bytes of Metacontroller's hooks: requests read, answers written.

A request that can't be read raises `Malformed`, answered with 400.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Generic, TypedDict, TypeVar

import msgspec
import orjson
import pydantic_core
from msgspec import Raw

from hooks import go_json
from hooks.json_values import MAX_DEPTH, TOO_DEEP, as_go_reads, read_json
from hooks.protocol import CustomizeRequest, Kind, Malformed, Object, Objects, SyncRequest

_SPEC_MARGIN = 55
"""pydantic_core reads 201 levels of a request, whose third is the parent's spec, and orjson writes 254: less so many,
what one refuses the other does too."""
_NO_OBJECT_IS_DEEPER = 20_000  # Go reads no JSON of more than 10,000 levels
_MARK = json.dumps(TOO_DEEP).encode()
# Possessive, and a string that nobody closed reaches to the end: whatever the bytes are, each is looked at once.
_BRACKETS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[{}\[\]]', re.DOTALL)

_Int64 = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
_Labels = TypeVar("_Labels")
_Owners = TypeVar("_Owners")
_Spec = TypeVar("_Spec")
_Status = TypeVar("_Status")


class _Metadata(TypedDict, Generic[_Labels, _Owners], total=False):
    annotations: Raw  # in a child's, Metacontroller keeps a copy of it
    creationTimestamp: str
    deletionGracePeriodSeconds: int
    deletionTimestamp: str
    finalizers: Raw
    generateName: str
    generation: _Int64
    labels: _Labels
    managedFields: Raw
    name: str
    namespace: str
    ownerReferences: _Owners
    resourceVersion: str
    selfLink: str
    uid: str


class _Object(TypedDict, Generic[_Labels, _Owners, _Spec, _Status], total=False):
    apiVersion: str
    kind: str
    metadata: _Metadata[_Labels, _Owners]
    spec: _Spec
    status: _Status
    # Of kinds that have no spec, or more than one:
    automountServiceAccountToken: Raw
    binaryData: Raw
    data: Any
    imagePullSecrets: Raw
    immutable: Raw
    roleRef: Raw
    rules: Raw
    secrets: Raw
    subjects: Raw
    type: Raw


# Labels, ownerReferences, spec and status: `Any` where a controller reads them of the kind by `get`. A part that is
# `Raw` it would take for absent: only `part` reads one.
_Plain = _Object[Raw, Raw, Raw, Raw]
_WithSpec = _Object[Raw, Raw, Any, Raw]
_WithSpecAndStatus = _Object[Raw, Raw, Any, Any]
_Pod = _Object[Any, Any, Raw, Any]

_Children = TypedDict(
    "_Children",
    {
        "ConfigMap.v1": dict[str, _Plain],
        "Deployment.apps/v1": dict[str, _WithSpecAndStatus],
        "Role.rbac.authorization.k8s.io/v1": dict[str, _Plain],
        "RoleBinding.rbac.authorization.k8s.io/v1": dict[str, _Plain],
        "Service.v1": dict[str, _WithSpec],
        "ServiceAccount.v1": dict[str, _Plain],
        "StatefulSet.apps/v1": dict[str, _Plain],
    },
    total=False,
)
_Related = TypedDict(
    "_Related",
    {
        "ConfigMap.v1": dict[str, _Plain],
        "Deployment.apps/v1": dict[str, _Plain],
        "MCPExternalAuthConfig.toolhive.stacklok.dev/v1alpha1": dict[str, _WithSpecAndStatus],
        "MCPServer.toolhive.stacklok.dev/v1alpha1": dict[str, _WithSpec],
        "MCPToolConfig.toolhive.stacklok.dev/v1alpha1": dict[str, _WithSpecAndStatus],
        "Pod.v1": dict[str, _Pod],
        "Role.rbac.authorization.k8s.io/v1": dict[str, _Plain],
        "RoleBinding.rbac.authorization.k8s.io/v1": dict[str, _Plain],
        "Secret.v1": dict[str, _Plain],
        "Service.v1": dict[str, _Plain],
        "ServiceAccount.v1": dict[str, _Plain],
        "StatefulSet.apps/v1": dict[str, _Plain],
    },
    total=False,
)


class _Request(TypedDict, total=False):
    """What a request may hold. What is `msgspec.Raw` is passed over: half of a request, which `part` reads on demand.

    A field that is missing here makes requests slow, never wrong: written again, they differ from what came. One that
    is `Raw` counts as absent for whoever reads it without `part`.
    """

    controller: Raw
    parent: _WithSpecAndStatus
    children: _Children
    related: _Related
    finalizing: bool


_DECODER = msgspec.json.Decoder(_Request)
_ENCODER = msgspec.json.Encoder()


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


def write(wire: Object) -> bytes:
    """The bytes of a response: compact JSON, keys in the order in which the code wrote them."""
    return orjson.dumps(wire)


def _load(body: bytes) -> Object:
    request = _read_quickly(body)
    if request is None:
        request = _read_carefully(body)
    if not isinstance(request, dict):
        raise Malformed("the body is not a JSON object")
    return request


def _read_quickly(body: bytes) -> Any:
    """What the body says, or None where that wants a closer look."""
    try:
        if not body.isascii():
            body.decode()  # also what is passed over
        request = _DECODER.decode(body)
        # A podTemplateSpec is the one part without a schema of which an answer is made.
        spec = request["parent"].get("spec")
        for _ in range(_SPEC_MARGIN):
            spec = [spec]
        orjson.dumps(spec)
        text = _ENCODER.encode(request)
    except (msgspec.MsgspecError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return request if _is_as_written(text, body) else None


def _read_carefully(body: bytes) -> Any:
    try:
        request = pydantic_core.from_json(body, allow_inf_nan=False)
    except ValueError as error:
        if "recursion limit" not in str(error):
            raise Malformed("the body is not JSON") from None
        # The API server stores objects nested thousands of levels deep. One of those must not keep Metacontroller from
        # syncing the others that come along with it.
        body = _cut_deep(body)
        request = read_json(body)
    if request is None:
        raise Malformed("the body is not JSON")
    try:
        text = orjson.dumps(request)
    except TypeError:
        text = b""
    if not _is_as_written(text, body):
        del request  # read again below: side by side, it and what is made for the look would be too large
        _refuse_twins(body)
        request = as_go_reads(read_json(body))
        if request is None:
            raise Malformed("the body has a number that is out of range")
    return request


def _is_as_written(text: bytes, body: bytes) -> bool:
    """Whether a request, written again, is what Metacontroller wrote: then nothing of it was lost in being read.

    Of a name that comes twice in an object, one would be. It is never so with numbers that Go writes in its own way.
    """
    return text == body or (len(text) < len(body) and go_json.escaped(text) == body)


def _refuse_twins(body: bytes) -> None:
    """Look at each object of the body for a name that comes twice: which of the two counts, no two programs agree on.

    Raises:
        Malformed: there is one.
    """

    def unique(pairs: list[tuple[str, object]]) -> None:
        if len(pairs) != len(dict(pairs)):
            raise Malformed("the body has an object with a name that comes twice")

    json.loads(body, object_pairs_hook=unique)


def _cut_deep(body: bytes) -> bytes:
    """The body with `TOO_DEEP` in the place of what is nested deeper than `MAX_DEPTH`."""
    parts, done, start, depth = [], 0, 0, 0
    for token in _BRACKETS.finditer(body):
        kind = token[0]
        if kind in b"{[":
            depth += 1
            if depth == MAX_DEPTH + 1:
                start = token.start()
            if depth > _NO_OBJECT_IS_DEEPER:
                return body
        elif kind in b"}]":
            if depth == MAX_DEPTH + 1:
                parts += [body[done:start], _MARK]
                done = token.end()
            depth -= 1
    return b"".join([*parts, body[done:]])


def _parent(request: Object, kind: Kind) -> Object:
    parent = request.get("parent")
    if not isinstance(parent, dict):
        raise Malformed("parent is not an object")
    if parent.get("apiVersion") != kind.api_version or parent.get("kind") != kind.kind:
        raise Malformed(f"the parent is not a {kind.kind} of {kind.api_version}")
    metadata = parent.get("metadata")
    if not isinstance(metadata, dict):
        raise Malformed("parent.metadata is not an object")
    for key in ("name", "namespace", "uid"):
        if not isinstance(metadata.get(key), str) or not metadata[key]:
            raise Malformed(f"parent.metadata.{key} is missing")
    if not isinstance(metadata.get("generation", 0), int):
        raise Malformed("parent.metadata.generation is not an integer")
    return parent


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
