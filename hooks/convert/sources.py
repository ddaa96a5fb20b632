"""The files of a run: their documents, the objects in them, and which files are no manifests to convert."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from hooks.api.meta import GROUP
from hooks.kubernetes.objects import Object
from hooks.manifests.documents import Unreadable, read
from hooks.manifests.files import files_under
from hooks.manifests.load import MAX_BYTES, STDIN, InputError, decoded
from hooks.manifests.marks import Key, Marked, is_json, marks
from hooks.manifests.problems import Problem
from hooks.manifests.shape import unrolled

_HELM = re.compile(r"\{\{[^{}]*(?:\.(?:Values|Release|Chart|Capabilities)\b|\binclude\b)[^{}]*\}\}")
"""What Helm alone puts into braces; Vault's agent and others have templates of their own in annotations."""


@dataclass
class Source:
    """One file."""

    name: str
    """As messages have it."""
    text: str
    relative: Path
    """Its path in an output folder."""
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
            yield from ((number, path, obj) for path, obj in unrolled(document) if isinstance(obj, dict))


def sources(paths: Sequence[str], stdin: BinaryIO) -> tuple[list[Source], list[Problem]]:
    """Read files, folders and stdin.

    Returns:
        The files, and notes on those that were left out.

    Raises:
        InputError: one can't be read, or is no YAML though it has objects of ours, or there is none.
    """
    found: list[Source] = []
    notes: list[Problem] = []
    for path in dict.fromkeys(paths):
        if path == "-":
            found.append(_read(Source(STDIN, _text(STDIN, stdin.read(MAX_BYTES + 1)), Path("stdin.yaml"))))
            continue
        try:
            found += [_read(_opened(file, Path(path))) for file in files_under(Path(path), (), notes)]
        except OSError as error:
            raise InputError(f"{error.filename or path}: {error.strerror}") from None
    if not found:
        raise InputError(f"no manifests in {', '.join(paths)}")
    return found, notes


def _opened(file: Path, root: Path) -> Source:
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    relative = file.relative_to(root) if root.is_dir() else Path(file.name)
    return Source(str(file), _text(str(file), content), relative, file, content.startswith(BOM_UTF8))


def _text(name: str, content: bytes) -> str:
    try:
        return decoded(content)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


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
