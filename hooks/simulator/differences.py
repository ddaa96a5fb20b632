"""Where two values differ, in words that hold neither of them."""

from __future__ import annotations

from typing import Any

from hooks.go_json import same
from hooks.metacontroller.last_applied import LAST_APPLIED


def differences(old: Any, new: Any, path: str = "") -> list[str]:
    """The paths at which two values differ, sorted: `status.conditions[0].message`.

    What was last applied is left out: it follows from the rest.
    """
    if same(old, new):
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            difference
            for key in sorted(old.keys() | new.keys())
            if key != LAST_APPLIED
            for difference in differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
        ]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            difference
            for number, (one, other) in enumerate(zip(old, new, strict=True))
            for difference in differences(one, other, f"{path}[{number}]")
        ]
    return [path]
