"""What of the given folders isn't converted, and may have to be changed by hand: charts, patches, kustomizations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from hooks.api.meta import GROUP
from hooks.convert.objects import SERVED
from hooks.manifests.problems import Problem

BY_HAND = "convert by hand what it sets"


def left_out(notes: Sequence[Problem]) -> Iterator[str]:
    """Return what is to be said about the files that were left out, as far as they are about our kinds.

    Args:
        notes: those of `files_under`.
    """
    for note in notes:
        file = Path(note.file)
        if note.reason == "HelmChart" and any(GROUP in _text(part) for part in sorted(file.parent.rglob("*.y*ml"))):
            yield f"{file.parent}: it is a Helm chart: convert what it renders, and carry that over"
        elif note.reason == "Patch" and GROUP in _text(file):
            yield f"{file}: it is a Kustomize patch: {BY_HAND}"
        elif note.reason == "Kustomization":
            yield from _of_kustomization(file)


def _of_kustomization(file: Path) -> Iterator[str]:
    text = _text(file)
    if "patch" in text and any(kind in text for kind in SERVED):
        yield f"{file}: it has patches of our kinds in itself: {BY_HAND}"
    if "namePrefix" in text or "nameSuffix" in text:
        yield f"{file}: it renames objects, but no references to new ones: give it nameReferences"


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
