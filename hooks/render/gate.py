"""What a cluster would refuse of these manifests: at least what `kubectl apply` with strict validation does."""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from hooks.api.errors import spec_errors
from hooks.api.kinds import BY_KIND, RESOURCES, CustomResource
from hooks.api.meta import GROUP
from hooks.kubernetes.objects import Object
from hooks.manifests.problems import Level, Place, Problem
from hooks.text import some, title

NOT_SERVED = _KIND_UNKNOWN, _VERSION_UNKNOWN = "KindNotServed", "VersionNotServed"
"""The reasons of what no cluster serves."""


@dataclass(slots=True)
class Gated:
    """The manifests that a run looks at, and what is wrong with them and the others."""

    objects: list[Object] = field(default_factory=list)
    """All that can be looked at, refused ones too, so that a reference to one says why it fails."""
    ours: int = 0
    """The number of objects of our kinds, refused ones too."""
    refused: set[str] = field(default_factory=set)
    """Those that a cluster would refuse, by `title`."""
    problems: list[Problem] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    """The place of each manifest, by `title`."""


def gate(manifests: Iterable[tuple[Object, Place]], *, unnamed: Container[str], lenient: bool) -> Gated:
    """Look at each object as an API server does that is asked for strict validation.

    Args:
        manifests: the objects with their places.
        unnamed: the titles of those that have a name which no API server takes; they don't go on.
        lenient: kinds and versions that aren't served are warned of. A spec's faults stay errors: a field that got
            lost may have asked for protection.
    """
    gated = Gated()
    versions = _served_versions()
    for obj, place in manifests:
        group, _, version = obj["apiVersion"].rpartition("/")
        gated.places.setdefault(title(obj), place)
        if group != GROUP:
            gated.objects += [] if title(obj) in unnamed else [obj]
            continue
        kind = BY_KIND.get(obj["kind"])
        if kind is None or version not in versions[kind.kind]:
            gated.problems.append(_not_served(obj, versions, place, "warning" if lenient else "error"))
            continue
        gated.ours += 1
        gated.objects += [] if title(obj) in unnamed else [{**obj, "apiVersion": kind.api_version}]
        faults = list(_faults(kind, obj, place))
        gated.problems += faults
        gated.refused |= {title(obj)} if faults else set()
    return gated


def unknown_fields(gated: Gated, unknown: dict[str, list[str]], *, lenient: bool) -> Iterator[Problem]:
    """The fields that no schema knows and that no other fault names: those beside the spec, and those that are null.

    Args:
        gated: what was found so far; objects with such a field are refused too.
        unknown: the paths of fields that schemas don't know, by title.
        lenient: these are warned of.
    """
    said = {(problem.object, problem.field) for problem in gated.problems}
    for named, paths in unknown.items():
        for path in paths:
            if (named, path) in said:
                continue
            text = f"is not a field of {named.partition(' ')[0]}: remove it, or correct its name"
            level: Level = "warning" if lenient else "error"
            yield Problem(level, text, "FieldUnknown", named, path, place=gated.places.get(named))
            gated.refused |= set() if lenient else {named}


def _served_versions() -> dict[str, list[str]]:
    """The served versions of each of our kinds; first the one in which objects are stored, which is to be written."""
    return {kind.kind: [version.rpartition("/")[2] for version in kind.api_versions] for kind in RESOURCES}


def _not_served(obj: Object, versions: dict[str, list[str]], place: Place, level: Level) -> Problem:
    kind, version = obj["kind"], obj["apiVersion"].rpartition("/")[2]
    if kind in versions:
        message = f"version {version} of {kind} is not served: write {GROUP}/{versions[kind][0]}"
        return Problem(level, message, _VERSION_UNKNOWN, title(obj), "apiVersion", place=place)
    near = difflib.get_close_matches(kind, versions, n=1, cutoff=0.7)
    perhaps = f"perhaps {near[0]} is meant; " if near else ""
    served = ", ".join(f"{name} ({', '.join(served)})" for name, served in versions.items())
    message = f"{kind} is not a kind of {GROUP} that is served: {perhaps}there are {served}"
    return Problem(level, message, _KIND_UNKNOWN, title(obj), "kind", place=place)


def _faults(kind: CustomResource, obj: Object, place: Place) -> Iterator[Problem]:
    """Yield a problem for each thing that the schema and the rules of a kind refuse."""
    named, name = title(obj), obj["metadata"]["name"]
    broken = [rule.message.removeprefix("metadata.name ") for rule in kind.name_rules if not rule.holds(name)]
    if broken:
        yield Problem("error", some(broken, "; "), "NameInvalid", named, "metadata.name", place=place)
    try:
        kind.spec_model.parse(obj.get("spec"))
    except ValidationError as error:
        for line in spec_errors(error, kind.spec_model):
            path, colon, text = line.partition(": ")
            message, at = (text, path) if colon else (line, "spec")
            unknown = "is not a field" in message
            yield Problem("error", message, "FieldUnknown" if unknown else "SpecInvalid", named, at, place=place)
