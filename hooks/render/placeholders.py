"""Placeholders in specs that nothing refuses: a cluster takes them as they are, and no author means them so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hooks.api.meta import GROUP
from hooks.api.texts import PLACEHOLDER_LEFT, has_placeholder
from hooks.kubernetes.objects import Object, raw_spec
from hooks.manifests.problems import Place, Problem
from hooks.text import title

_OTHER_LANGUAGES = {"podTemplateSpec", "policies", "entitiesJson", "config", "matcher", "description", "clientSecret"}
"""Fields of which the text may be a program's, or anything."""
_PROGRAMS = re.compile(r"spec\.(args\[|(.+\.)?env\[\d+\]\.value|.*\.annotations\.)")
_ENVSUBST = re.compile(r"\$\{[A-Z_][A-Z0-9_]*\}")
"""As Flux and envsubst have it; a program may read other forms itself."""


def left_in_place(objects: Iterable[Object], said: Iterable[Problem], places: Mapping[str, Place]) -> Iterator[Problem]:
    """Yield a warning for each value of a spec that still has a placeholder, and that no other problem names.

    Args:
        objects: manifests, ours among them.
        said: what else is wrong with them.
        places: of the manifests, by title.
    """
    told = [(problem.object, f"{problem.field} {problem.message}") for problem in said]
    for obj in objects:
        if obj["apiVersion"].partition("/")[0] != GROUP:
            continue
        named = title(obj)
        for path in _paths(raw_spec(obj), "spec"):
            if not any(of == named and path in text for of, text in told):
                yield Problem("warning", PLACEHOLDER_LEFT, "PlaceholderLeft", named, path, place=places.get(named))


def _paths(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in _OTHER_LANGUAGES:
                yield from _paths(inner, f"{path}.{key}")
    elif isinstance(value, list):
        if not (path == "spec.args" and "-c" in value):  # a shell's
            for index, inner in enumerate(value):
                yield from _paths(inner, f"{path}[{index}]")
    elif isinstance(value, str) and (_ENVSUBST.search(value) if _is_programs(path) else has_placeholder(value)):
        yield path


def _is_programs(path: str) -> bool:
    """Whether other programs read a value, which may have placeholders of their own, as Vault's agent does."""
    return _PROGRAMS.match(path) is not None
