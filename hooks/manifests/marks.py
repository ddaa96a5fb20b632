"""Where each field of a document is in its text, for edits that leave every other character alone.

This is a second reading, after `documents.read` has taken the text in: what that refuses never comes here. The places
of YAML come from the same parser's events; those of JSON from a scan of its own, since libyaml refuses some JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from hooks.manifests.documents import LOADER, after_space
from hooks.manifests.scalars import NotAValue, key, scalar

Key: TypeAlias = str | int

_DECODER = json.JSONDecoder()


@dataclass(slots=True)
class Node:
    """A value's place in a text, and the places of what is in it."""

    start: int
    end: int = 0
    """After its last character; blank lines and comments behind it are not part of it."""
    key_start: int = -1
    """Where its key begins; -1 for what has no key."""
    key_end: int = -1
    flow: bool = False
    """Whether it is a mapping or list in brackets."""
    anchor: str = ""
    """The name by which aliases can refer to it."""
    aliased: bool = False
    """Whether it is an alias: the value is elsewhere."""
    children: dict[Key, Node] = field(default_factory=dict)


@dataclass(slots=True)
class Marked:
    """The places of one document."""

    number: int
    """As `documents.read` counts it."""
    root: Node
    aliases: set[str] = field(default_factory=set)
    """The anchors that its aliases name."""


def marks(text: str) -> Iterator[Marked]:
    """Find the places in all documents of a text that `documents.read` can read; empty ones are among them."""
    yield from _json_marks(text) if is_json(text) else _yaml_marks(text)


def is_json(text: str) -> bool:
    """Whether `documents.read` reads a text as JSON."""
    if not text.lstrip().startswith("{"):
        return False
    try:
        list(_json_marks(text))
    except (json.JSONDecodeError, IndexError):
        return False
    return True


def _yaml_marks(text: str) -> Iterator[Marked]:
    count, reader = 0, _Reader(text)
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.DocumentStartEvent):
            count, reader = count + 1, _Reader(text)
        elif isinstance(event, yaml.DocumentEndEvent):
            if reader.root is not None:
                yield Marked(count, reader.root, reader.aliases)
        elif isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            reader.add(event)


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end hasn't come yet."""

    node: Node
    is_list: bool
    key: tuple[str, Node] | None = None


@dataclass(slots=True)
class _Reader:
    """One YAML document, event by event."""

    text: str
    root: Node | None = None
    stack: list[_Open] = field(default_factory=list)
    aliases: set[str] = field(default_factory=set)

    def add(self, event: Any) -> None:
        """Take in the next event."""
        if hasattr(event, "anchor"):
            self._begin(event)
        else:
            node = self.stack.pop().node
            node.end = event.end_mark.index if node.flow else max(child.end for child in node.children.values())

    def _begin(self, event: Any) -> None:
        node = Node(event.start_mark.index, event.end_mark.index, aliased=isinstance(event, yaml.AliasEvent))
        outer = self.stack[-1] if self.stack else None
        if isinstance(event, yaml.ScalarEvent):
            node.end = node.start + len(self.text[node.start : node.end].rstrip())
        if node.aliased:
            self.aliases.add(event.anchor)
        else:
            node.anchor = event.anchor or ""
        if outer and not outer.is_list and outer.key is None:
            outer.key = (_key_of(event), node)
            return
        self._place(outer, node)
        if isinstance(event, yaml.CollectionStartEvent):
            node.flow = bool(event.flow_style)
            self.stack.append(_Open(node, isinstance(event, yaml.SequenceStartEvent)))

    def _place(self, outer: _Open | None, node: Node) -> None:
        if outer is None:
            self.root = node
        elif outer.is_list:
            outer.node.children[len(outer.node.children)] = node
        elif outer.key is not None:
            name, place = outer.key
            node.key_start, node.key_end = place.start, place.end
            outer.node.children[name], outer.key = node, None


def _key_of(event: Any) -> str:
    """The key as `documents.read` has it; an alias is no key that anything is looked up by.

    Raises:
        NotAValue: a mapping or list, which `documents.read` refuses too.
    """
    if isinstance(event, yaml.AliasEvent):
        return f"*{event.anchor}"
    if not isinstance(event, yaml.ScalarEvent):
        raise NotAValue("a key isn't a string")
    return "<<" if event.value == "<<" and event.implicit[0] else key(scalar(event))


def _json_marks(text: str) -> Iterator[Marked]:
    count, at = 0, after_space(text, 0)
    while at < len(text):
        count += 1
        node = _json_node(text, at)
        yield Marked(count, node)
        at = after_space(text, node.end)


def _json_node(text: str, at: int) -> Node:
    if text[at] not in "{[":
        return Node(at, _DECODER.raw_decode(text, at)[1])
    node = Node(at, flow=True)
    closing = "}" if text[at] == "{" else "]"
    at = after_space(text, at + 1)
    while text[at] != closing:
        name: Key = len(node.children)
        key_start = key_end = -1
        if closing == "}":
            key_start, (name, key_end) = at, _DECODER.raw_decode(text, at)
            at = after_space(text, after_space(text, key_end) + 1)  # behind the colon
        child = _json_node(text, at)
        child.key_start, child.key_end = key_start, key_end
        node.children[name] = child
        at = after_space(text, child.end)
        at = after_space(text, at + 1) if text[at] == "," else at
    node.end = at + 1
    return node
