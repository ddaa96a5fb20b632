"""What is wrong with a spec, said to its author: the place, and what must stand there."""

from __future__ import annotations

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hooks.api import unknown
from hooks.api.meta import Model
from hooks.api.scalars import BASE_URL, DURATION, HTTP_URL, QUANTITY
from hooks.text import shortened

_PATTERNS = {
    QUANTITY: "a quantity such as '500m', '1.5' or '256Mi'",
    HTTP_URL: "an http:// or https:// URL",
    BASE_URL: "an http:// or https:// URL without query, fragment and a slash at its end",
    DURATION: "a duration such as '30s', '1m30s' or '1.5h'",
}
_TYPES = {
    "bool_type": "true or false",
    "dict_type": "an object",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "an object",
    "string_type": "a string",
}
_BOUNDS = {
    "greater_than_equal": "must be at least {}, is {}",
    "less_than_equal": "must be at most {}, is {}",
    "string_too_long": "must have {} or fewer characters",
    "string_too_short": "must have {} or more characters",
    "too_long": "must have {} or fewer items",
    "too_short": "must have {} or more items",
}
_MAX_LINES, _MAX_LINE, _MAX_PART = 20, 300, 60


def spec_errors(error: ValidationError, model: type[Model]) -> list[str]:
    """What is wrong with a spec: see `fault_lines`.

    Args:
        error: what `parse` raised.
        model: the spec's.
    """
    return fault_lines(error.errors(include_url=False), model)


def fault_lines(faults: list[ErrorDetails], model: type[Model]) -> list[str]:
    """What is wrong with a spec, one line for each fault: where it is, and what must stand there.

    A line has a value only where that is a number, a bool or one of an enumeration: any other could be a secret.

    Args:
        faults: what pydantic found.
        model: the spec's.

    Returns:
        20 lines of 300 characters at most, by place: the same for the same faults. Together they fit a condition.
    """
    faults = sorted(faults, key=lambda fault: [(isinstance(part, str), part) for part in fault["loc"]])
    lines = []
    for fault in faults[:_MAX_LINES]:
        is_unknown = fault["type"] in unknown.UNKNOWN
        complaint = unknown.complaint(model, fault["loc"]) if is_unknown else _complaint(fault)
        lines.append(shortened(f"{path(fault['loc'])}: {complaint}", _MAX_LINE))
    unsaid = len(faults) - len(lines)
    return [*lines[:-1], f"and {unsaid + 1} more"] if unsaid else lines


def path(loc: tuple[int | str, ...]) -> str:
    """The place as a JSON path: `spec.env[2].name`; a map's key that is no plain word is in brackets and quotes."""
    text = "spec"
    for part in loc:
        if part == "[key]":  # pydantic's mark of a map key that is no string, which only YAML can have
            continue
        plain = isinstance(part, str) and part.isidentifier() and len(part) <= _MAX_PART
        text += f".{part}" if plain else f"[{part}]" if isinstance(part, int) else f"[{shortened(part, _MAX_PART)!r}]"
    return text


def _complaint(fault: ErrorDetails) -> str:
    kind, found, context = fault["type"], fault["input"], fault.get("ctx", {})
    if kind == "missing":
        return "is required"
    if kind == "rule":
        return str(context["message"])
    if found is None:
        return "must not be null"
    if kind == "literal_error":
        choices = context["expected"].replace(" or ", ", ")
        return f"must be {'one of ' if ', ' in choices else ''}{choices}, is {_shown(found)}"
    if kind in _BOUNDS:
        bound = next(iter(context[key] for key in ("ge", "le", "min_length", "max_length") if key in context))
        return _BOUNDS[kind].format(bound, _shown(found))
    if kind == "string_pattern_mismatch":
        return f"must be {_PATTERNS.get(context['pattern'], 'of the form ' + context['pattern'])}"
    if kind in _TYPES:
        showable = kind in ("int_type", "bool_type") and not isinstance(found, str)
        return f"must be {_TYPES[kind]}, is {_shown(found) if showable else _type(found)}"
    return "is not valid"


def _shown(value: object) -> str:
    """A value of a number, bool or enum field, cut short."""
    if isinstance(value, str):
        return repr(shortened(value, _MAX_PART))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 1 << 64):
        return str(value)
    return _type(value)


def _type(value: object) -> str:
    """What JSON calls the type of a value."""
    if isinstance(value, bool):
        return "a boolean"
    names = {str: "a string", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "something else")
