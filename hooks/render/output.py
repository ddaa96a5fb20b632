"""A result as text for programs: YAML or JSON. The same result always gives the same text."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any, TextIO

import yaml

from hooks.kubernetes.objects import SERVER_SET_METADATA, Object
from hooks.manifests.scalars import NotAValue, resolve
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.simulator.admission import EPOCH
from hooks.simulator.run import Result

_FIRST = ("apiVersion", "kind", "metadata")
_METADATA = ("name", "namespace", "labels", "annotations")


def to_yaml(result: Result) -> Iterator[str]:
    """Children, then parents, each a document, one after the other: all at once would be the most that a run holds."""
    separator = ""
    for obj in _objects(result):
        yield f"{separator}{dump(obj)}"
        separator = "---\n"


def to_json(result: Result) -> str:
    """Children, then parents, in one v1 List."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [*_objects(result)]}, indent=2) + "\n"


def wants_colour(stream: TextIO) -> bool:
    """Whether what is written there is for a terminal whose user hasn't asked for plain text (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def presentable(obj: Object) -> Object:
    """An object as its author wrote it, or would have: without what the API server and Metacontroller add.

    Times are those of the run's clock, and not of a server's.
    """
    metadata = {key: value for key, value in obj["metadata"].items() if key not in SERVER_SET_METADATA}
    for field, key in (("labels", CONTROLLER_UID), ("annotations", LAST_APPLIED)):
        metadata[field] = {name: text for name, text in (metadata.get(field) or {}).items() if name != key}
    kept = {key: metadata[key] for key in (*_METADATA, *metadata) if metadata.get(key)}
    body = {key: value for key, value in obj.items() if key not in (*_FIRST, "status")}
    shown = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": kept, **body}
    return shown | ({"status": _timeless(obj["status"])} if "status" in obj else {})


def _objects(result: Result) -> Iterator[Object]:
    return map(presentable, [*result.children, *result.parents])


def _timeless(status: Object) -> Object:
    conditions = status.get("conditions")
    if not isinstance(conditions, list):
        return status
    return status | {
        "conditions": [
            condition | {"lastTransitionTime": EPOCH} if "lastTransitionTime" in condition else condition
            for condition in conditions
        ]
    }


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """YAML for people and for Kubernetes: no anchors, long texts as blocks, and quotes wherever YAML 1.1 needs them."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the base class's signature
        return True


def _text(dumper: Any, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None if _is_text(text) else "'"
    node: yaml.Node = dumper.represent_scalar("tag:yaml.org,2002:str", text, style)
    return node


def _is_text(plain: str) -> bool:
    """Whether Kubernetes reads this as a string without quotes; PyYAML quotes what it would take for something else."""
    try:
        return isinstance(resolve(plain), str)
    except NotAValue:
        return False


_Dumper.add_representer(str, _text)


def dump(obj: Object) -> str:
    """An object as a YAML document."""
    text: str = yaml.dump(obj, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)
    return text
