"""YAML and JSON documents as Kubernetes reads them, from untrusted files.

Built on the parser's events, not on PyYAML's constructors: those die on deep nesting (libyaml's composer overflows the
C stack), unfold aliases without bound, keep the last of two equal keys and turn unquoted dates into dates.
"""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from hooks.manifests.scalars import NotAValue, key, number, scalar
from hooks.strict_json import MAX_DEPTH

MAX_ALIASED = 100_000
"""What all aliases of a document may stand for: nodes, and strings by their length. Bounds a "billion laughs"."""

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CHARACTERS_PER_NODE = 32
_SPACE = re.compile(r"[ \t\r\n]*")
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


class Unreadable(ValueError):
    """A document that can't be read. The text says what and where, and quotes none of the document's values."""

    def __init__(self, number: int, problem: str, mark: Any = None) -> None:
        self.number, self.problem = number, problem
        self.line = mark.line + 1 if mark else None
        super().__init__(f"{problem} (line {self.line})" if mark else problem)


def read(text: str) -> Iterator[tuple[int, Any]]:
    """The documents of a text, each with its number, counted from 1; empty ones count, and are left out.

    A text that starts like a JSON object is read as JSON, and as YAML where that fails, as kubectl does it.

    Raises:
        Unreadable: one of them can't be read.
    """
    if text.lstrip().startswith("{"):
        with contextlib.suppress(json.JSONDecodeError):
            yield from list(_read_json(text))
            return
    yield from _read_yaml(text)


def _read_json(text: str) -> Iterator[tuple[int, Any]]:
    decoder = json.JSONDecoder(
        object_pairs_hook=_unique, parse_float=_json_number, parse_int=_json_number, parse_constant=_json_number
    )
    count, at = 0, after_space(text, 0)
    while at < len(text):
        count += 1
        try:
            value, end = decoder.raw_decode(text, at)
            _check(value, MAX_DEPTH)
        except NotAValue as error:
            raise Unreadable(count, str(error)) from None
        except RecursionError:
            raise Unreadable(count, _TOO_DEEP) from None
        yield count, value
        at = after_space(text, end)


def after_space(text: str, at: int) -> int:
    """Return where JSON's white space ends that begins here (RFC 8259, section 2)."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        names = [name for name, _ in pairs]
        raise NotAValue(f"the key {next(name for name in names if names.count(name) > 1)!r} is given twice")
    return unique


def _json_number(text: str) -> int | float:
    whole = int(text) if len(text) <= 20 and text.lstrip("-").isdigit() else None
    return whole if whole is not None and -(2**63) <= whole < 2**64 else number(float(text))


def _check(value: Any, depth: int) -> None:
    """Refuse what JSON's grammar allows and Kubernetes doesn't: deep nesting, and halves of surrogate pairs."""
    if not depth:
        raise NotAValue(_TOO_DEEP)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotAValue("a string isn't valid Unicode") from None
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check(name, depth)
            _check(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth - 1)


def _read_yaml(text: str) -> Iterator[tuple[int, Any]]:
    count, tree = 0, _Tree()
    try:
        for event in yaml.parse(text, Loader=LOADER):
            if isinstance(event, yaml.DocumentStartEvent):
                count, tree = count + 1, _Tree()
            elif isinstance(event, yaml.DocumentEndEvent):
                if tree.root is not None:
                    yield count, tree.root
                tree.done = True
            elif isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
                try:
                    tree.add(event)
                except NotAValue as error:
                    raise Unreadable(count, str(error), event.start_mark) from None
    except yaml.YAMLError as error:
        # Never str(error): it quotes the line, and with it what may be a secret.
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "no valid YAML"
        raise Unreadable(count + (tree.done or not count), problem, getattr(error, "problem_mark", None)) from None


@dataclass(slots=True)
class _Frame:
    """A mapping or list under construction."""

    value: dict[str, Any] | list[Any]
    anchor: str | None
    key: str | None = None
    merging: bool = False
    merged: list[dict[str, Any]] = field(default_factory=list)
    size: int = 1
    height: int = 1


@dataclass(slots=True)
class _Tree:
    """One document, built event by event."""

    root: Any = None
    done: bool = False
    stack: list[_Frame] = field(default_factory=list)
    anchors: dict[str, tuple[Any, int, int]] = field(default_factory=dict)
    aliased: int = 0

    def add(self, event: Any) -> None:
        """Take in the next event."""
        if isinstance(event, yaml.AliasEvent):
            self._place(*self._alias(event.anchor))
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        else:
            frame = self.stack.pop()
            for merged in frame.merged:
                frame.value = {**merged, **frame.value}  # type: ignore[dict-item]
            self._place(frame.value, frame.size, frame.height, frame.anchor)

    def _open(self, event: Any) -> None:
        mapping = isinstance(event, yaml.MappingStartEvent)
        if event.tag not in (None, "!", f"tag:yaml.org,2002:{'map' if mapping else 'seq'}"):
            raise NotAValue("no manifest has tags of its own")
        if len(self.stack) >= MAX_DEPTH:
            raise NotAValue(_TOO_DEEP)
        if self._wants_key():
            raise NotAValue("a key isn't a string")
        self.stack.append(_Frame({} if mapping else [], event.anchor))

    def _scalar(self, event: Any) -> None:
        if self._wants_key():
            frame = self.stack[-1]
            frame.merging = event.value == "<<" and event.implicit[0]
            frame.key = "<<" if frame.merging else key(scalar(event))
            if frame.key in frame.value:
                raise NotAValue(f"the key {frame.key!r} is given twice")
            if event.anchor:
                self.anchors[event.anchor] = (frame.key, 1, 0)
        else:
            self._place(scalar(event), 1 + len(event.value) // _CHARACTERS_PER_NODE, 0, event.anchor)

    def _wants_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None

    def _alias(self, anchor: str | None) -> tuple[Any, int, int]:
        if anchor is None or anchor not in self.anchors:
            raise NotAValue("an alias has no anchor that ends before it")
        value, size, height = self.anchors[anchor]
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            raise NotAValue("its aliases expand to more than any manifest needs")
        if len(self.stack) + height > MAX_DEPTH:
            raise NotAValue(_TOO_DEEP)
        return copy.deepcopy(value), size, height

    def _place(self, value: Any, size: int, height: int, anchor: str | None = None) -> None:
        """Put a finished value where it belongs."""
        if anchor:
            self.anchors[anchor] = (value, size, height)
        if not self.stack:
            self.root = value
            return
        frame = self.stack[-1]
        frame.size += size
        frame.height = max(frame.height, height + 1)
        if isinstance(frame.value, list):
            frame.value.append(value)
        elif frame.key is None:  # an alias in the place of a key
            frame.key = key(value)
            if frame.key in frame.value:
                raise NotAValue(f"the key {frame.key!r} is given twice")
        else:
            if frame.merging:
                frame.merged += _maps(value)
            else:
                frame.value[frame.key] = value
            frame.key, frame.merging = None, False


def _maps(value: Any) -> list[dict[str, Any]]:
    maps = value if isinstance(value, list) else [value]
    if not all(isinstance(each, dict) for each in maps):
        raise NotAValue("<< merges a value that isn't a mapping")
    return maps
