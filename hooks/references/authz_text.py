"""The text of an authorization configuration in a ConfigMap: JSON, or YAML that stays small and quick to read."""

from __future__ import annotations

import re
from typing import Any

import yaml

from hooks.strict_json import MAX_DEPTH, read_text

MAX_YAML = 128 << 10


class _Loader(yaml.CBaseLoader):
    """YAML in which true, false and short whole numbers are what they are in JSON, and every other scalar is a string.

    Times and long numbers take long to read.
    """


_Loader.add_implicit_resolver("bool", re.compile("^(true|false)$"), list("tf"))
_Loader.add_implicit_resolver("int", re.compile("^(0|-?[1-9][0-9]{0,14})$"), list("-0123456789"))
_Loader.add_constructor("bool", lambda _loader, node: node.value == "true")
_Loader.add_constructor("int", lambda _loader, node: int(node.value))


def parse_document(text: str) -> Any:
    """Return what a text holds, None where it is neither JSON nor YAML of this sort.

    A tenant writes it: no aliases, by which a little text becomes enormous, and a bound on depth and length.
    """
    document = read_text(text)
    if document is not None or len(text) > MAX_YAML:
        return document
    try:
        return yaml.load(text, Loader=_Loader) if _is_plain(text) else None  # noqa: S506  # makes plain values only
    except (yaml.YAMLError, ValueError):
        return None


def _is_plain(text: str) -> bool:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CBaseLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if isinstance(event, yaml.AliasEvent) or depth > MAX_DEPTH:
            return False
    return True
