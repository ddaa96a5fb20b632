"""Manifests from files, folders and stdin: what a user would give to `kubectl apply --recursive --filename`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from hooks.go_json import same
from hooks.kubernetes.objects import Object
from hooks.manifests.documents import Unreadable, read
from hooks.manifests.names import name_fault
from hooks.text import title

MAX_BYTES = 32 * 1024 * 1024
"""The longest file that is read. etcd takes objects of at most 1.5 MiB."""

_TITLE = 200
"""Characters of an object's kind and name in a message."""
_SUFFIXES = (".yaml", ".yml", ".json")
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml")


class InputError(ValueError):
    """Input that can't be used. The text names file and document, and quotes no values."""


def load(paths: Sequence[str], stdin: BinaryIO) -> list[Object]:
    """All objects of these files and folders, in the order in which they stand there.

    An object that is given twice with the same content counts once.

    Args:
        paths: files, folders (read recursively, less hidden entries and kustomizations), or `-` for stdin.
        stdin: what `-` reads.

    Raises:
        InputError: something can't be read, isn't a Kubernetes object, contradicts another manifest, or there is none.
    """
    objects: dict[tuple[str, ...], tuple[Object, str]] = {}
    for name, text in _texts(paths, stdin):
        for place, obj in _objects(name, text):
            known, first_place = objects.get(_identity(obj), (obj, place))
            if not same(known, obj):
                raise InputError(f"{place}: {title(obj)} is given twice, and not the same: see {first_place}")
            # Their keys may stand in another order: which one is kept mustn't depend on which one came first.
            objects[_identity(obj)] = (min(known, obj, key=json.dumps), first_place)
    if not objects:
        raise InputError(f"no manifests in {', '.join(paths) or 'nothing'}")
    return [obj for obj, _ in objects.values()]


def _texts(paths: Sequence[str], stdin: BinaryIO) -> Iterator[tuple[str, str]]:
    """Each file's name, as it is shown, and its text."""
    for path in dict.fromkeys(paths):
        if path == "-":
            yield "stdin", text_of("stdin", stdin)
            continue
        try:
            for file in files(Path(path)):
                with file.open("rb") as stream:
                    text = text_of(str(file), stream)
                yield str(file), text
        except OSError as error:
            raise InputError(f"{error.filename or path}: {error.strerror}") from None


def files(path: Path) -> list[Path]:
    """The manifests under a folder, sorted by path; a file stands for itself."""
    if not path.is_dir():
        return [] if path.name in _KUSTOMIZATIONS else [path]
    found = []
    for folder, subfolders, names in os.walk(path, onerror=_raise):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        visible = (name for name in names if name.endswith(_SUFFIXES) and not name.startswith("."))
        found += [Path(folder, name) for name in visible if name not in _KUSTOMIZATIONS]
    return sorted((file for file in found if file.is_file()), key=lambda file: file.parts)


def _raise(error: OSError) -> None:
    raise error


def text_of(name: str, stream: BinaryIO) -> str:
    """The text of a file, less a byte order mark.

    Args:
        name: what messages call the file.
        stream: its bytes.

    Raises:
        InputError: it is too long, or no UTF-8.
    """
    content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InputError(f"{name}: longer than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not UTF-8 (byte {error.start})") from None


def _objects(name: str, text: str) -> Iterator[tuple[str, Object]]:
    """The objects of one text, lists unrolled, each with the place where it stands."""
    try:
        for number, document in read(text):
            yield from _unrolled(f"{name}: document {number}", document)
    except Unreadable as error:
        raise InputError(f"{name}: document {error.number}: {error}") from None


def _unrolled(place: str, document: Any) -> Iterator[tuple[str, Object]]:
    """The object, or what is in it where it is a list: `v1 List`, and any other kind that ends so and has items."""
    if isinstance(document, dict) and str(document.get("kind")).endswith("List"):
        items = document.get("items")
        if isinstance(items, list):
            for number, item in enumerate(items, start=1):
                yield from _unrolled(f"{place}, item {number}", item)
            return
    if problem := _problem(document):
        raise InputError(f"{place}: {problem}")
    if fault := name_fault(document):
        raise InputError(f"{place}: {title(document)[:_TITLE]}: {fault}")
    yield place, document


def _problem(document: Any) -> str:
    """Why this is no object that an API server would decode, or nothing.

    That covers metadata, and the values in ConfigMaps and Secrets; a spec is its controller's to judge.
    """
    if not isinstance(document, dict):
        return "not a Kubernetes object"
    for field in ("apiVersion", "kind"):
        if not isinstance(document.get(field), str) or not document[field]:
            return f"{field} is missing"
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("name") in (None, ""):
        return "metadata.name is missing"
    if wrong := [field for field in ("name", "namespace") if not isinstance(metadata.get(field) or "", str)]:
        return f"metadata.{wrong[0]} is not a string: quote it"
    maps = {f"metadata.{field}": metadata.get(field) for field in ("labels", "annotations")}
    if document["apiVersion"] == "v1" and document["kind"] in ("ConfigMap", "Secret"):
        maps |= {field: document.get(field) for field in ("data", "stringData")}
    return next(filter(None, (_not_strings(field, value) for field, value in maps.items())), "")


def _not_strings(field: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, dict):
        return f"{field} is not a mapping"
    wrong = (name for name, text in value.items() if not isinstance(text, str) and text is not None)
    return next((f"{field}[{name}] is not a string: quote it" for name in wrong), "")


def _identity(obj: Object) -> tuple[str, ...]:
    """What makes two manifests the same object; in which version of its group it is written doesn't matter."""
    group = obj["apiVersion"].rpartition("/")[0]
    return (group, obj["kind"], obj["metadata"].get("namespace") or "default", obj["metadata"]["name"])
