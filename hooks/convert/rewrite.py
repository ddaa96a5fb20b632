"""The text of a file in which some objects are others."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from hooks.convert.comments import Comment, comments_in, with_comments
from hooks.convert.edits import CannotEdit, Edit, Editor, apply
from hooks.convert.layout import line_end
from hooks.convert.sources import Source
from hooks.convert.workload import PLACEMENT
from hooks.go_json import same
from hooks.kubernetes.objects import Object
from hooks.manifests.documents import Unreadable, read
from hooks.manifests.marks import Key, Marked, Node

_ENDS_WITH_MARK = re.compile(r"(?:\A|[\r\n])---[ \t]*[\r\n]+\Z")


class Addition(NamedTuple):
    """An object that is added."""

    obj: Object
    comments: list[Comment]
    """Those of the settings that became it."""


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
            mark = [] if _ENDS_WITH_MARK.search(documents[-1]) else ["---"]
            documents.append(end.join([*mark, with_comments(obj, comments, end), ""]))
    return "".join(documents)


def comments_of(source: Source, change: Change, field: str) -> list[Comment]:
    """Return the comments inside of a field of the spec."""
    if source.is_json:
        return []
    spec = _node(source.marks[change.number], (*change.path, "spec"))
    return list(comments_in(source.text, spec, field, change.old["spec"][field]))


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
