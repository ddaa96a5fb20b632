"""The text of a file in which some objects are others."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from hooks.convert.edits import CannotEdit, Edit, Editor, apply
from hooks.convert.layout import block, line_end, rest_of_line
from hooks.convert.sources import Source
from hooks.convert.workload import PLACEMENT
from hooks.go_json import same
from hooks.kubernetes.objects import Object
from hooks.manifests.documents import Unreadable, read
from hooks.manifests.marks import Key, Marked, Node


class Addition(NamedTuple):
    """An object that is added."""

    obj: Object
    comments: Sequence[str]
    """Above it, each with its #."""


class Change(NamedTuple):
    """An object that becomes another."""

    number: int
    """Of its document."""
    path: tuple[Key, ...]
    """In the document: empty unless that is a list."""
    old: Object
    new: Object


def rewritten(source: Source, changes: Sequence[Change]) -> str:
    """Return the text of a file after these changes.

    Raises:
        CannotEdit: it can't be had by edits at the places of what differs.
    """
    if not changes:
        return source.text
    edits = [edit for change in changes for edit in _edits(source, change)]
    text = apply(source.text, edits)
    if not _reads_as(text, _expected(source, changes)):
        raise CannotEdit("its text can't be edited piece by piece: write it in the usual form, a field a line")
    return text


def added(text: str, additions: Sequence[Addition], *, is_json: bool) -> str:
    """Return a text with more documents at its end."""
    end = line_end(text)
    documents = [text if text.endswith(("\n", "\r")) or not additions else f"{text}{end}"]
    for obj, comments in additions:
        if is_json:
            documents.append(json.dumps(obj, ensure_ascii=False, indent=2).replace("\n", end) + end)
        else:
            documents.append(end.join(["---", *comments, block(obj, 0, end), ""]))
    return "".join(documents)


def comments_in(source: Source, change: Change, field: str) -> list[str]:
    """Return the comments inside of a field of the spec; those beside its key and above it are not part of it."""
    if source.is_json:
        return []
    node = _node(source.marks[change.number], (*change.path, "spec", field))
    if not node.children:
        return []
    start, end = node.start, rest_of_line(source.text, node.end)
    text = source.text[start:end]
    for scalar in _scalars(node):
        text = f"{text[: scalar[0] - start]}{'x' * (scalar[1] - scalar[0])}{text[scalar[1] - start :]}"
    return re.findall(r"(?<!\S)#[^\r\n]*", text)


def _scalars(node: Node) -> Iterator[tuple[int, int]]:
    for child in node.children.values():
        if child.key_start >= 0:
            yield child.key_start, child.key_end
        if child.children:
            yield from _scalars(child)
        else:
            yield child.start, child.end


def _edits(source: Source, change: Change) -> list[Edit]:
    marked = source.marks[change.number]
    editor = Editor(source.text, marked, PLACEMENT, source.is_json)
    return list(editor.edits(_node(marked, change.path), change.old, change.new))


def _node(marked: Marked, path: Sequence[Key]) -> Node:
    node = marked.root
    for key in path:
        if node.anchor in marked.aliases or key not in node.children:
            raise CannotEdit("a YAML alias replaces it, or the mapping around it: write it out")
        node = node.children[key]
    return node


def _expected(source: Source, changes: Sequence[Change]) -> list[object]:
    """The documents of a file after the changes."""
    documents = copy.deepcopy(source.documents) if any(change.path for change in changes) else dict(source.documents)
    for change in changes:
        around: Any = documents
        for key in (change.number, *change.path)[:-1]:
            around = around[key]
        around[(change.number, *change.path)[-1]] = change.new
    return list(documents.values())


def _reads_as(text: str, documents: Sequence[object]) -> bool:
    try:
        found = [document for _, document in read(text)]
    except Unreadable:
        return False
    return len(found) == len(documents) and all(map(same, found, documents))
