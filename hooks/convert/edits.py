"""Edits of a text after which a document reads as another value, while every other character stays.

An Editor compares the old value with the new one and finds the edits for what differs, at the places that
`manifests.marks` found: a key is renamed or taken out, a value is replaced, a field is put in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from hooks.convert.layout import PLAIN, block, column, flow, line_end, line_start, rest_of_line
from hooks.go_json import same
from hooks.manifests.marks import Marked, Node


class CannotEdit(ValueError):
    """The text can't be edited without a change to something else. The text says why."""


class Edit(NamedTuple):
    """Characters to replace."""

    start: int
    end: int
    text: str


class Placement(NamedTuple):
    """The place of a new field."""

    instead: Mapping[str, str]
    """New fields, each with the old one whose place it takes."""
    after: Mapping[str, Sequence[str]]
    """New fields, each with those that it may follow; the first one that is there counts."""


def apply(text: str, edits: Sequence[Edit]) -> str:
    """Make these edits."""
    pieces, at = [], 0
    for edit in sorted(edits):
        pieces += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*pieces, text[at:]])


@dataclass(frozen=True)
class Editor:
    """Finds the edits of one document."""

    text: str
    marked: Marked
    placement: Placement
    is_json: bool

    def edits(self, node: Node, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Edit]:
        """Find the edits after which a mapping reads as another.

        Args:
            node: the mapping's place.
            old: the mapping as it reads.
            new: as it shall read.

        Raises:
            CannotEdit: aliases are in the way.
        """
        if same(old, new):
            return
        if node.anchor in self.marked.aliases:
            raise CannotEdit(f"a YAML alias (*{node.anchor}) repeats what must change: write it out in both places")
        renamed = {
            place: key
            for key, place in self.placement.instead.items()
            if key in new and key not in old and place in old and place not in new
        }
        for key, value in old.items():
            if key in renamed:
                yield from self._rename(node, key, renamed[key], value, new[renamed[key]])
            elif key in new and not same(value, new[key]):
                yield from self._change(node, key, value, new[key])
        yield from self._remove(node, [key for key in old if key not in new and key not in renamed])
        for key in new:
            if key not in old and key not in renamed.values():
                yield self._add(node, key, new[key])

    def _child(self, node: Node, key: str) -> Node:
        child = node.children.get(key)
        if child is None or child.aliased:
            raise CannotEdit(f"{key} is elsewhere, behind a YAML alias: write it out")
        return child

    def _replaceable(self, node: Node, key: str) -> Node:
        child = self._child(node, key)
        if named := self.marked.aliases.intersection(_anchors(child)):
            raise CannotEdit(f"a YAML alias (*{min(named)}) repeats the value of {key}: write it out in both places")
        return child

    def _change(self, node: Node, key: str, value: Any, new: Any) -> Iterator[Edit]:
        child = self._child(node, key)
        if value and new and isinstance(value, dict) and isinstance(new, dict):
            yield from self.edits(child, value, new)
        else:
            yield self._replace(node, key, new)

    def _rename(self, node: Node, key: str, new_key: str, value: Any, new: Any) -> Iterator[Edit]:
        child = self._child(node, key)
        name = self.text[child.key_start : child.key_end]
        yield Edit(child.key_start, child.key_end, name.replace(key, new_key))
        if not same(value, new):
            yield self._replace(node, key, new)

    def _replace(self, node: Node, key: str, new: Any) -> Edit:
        """Put another value in the place of a field's."""
        child, text = self._replaceable(node, key), self.text
        if isinstance(new, str) and text[child.start] in "'\"" and PLAIN.fullmatch(new):
            quote = text[child.start]
            return Edit(child.start, child.end, f"{quote}{new}{quote}")
        if node.flow or not isinstance(new, dict):
            wide = "\n" in text[child.start : child.end]
            return Edit(child.start, child.end, self._flow(new, child if wide else None))
        start = text.index(":", child.key_end) + 1
        end = child.end
        if child.children:
            end = rest_of_line(text, end)  # a comment there belongs to the value that is removed
        if re.search(r"[\r\n]", text[start : child.start]):
            start = rest_of_line(text, start)  # a comment there belongs to the key
        inner = column(text, child.key_start) + _indent(text, node)
        return Edit(start, end, f"{line_end(text)}{block(new, inner, line_end(text))}")

    def _add(self, node: Node, key: str, value: Any) -> Edit:
        """Put a field in, behind one that is there."""
        names = [name for name in node.children if isinstance(name, str) and name != "<<"]
        wanted = (name for name in self.placement.after.get(key, ()) if name in names)
        sibling = self._child(node, next(wanted, names[-1]))
        if not node.flow:
            end = rest_of_line(self.text, sibling.end)
            new_line = line_end(self.text)
            return Edit(end, end, f"{new_line}{block({key: value}, column(self.text, sibling.key_start), new_line)}")
        space = re.search(r"\s*\Z", self.text[: sibling.key_start])
        between = space[0] if space and sibling is not node.children[names[0]] else " "
        name = json.dumps(key) if self.is_json else key
        return Edit(sibling.end, sibling.end, f",{between or ' '}{name}: {self._flow(value, None)}")

    def _remove(self, node: Node, keys: Sequence[str]) -> Iterator[Edit]:
        """Take out fields; those that stand one after the other at once."""
        for key in keys:
            self._replaceable(node, key)
        children = list(node.children.values())
        names = list(node.children)
        for gone, run in groupby(range(len(names)), lambda at: names[at] in keys):
            if gone:
                positions = list(run)
                yield self._cut(node, children, positions[0], positions[-1])

    def _cut(self, node: Node, children: Sequence[Node], first: int, last: int) -> Edit:
        start, end = children[first].key_start, children[last].end
        following = children[last + 1] if last + 1 < len(children) else None
        if node.flow and first:
            return Edit(children[first - 1].end, end, "")
        at = line_start(self.text, start)
        if not node.flow and not self.text[at:start].strip():
            return Edit(at, rest_of_line(self.text, end, line_end=True), "")
        if following is None:
            raise CannotEdit("nothing would be left of a mapping")
        return Edit(start, following.key_start, "")

    def _flow(self, value: Any, around: Node | None) -> str:
        """A value on one line, or as JSON over several at the column of the field that it belongs to."""
        if not self.is_json:
            return flow(value)
        if around is None:
            return json.dumps(value, ensure_ascii=False)
        margin = " " * column(self.text, around.key_start)
        return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", f"{line_end(self.text)}{margin}")


def _anchors(node: Node) -> Iterator[str]:
    yield node.anchor
    for child in node.children.values():
        yield from _anchors(child)


def _indent(text: str, node: Node) -> int:
    """How much deeper than a mapping's key its fields stand."""
    first = next(iter(node.children.values()))
    return max(column(text, first.key_start) - column(text, node.key_start), 1) if node.key_start >= 0 else 2
