"""requirements/: a clean clone installs whatever was released since."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).parents[2] / "requirements/dev.txt"
LOCKED = {
    canonicalize_name(name): set(filter(None, extras.split(",")))
    for name, extras in re.findall(r"^([\w.-]+)(?:\[([\w.,-]+)\])?==", LOCK.read_text(), re.MULTILINE)
}


def asked(name: str) -> list[Requirement]:
    """What an installed package requires here, of itself."""
    try:
        texts = requires(name) or []
    except PackageNotFoundError:  # not for this platform
        return []
    found = [Requirement(text) for text in texts]
    return [
        requirement for requirement in found if not requirement.marker or requirement.marker.evaluate({"extra": ""})
    ]


def test_extras_that_a_locked_package_asks_for_are_locked_with_it() -> None:
    """pip before 23.3 takes `coverage[toml]` for another package than a locked `coverage`, and wants its newest."""
    missing = [
        f"{name} asks for {requirement}"
        for name in LOCKED
        for requirement in asked(name)
        if not requirement.extras <= LOCKED.get(canonicalize_name(requirement.name), set())
    ]

    assert "coverage" in LOCKED
    assert missing == []
