"""Kustomize's patches: parts of objects, which say nothing whole that could be converted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hooks.api.meta import GROUP
from hooks.convert.objects import SERVED
from hooks.convert.sources import Source
from hooks.manifests.documents import Unreadable, read

_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_LISTS = ("patches", "patchesStrategicMerge", "patchesJson6902")


def leave_patches(files: Sequence[Source]) -> list[str]:
    """Leave those files alone that a kustomization beside them names as patches.

    Returns:
        Kustomizations that have patches of our kinds in themselves.
    """
    found = []
    by_path = {file.path.resolve(): file for file in files if file.path}
    for folder in sorted({path.parent for path in by_path}):
        for name in _NAMES:
            kustomization = folder / name
            if not kustomization.is_file():
                continue
            for patch in _patches(kustomization):
                path = _path(patch)
                file = by_path.get((folder / path).resolve()) if path else None
                if file and GROUP in file.text:
                    file.left, file.is_read, file.documents = "it is a Kustomize patch", False, {}
                elif not path and any(kind in str(patch) for kind in SERVED):
                    found.append(str(kustomization))
    return list(dict.fromkeys(found))


def _patches(kustomization: Path) -> Iterator[Any]:
    try:
        documents = [document for _, document in read(kustomization.read_text())]
    except (Unreadable, OSError, UnicodeDecodeError):
        return
    for document in documents:
        for key in _LISTS if isinstance(document, dict) else ():
            listed = document.get(key)
            yield from listed if isinstance(listed, list) else ()


def _path(patch: Any) -> str:
    """The file of a patch; empty for one that stands in the kustomization."""
    path = patch.get("path") if isinstance(patch, dict) else patch
    return path if isinstance(path, str) and "\n" not in path else ""
