"""The files of a run: their documents, the objects in them, and which files are no manifests to convert."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from hooks.api.meta import GROUP
from hooks.kubernetes.objects import Object
from hooks.manifests.documents import Unreadable, read
from hooks.manifests.load import InputError, files, text_of
from hooks.manifests.marks import Key, Marked, is_json, marks

_HELM = re.compile(r"\{\{[^{}]*(?:\.(?:Values|Release|Chart|Capabilities)\b|\binclude\b)[^{}]*\}\}")
"""What Helm alone puts into braces; Vault's agent and others have templates of their own in annotations."""

_BOM = b"\xef\xbb\xbf"


@dataclass
class Source:
    """One file."""

    name: str
    """As messages have it."""
    text: str
    relative: Path
    """Where it goes in an output folder."""
    path: Path | None = None
    """None for stdin."""
    bom: bool = False
    documents: dict[int, Any] = field(default_factory=dict)
    """By number; none where the file is left alone."""
    is_json: bool = False
    is_read: bool = True
    """Whether it is YAML or JSON, and no template or patch."""
    left: str = ""
    """Why it is left alone, though it has objects of ours."""

    @cached_property
    def marks(self) -> dict[int, Marked]:
        """Where the fields of each document stand, by its number."""
        return {marked.number: marked for marked in marks(self.text)}

    def objects(self) -> Iterator[tuple[int, tuple[Key, ...], Object]]:
        """Return each object with its document's number and its path in it: a list is no object."""
        for number, document in self.documents.items():
            yield from ((number, path, obj) for path, obj in _unrolled((), document))


def sources(paths: Sequence[str], stdin: BinaryIO) -> list[Source]:
    """Read files, folders and stdin.

    Raises:
        InputError: one can't be read, or is no YAML though it has objects of ours, or there is none.
    """
    found = []
    for path in dict.fromkeys(paths):
        if path == "-":
            found.append(_read(Source("stdin", text_of("stdin", stdin), Path("stdin.yaml"))))
            continue
        try:
            found += [_read(_opened(file, Path(path))) for file in files(Path(path))]
        except OSError as error:
            raise InputError(f"{error.filename or path}: {error.strerror}") from None
    if not found:
        raise InputError(f"no manifests in {', '.join(paths)}")
    return found


def _opened(file: Path, root: Path) -> Source:
    relative = file.relative_to(root) if root.is_dir() else Path(file.name)
    with file.open("rb") as stream:
        bom = stream.read(len(_BOM)) == _BOM
        stream.seek(0)
        return Source(str(file), text_of(str(file), stream), relative, file, bom)


def _read(source: Source) -> Source:
    """Fill in the documents of a file that has objects of ours, or a ConfigMap that these may refer to."""
    ours = GROUP in source.text
    try:
        documents = dict(read(source.text))
    except Unreadable as error:
        source.is_read = False
        if ours and "{{" in source.text:
            source.left = "it is a Helm template"
        elif ours:
            raise InputError(f"{source.name}: document {error.number}: {error}") from None
        return source
    if ours and _HELM.search(source.text):
        source.left, source.is_read = "it is a Helm template", False
    else:
        source.documents, source.is_json = documents, is_json(source.text)
    return source


def _unrolled(path: tuple[Key, ...], document: Any) -> Iterator[tuple[tuple[Key, ...], Object]]:
    if not isinstance(document, dict):
        return
    items = document.get("items")
    if str(document.get("kind")).endswith("List") and isinstance(items, list):
        for number, item in enumerate(items):
            yield from _unrolled((*path, "items", number), item)
    else:
        yield path, document
