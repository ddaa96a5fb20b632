"""What the conversions of single fields have in common: the configs they ask for, and checks of what is there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from hooks.kubernetes.objects import Object


class NotConvertible(ValueError):
    """An object that has no form in the current fields. The text says why, with a remedy, and quotes no values."""


@dataclass(frozen=True)
class Wanted:
    """A config object that a field becomes; equal ones of a namespace are one object."""

    ref: str
    """The reference in the workload's spec."""
    kind: str
    name: str
    """Its name if one workload refers to it."""
    shared_name: str
    """Its name if several do."""
    spec: Object
    reference: Object = field(default_factory=dict)
    """Fields of the reference beside the name."""
    client_secret: str = ""
    """A secret that stood in clear, for a Secret of its own."""


_TYPES = {str: "a string", bool: "true or false", dict: "a mapping", list: "a list"}


def checked(value: Any, path: str, fields: Mapping[str, type]) -> Object:
    """Return a mapping without the fields that have no value.

    Raises:
        NotConvertible: it has a field that isn't among these, or a value of another type.
    """
    if not isinstance(value, dict):
        raise NotConvertible(f"{path} is no mapping")
    for key, inner in value.items():
        if key not in fields:
            raise NotConvertible(f"{path}.{key} is a field of no release: correct its name, or take it out")
        if inner is not None and not isinstance(inner, fields[key]):
            raise NotConvertible(f"{path}.{key} is not {_TYPES[fields[key]]}")
    return {key: inner for key, inner in value.items() if inner not in (None, "", [])}


def host(url: str) -> str:
    """Return the host of a URL, as an object's name can have it."""
    try:
        name = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:  # no address at all
        name = ""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "shared"
