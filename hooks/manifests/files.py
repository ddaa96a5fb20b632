"""The files under a path that hold manifests, and what is said about those that don't."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from hooks.manifests.documents import Unreadable, read
from hooks.manifests.problems import Problem

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_SUFFIXES = (".yaml", ".yml", ".json")
_PATCH_LISTS = ("patches", "patchesStrategicMerge", "patchesJson6902", "replacements", "configurations", "transformers")
_HARMLESS = {"apiVersion", "kind", "metadata", "resources"}


def files_under(path: Path, ignore: Sequence[str], notes: list[Problem]) -> list[Path]:
    """Return the manifests under a folder, sorted by path; of a file, the file itself.

    Left out, with a note, are Helm charts and what a kustomization lists as patches; without one, kustomizations
    that do no more than list files, and hidden entries.

    Args:
        path: a file or a folder.
        ignore: patterns of paths and names to leave out.
        notes: gets what is left out.

    Raises:
        OSError: it isn't there, or can't be read.
    """
    if not path.is_dir():
        if path.name in KUSTOMIZATIONS:
            notes.append(_of_kustomization(path))
            return []
        return [path]
    found: list[Path] = []
    patches: set[Path] = set()
    for folder, subfolders, names in os.walk(path, onerror=_raise):
        here = Path(folder)
        if "Chart.yaml" in names:
            message = f"left out: a Helm chart. To read it: helm template {here} | toolhive-hooks render -"
            notes.append(Problem("note", message, "HelmChart", file=str(here / "Chart.yaml")))
            subfolders.clear()
            continue
        subfolders[:] = [
            name for name in sorted(subfolders) if not name.startswith(".") and not _ignored(here / name, ignore)
        ]
        for name in sorted(set(names) & set(KUSTOMIZATIONS)):
            patches |= _kustomization(here / name, notes)
        found += [
            here / name
            for name in names
            if name.endswith(_SUFFIXES) and not name.startswith(".") and name not in KUSTOMIZATIONS
        ]
    kept = []
    for file in sorted(found, key=lambda file: file.parts):
        if _ignored(file, ignore) or not file.is_file():
            continue
        if Path(os.path.normpath(file)) in patches:
            notes.append(Problem("note", "left out: a patch of a kustomization, no manifest", "Patch", file=str(file)))
        else:
            kept.append(file)
    return kept


def _of_kustomization(file: Path) -> Problem:
    message = f"left out: a kustomization, which changes what is in its files. To read it: render -k {file.parent}"
    return Problem("note", message, "Kustomization", file=str(file))


def _kustomization(file: Path, notes: list[Problem]) -> set[Path]:
    """The files that a kustomization doesn't take as manifests; a note where it does more than list manifests."""
    try:
        documents: list[Any] = [document for _, document in read(file.read_text("utf-8-sig"))]
    except (OSError, UnicodeDecodeError, Unreadable):
        documents = []
    found: set[Path] = set()
    for document in documents:
        if not isinstance(document, dict):
            continue
        resources = document.get("resources") or []
        elsewhere = isinstance(resources, list) and any(str(each).startswith("..") for each in resources)
        if document.keys() - _HARMLESS or elsewhere:
            notes.append(_of_kustomization(file))
        names = (name for key in _PATCH_LISTS for name in _paths(document.get(key)))
        found |= {Path(os.path.normpath(file.parent / name)) for name in names}
    return found


def _paths(listed: Any) -> Iterator[str]:
    for each in listed if isinstance(listed, list) else []:
        path = each.get("path") if isinstance(each, dict) else each
        if isinstance(path, str) and "\n" not in path:
            yield path


def _ignored(path: Path, patterns: Sequence[str]) -> bool:
    """Whether a pattern matches a path, its end, or its name."""
    text = path.as_posix()
    return any(
        fnmatchcase(text, pattern) or fnmatchcase(path.name, pattern) or fnmatchcase(text, f"*/{pattern}")
        for pattern in (given.rstrip("/") for given in patterns)
    )


def _raise(error: OSError) -> None:
    raise error
