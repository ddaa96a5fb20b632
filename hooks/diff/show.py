"""A child as it is beside the child as it would be, as text."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

import click

from hooks.go_json import same
from hooks.kubernetes.kinds import CONFIG_MAP
from hooks.kubernetes.objects import SERVER_SET_METADATA, Object
from hooks.render.output import dump, presentable

_COLOURS = {"-": "red", "+": "green", "@": "cyan"}
_STRING = r'"(?:[^"\\]|\\.)*"'
_FIELD = re.compile(rf'({_STRING})(\s*:\s*)("(?:[^"\\]|\\.)+")')
_IN_CLEAR = re.compile(
    rf'"ClientSecret"\s*:\s*{_STRING}|(?<="headers")\s*:\s*\{{(?:\s*{_STRING}\s*:\s*{_STRING}\s*,?)*'
)
"""The secrets that a RunConfig may have in clear: a client secret, and headers for a telemetry collector."""


def sendable(obj: Object, *, new: bool) -> Object:
    """An object as Metacontroller would send it; without resourceVersion, since nothing is stored."""
    unwanted = {"resourceVersion", "managedFields", *(SERVER_SET_METADATA if new else ())} - {"ownerReferences"}
    metadata = {key: value for key, value in obj["metadata"].items() if key not in unwanted}
    return {**obj, "metadata": metadata}


def is_shown_the_same(old: Object, new: Object) -> bool:
    """Whether a difference, if there is one, is only in what isn't shown."""
    return same(_shown(old), _shown(new))


def unified(name: str, old: Object | None, new: Object | None) -> list[str]:
    """The unified difference of an object; None for one that isn't there. Empty where nothing differs."""
    changed = _secrets(old).items() ^ _secrets(new).items()
    names = {name for name, _ in changed}
    before, after = (
        dump(_shown(_masked(obj, names, mark))).splitlines(keepends=True) if obj else []
        for obj, mark in ((old, "*** (before)"), (new, "*** (after)"))
    )
    text = "".join(difflib.unified_diff(before, after, f"live {name}", f"hooks {name}"))
    return [text] if text else []


def coloured(text: str) -> str:
    """A unified difference as a terminal shows it."""
    lines = text.splitlines(keepends=True)
    head = [click.style(line, bold=True) for line in lines[:2]]
    return "".join([*head, *(click.style(line, fg=_COLOURS.get(line[0])) for line in lines[2:])])


def _shown(obj: Object) -> Object:
    """An object without status, and without what the API server, Metacontroller and owners note on it."""
    return presentable({key: value for key, value in obj.items() if key != "status"})


def _secrets(obj: Object | None) -> dict[str, tuple[str, ...]]:
    """The values that aren't shown, by their names; a RunConfig has some of them twice."""
    found: dict[str, tuple[str, ...]] = {}
    for text in _texts(obj).values():
        for part in _IN_CLEAR.findall(text):
            for name, _, value in _FIELD.findall(part):
                found[name] = (*found.get(name, ()), value)
    return found


def _masked(obj: Object, changed: Collection[str], mark: str) -> Object:
    """An object without these values; those that change have a mark."""

    def field(found: re.Match[str]) -> str:
        name, colon = found[1], found[2]
        return f'{name}{colon}"{mark if name in changed else "***"}"'

    texts = {key: _IN_CLEAR.sub(lambda part: _FIELD.sub(field, part[0]), text) for key, text in _texts(obj).items()}
    return {**obj, "data": texts} if texts else obj


def _texts(obj: Object | None) -> dict[str, str]:
    """The data of a ConfigMap."""
    return (obj.get("data") or {}) if obj and obj["kind"] == CONFIG_MAP.kind else {}
