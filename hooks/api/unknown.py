"""Fields that a model doesn't know: which there are in what a user wrote, and what each may be called here."""

from __future__ import annotations

import difflib
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hooks.api.older_fields import REFERENCES, RENAMED

UNKNOWN = ("extra_forbidden", "invalid_key")
"""Pydantic's names for such a fault; the second one is for a key that is no string, which only YAML can have."""

_OTHER_NAMES = {"group": "groupRef", **RENAMED, **REFERENCES}
"""What other releases of ToolHive call a field, and its name where this one isn't known: MCPServers have both."""


def unknown_fields(model: type[BaseModel], data: object) -> list[ErrorDetails]:
    """Find the fields that a model, or one of the models in it, doesn't know.

    Args:
        model: of the whole.
        data: the parsed JSON.

    Returns:
        Pydantic's fault for each. A field that is null asks for nothing, and isn't among them.
    """
    try:
        model.model_validate(data, by_alias=True, by_name=False)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        return [fault for fault in faults if fault["type"] in UNKNOWN and fault["input"] is not None]
    return []


def complaint(model: type[BaseModel], place: tuple[int | str, ...]) -> str:
    """Say what is wrong with an unknown field, and what to do: the name that was meant, where one is likely.

    Args:
        model: of the whole.
        place: the field's path in it, as pydantic has it.
    """
    field, known = str(place[-1]), _fields_at(model, place[:-1])
    name = _OTHER_NAMES.get(field)
    if name in known:
        return f"is not a field that toolhive-hooks knows: it is called {name} now"
    alike = {_plain(name): name for name in known}
    near = difflib.get_close_matches(_plain(field), alike, n=1, cutoff=0.8)
    remedy = f"perhaps {alike[near[0]]} is meant" if near else "remove it, or correct its name"
    return f"is not a field that toolhive-hooks knows: {remedy}"


def _plain(name: str) -> str:
    """A name without capital letters, hyphens and underscores: `token_url` is meant for tokenUrl."""
    return name.replace("_", "").replace("-", "").lower()


def _fields_at(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """The fields, as JSON has them, of the model at this place."""
    there: Any = model
    for part in place:
        if isinstance(there, type) and issubclass(there, BaseModel):
            there = next(field.annotation for field in there.model_fields.values() if field.alias == part)
        else:
            there = get_args(there)[-1]  # the items of a list, or the values of a map
        if NoneType in get_args(there):
            there = next(choice for choice in get_args(there) if choice is not NoneType)
    return [str(field.alias) for field in there.model_fields.values()]
