"""The text of a file in which some objects are others."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from hooks.convert.edits import CannotEdit, Edit, Editor, apply
from hooks.convert.layout import block, line_end
from hooks.convert.sources import Source
from hooks.convert.workload import PLACEMENT
from hooks.go_json import same
from hooks.kubernetes.objects import Object
from hooks.manifests.documents import Unreadable, read
from hooks.manifests.marks import Marked, marks


class Change(NamedTuple):
    """An object that becomes another."""

    number: int
    """Of its document."""
    path: tuple[str | int, ...]
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
    places = {marked.number: marked for marked in marks(source.text)}
    edits = [edit for change in changes for edit in _edits(source, places[change.number], change)]
    text = apply(source.text, edits)
    if not _reads_as(text, _expected(source, changes)):
        raise CannotEdit("its text can't be edited piece by piece: write it in the usual form, a field a line")
    return text


def added(text: str, objects: Sequence[Object], *, is_json: bool) -> str:
    """Return a text with more documents at its end."""
    end = line_end(text)
    for obj in objects:
        text = text if text.endswith(("\n", "\r")) else f"{text}{end}"
        if is_json:
            text += json.dumps(obj, ensure_ascii=False, indent=2).replace("\n", end) + end
        else:
            text += f"---{end}{block(obj, 0, end)}{end}"
    return text


def _edits(source: Source, marked: Marked, change: Change) -> list[Edit]:
    node = marked.root
    for key in change.path:
        if node.anchor in marked.aliases or key not in node.children or node.aliased:
            raise CannotEdit("a YAML alias stands for it, or for what it is in: write it out")
        node = node.children[key]
    return list(Editor(source.text, marked, PLACEMENT, source.is_json).edits(node, change.old, change.new))


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
