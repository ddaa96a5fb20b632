"""Manifests from files, folders and stdin: what a user would give to `kubectl apply --recursive --filename`.

One bad file doesn't end the reading: its faults are among the problems, and the other files are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from hooks.go_json import same
from hooks.kubernetes.objects import Object
from hooks.manifests.documents import Unreadable, read
from hooks.manifests.files import files_under
from hooks.manifests.kustomize import NotBuilt, kustomized
from hooks.manifests.problems import UNREADABLE, Place, Problem
from hooks.manifests.shape import NAME_INVALID, NO_OBJECT, fault_of, unrolled
from hooks.text import title

MAX_BYTES = 32 * 1024 * 1024
"""The longest file that is read. etcd takes objects of at most 1.5 MiB."""

STDIN = "stdin"
_TITLE = 200
"""Characters of an object's kind and name in a message."""
_URL = re.compile(r"[a-z]+:/")


class InputError(ValueError):
    """Input that can't be used. The text names file and document, and quotes no values."""


class Source(NamedTuple):
    """What is to be read."""

    paths: Sequence[str] = ()
    """Files, folders, or `-` for stdin."""
    kustomizations: Sequence[str] = ()
    """Folders that kubectl or kustomize builds."""
    ignore: Sequence[str] = ()
    """Patterns of paths and names that are left out."""
    namespace: str = ""
    """Of manifests that name none."""


@dataclass(slots=True)
class Loaded:
    """What was read."""

    objects: dict[tuple[str, ...], tuple[Object, Place]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    """What came from elsewhere than a file, by its name: lines are looked up there."""
    files: int = 0


def load(paths: Sequence[str], stdin: BinaryIO) -> list[Object]:
    """All objects of these files and folders, in the order in which they stand there.

    Raises:
        InputError: something can't be read or isn't a Kubernetes object, or there is none.
    """
    loaded = load_all(Source(paths), stdin)
    for problem in loaded.problems:
        if problem.level == "error":
            raise InputError(_said(problem))
    if not loaded.objects:
        raise InputError(f"no manifests in {', '.join(paths) or 'nothing'}")
    return [obj for obj, _ in loaded.objects.values()]


def _said(problem: Problem) -> str:
    line = f" (line {problem.line})" if problem.line else ""
    fault = f"{problem.field} {problem.message}" if problem.field else problem.message
    return ": ".join(filter(None, (str(problem.place or problem.file), problem.object, f"{fault}{line}")))


def load_all(source: Source, stdin: BinaryIO, progress: Callable[[str], None] = lambda _: None) -> Loaded:
    """All objects with their places, and what is wrong with the rest.

    An object that is given twice with the same content counts once.

    Args:
        source: what to read.
        stdin: what `-` reads.
        progress: is called with how many files are read.
    """
    loaded = Loaded()
    for name, text in _texts(source, stdin, loaded):
        loaded.files += 1
        progress(f"{loaded.files} files read")
        for place, obj in _objects(name, text, loaded.problems):
            _add(loaded, place, obj, source.namespace)
    return loaded


def _add(loaded: Loaded, place: Place, obj: Object, namespace: str) -> None:
    own = obj["metadata"].get("namespace")
    if namespace and own and own != namespace:
        message = f"is in namespace {own}, and -n says {namespace}: kubectl refuses that"
        loaded.problems.append(Problem("error", message, "Namespace", title(obj), "metadata.namespace", place=place))
        return
    if namespace and not own:
        obj = {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}
    known, first = loaded.objects.get(_identity(obj), (obj, place))
    if not same(known, obj):
        message = f"is given twice, and not the same: see {first}"
        loaded.problems.append(Problem("error", message, "GivenTwice", title(obj), place=place))
        return
    # Their keys may stand in another order: which one is kept mustn't depend on which one came first.
    loaded.objects[_identity(obj)] = (known if known is obj else min(known, obj, key=json.dumps), first)


def _texts(source: Source, stdin: BinaryIO, loaded: Loaded) -> Iterator[tuple[str, str]]:
    """Each file's name, as it is shown, and its text."""
    for path in dict.fromkeys(source.paths):
        if path == "-":
            yield from _text(STDIN, stdin, loaded)
        elif _URL.match(path):
            message = f"URLs aren't read: curl -L {path} | toolhive-hooks render -"
            loaded.problems.append(Problem("error", message, UNREADABLE, file=path))
        else:
            yield from _files(path, source.ignore, loaded)
    for folder in dict.fromkeys(source.kustomizations):
        try:
            text = kustomized(folder)
        except NotBuilt as error:
            loaded.problems.append(Problem("error", str(error), UNREADABLE, file=folder))
            continue
        # Its lines are in no file of the user's.
        loaded.texts[folder] = ""
        yield folder, text


def _files(path: str, ignore: Sequence[str], loaded: Loaded) -> Iterator[tuple[str, str]]:
    try:
        for file in files_under(Path(path), ignore, loaded.problems):
            with file.open("rb") as stream:
                yield from _text(str(file), stream, loaded)
    except OSError as error:
        loaded.problems.append(Problem("error", str(error.strerror), UNREADABLE, file=str(error.filename or path)))


def _text(name: str, stream: BinaryIO, loaded: Loaded) -> Iterator[tuple[str, str]]:
    try:
        text = decoded(stream.read(MAX_BYTES + 1))
    except InputError as error:
        loaded.problems.append(Problem("error", str(error), UNREADABLE, file=name))
        return
    if name == STDIN:
        loaded.texts[name] = text
    yield name, text


def decoded(content: bytes) -> str:
    """Return the text of a file.

    Raises:
        InputError: it is too long, or not UTF-8.
    """
    if len(content) > MAX_BYTES:
        raise InputError(f"longer than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 (byte {error.start})") from None


def _objects(name: str, text: str, problems: list[Problem]) -> Iterator[tuple[Place, Object]]:
    """Yield the objects of one text, lists unrolled, each with its place."""
    try:
        for number, document in read(text):
            for path, obj in unrolled(document):
                item = ".".join(f"items[{at}]" for at in path[1::2])
                yield from _checked(Place(name, number, item), obj, problems)
    except Unreadable as error:
        message = f"document {error.number}: {error.problem}"
        problems.append(Problem("error", message, UNREADABLE, file=name, line=error.line))


def _checked(place: Place, document: Any, problems: list[Problem]) -> Iterator[tuple[Place, Object]]:
    """Yield a document if it is an object; `problems` gets what is wrong with its form."""
    fault = fault_of(document)
    if fault is None:
        yield place, document
    elif fault.reason == NO_OBJECT:
        problems.append(Problem("note", fault.message, NO_OBJECT, file=place.file, place=place))
    else:
        named = title(document)[:_TITLE] if _has_names(document) else ""
        problems.append(Problem("error", fault.message, fault.reason, named, fault.field, place=place))
        if fault.reason == NAME_INVALID:
            yield place, document  # the rest of it is worth a look


def _has_names(document: Object) -> bool:
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(document.get("kind"), str):
        return False
    return isinstance(metadata.get("name"), str) and isinstance(metadata.get("namespace") or "", str)


def _identity(obj: Object) -> tuple[str, ...]:
    """What makes two manifests the same object; in which version of its group it is written doesn't matter."""
    group = obj["apiVersion"].rpartition("/")[0]
    return (group, obj["kind"], obj["metadata"].get("namespace") or "default", obj["metadata"]["name"])
