"""What a YAML scalar means to Kubernetes: the rules of sigs.k8s.io/yaml, which differ from PyYAML's.

Its resolver (goyaml.v2/resolve.go) knows no base-60 numbers (`22:22`) and leaves timestamps as strings; it takes `1e3`
for a number and `y` for true.
"""

from __future__ import annotations

import math
import re
from typing import Any

from hooks import go_json

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF"), math.nan),
    **dict.fromkeys(("+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"), math.nan),
}
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))", re.ASCII)
_BASES = (16, 2, 8, 10)
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_TAG = "tag:yaml.org,2002:"
_TYPES: dict[str, tuple[type, ...]] = {
    f"{_TAG}bool": (bool,),
    f"{_TAG}int": (int,),
    f"{_TAG}float": (int, float),
    f"{_TAG}null": (type(None),),
}


class NotAValue(ValueError):
    """No value that JSON can hold. The text doesn't quote it."""


def scalar(event: Any) -> Any:
    """The value of a scalar event.

    Raises:
        NotAValue: JSON has no such value, or it isn't what its tag says.
    """
    plain, tag, text = event.implicit[0], event.tag, str(event.value)
    if plain:
        return resolve(text)
    if tag in (None, "!", f"{_TAG}str"):
        return text
    if tag not in _TYPES:
        raise NotAValue("no manifest has tags of its own")
    value = resolve(text)
    if not isinstance(value, _TYPES[tag]) or (isinstance(value, bool) and tag != f"{_TAG}bool"):
        raise NotAValue("a value isn't what its tag says")
    return value


def resolve(text: str) -> Any:
    """The value of a plain scalar: a string unless it looks like something else.

    Raises:
        NotAValue: JSON has no such value.
    """
    if text in _WORDS:
        value = _WORDS[text]
        return number(value) if isinstance(value, float) else value
    if text[0] not in "+-.0123456789":
        return text
    plain = text if text[0] == "." else text.replace("_", "")
    if len(plain) < 80 and (match := _INTEGER.fullmatch(plain)):
        sign, *bodies = match.groups()
        value = next(int(f"{sign}{body}", base) for body, base in zip(bodies, _BASES, strict=True) if body)
        if -(2**63) <= value < 2**64:
            return value
    if _DECIMAL.fullmatch(plain):
        return number(float(plain))
    return text


def number(value: float) -> int | float:
    """A float as Go's JSON gives it out (`go_json.number`).

    Raises:
        NotAValue: infinite, or not a number.
    """
    if not math.isfinite(value):
        raise NotAValue("a number that JSON can't hold")
    return go_json.number(value)


def key(value: Any) -> str:
    """A mapping's key: JSON has strings only, so numbers and booleans become what they are written as.

    Raises:
        NotAValue: null, or no scalar at all.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise NotAValue("a key isn't a string")
