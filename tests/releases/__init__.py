"""The fields of each release of ToolHive, from its CRDs: fields.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DATA: dict[str, Any] = json.loads(Path(__file__).with_name("fields.json").read_text())
RELEASES: list[str] = DATA["releases"]
NEWEST = RELEASES[-1]


def fields(kind: str, release: str) -> set[str]:
    """The paths in a kind's spec in a release; none where it had no such kind."""
    known: set[str] = set()
    changes = DATA["fields"][kind]
    for each in RELEASES[: RELEASES.index(release) + 1]:
        known |= set(changes.get(each, {}).get("added", ()))
        known -= set(changes.get(each, {}).get("removed", ()))
    return known


def gone(kind: str) -> dict[str, str]:
    """The fields that the newest release no longer has, each with the last release that had it."""
    now = fields(kind, NEWEST)
    last: dict[str, str] = {}
    for release in RELEASES:
        last |= dict.fromkeys(sorted(fields(kind, release) - now), release)
    return last
