"""Comments inside of a setting that becomes an object: whose they are, and their places in the new object."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from hooks.convert.edits import Edit, apply
from hooks.convert.layout import block, line_start, rest_of_line
from hooks.go_json import same
from hooks.kubernetes.objects import Object
from hooks.manifests.marks import Key, Node, marks

_COMMENT = re.compile(r"(?<!\S)#[^\r\n]*")
_BLOCKS = {"kubernetes": "kubernetesServiceAccount", "configMap": "inline"}
"""Parts of oidcConfig that have another name in an MCPOIDCConfig."""


class Comment(NamedTuple):
    """One comment, with its #."""

    text: str
    path: tuple[Key, ...]
    """The setting that it is about, from the field on; empty for none."""
    value: Any
    """That setting's."""
    is_beside: bool
    """Whether it is behind the setting on its line, and not above it."""


def comments_in(text: str, around: Node, field: str, value: Any) -> Iterator[Comment]:
    """Find the comments inside of a field, as far as an edit takes them out with it: see `Editor`.

    Those beside the field's key and above it stay. In brackets, those behind its value do too.

    Args:
        text: of the whole file.
        around: the place of the mapping that has the field.
        field: its key.
        value: the field's.
    """
    node = around.children[field]
    settings = list(_settings(node, ()))
    if not settings:
        return
    start, end = node.start, node.end
    if not around.flow:
        on_its_line = line_start(text, start) <= node.key_end
        start, end = start if on_its_line else rest_of_line(text, node.key_end), rest_of_line(text, end)
    code = text[:end]
    for _, inner in settings:
        for at, to in ((inner.key_start, inner.key_end), (inner.start, inner.start if inner.children else inner.end)):
            code = f"{code[:at]}{'x' * (to - at)}{code[to:]}" if at >= 0 else code
    for match in _COMMENT.finditer(code, start):
        before = [path for path, inner in settings if line_start(text, match.start()) <= _begin(inner) < match.start()]
        after = [path for path, inner in settings if _begin(inner) > match.start()]
        path = (before[-1:] or after[:1] or [()])[0]
        yield Comment(match[0], path, _at(value, path), bool(before))


def with_comments(obj: Object, comments: Sequence[Comment], end: str) -> str:
    """Return an object as YAML, less the last line's end: each comment at its setting, or else above the object."""
    text, above = block(obj, 0, end), []
    [marked] = marks(text)
    edits = []
    for comment in comments:
        node = _counterpart(obj, marked.root, comment)
        if node is None:
            above.append(comment.text)
            continue
        at = rest_of_line(text, _begin(node)) if comment.is_beside else line_start(text, _begin(node))
        line = f"  {comment.text}" if comment.is_beside else f"{_margin(text, at)}{comment.text}{end}"
        edits.append(Edit(at, at, line))
    return end.join([*above, apply(text, edits)])


def _settings(node: Node, path: tuple[Key, ...]) -> Iterator[tuple[tuple[Key, ...], Node]]:
    for key, child in node.children.items():
        yield (*path, key), child
        yield from _settings(child, (*path, key))


def _begin(node: Node) -> int:
    return node.key_start if node.key_start >= 0 else node.start


def _margin(text: str, at: int) -> str:
    """Return the spaces with which a line begins."""
    line = text[at : rest_of_line(text, at)]
    return line[: len(line) - len(line.lstrip())]


def _at(value: Any, path: Sequence[Key]) -> Any:
    """Return what is at a path, None where nothing is."""
    for key in path:
        inside = (isinstance(value, dict) and key in value) or (
            isinstance(value, list) and isinstance(key, int) and key < len(value)
        )
        value = value[key] if inside else None
    return value


def _counterpart(obj: Object, root: Node, comment: Comment) -> Node | None:
    """Return the place of a comment's setting in the new object; None where it isn't there, or says something else."""
    if not comment.path:
        return None
    first, *rest = comment.path
    path = ("spec", "toolsFilter", first) if isinstance(first, int) else ("spec", _BLOCKS.get(first, first), *rest)
    found = _at(obj, path)
    is_map = isinstance(comment.value, dict) and isinstance(found, dict)
    if found is None or not (is_map or same(found, comment.value)):
        return None
    for key in path:
        root = root.children[key]
    return root
