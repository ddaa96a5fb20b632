"""Failures and warnings of a run as problems, each with the field of the manifest that it is about."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hooks.kubernetes.objects import Object
from hooks.manifests.problems import Place, Problem
from hooks.references.table import REFERENCES
from hooks.simulator.run import Failure

_FIELD = re.compile(r"\bspec(?:\.\w+|\[\d+\])+")


def failure_problem(failure: Failure, parents: Mapping[str, Object], places: Mapping[str, Place]) -> Problem:
    """A parent that ended Failed, at the field that its message names, or by which it refers to what fails.

    Args:
        failure: what the run says.
        parents: with their specs, by title.
        places: of the manifests, by title.
    """
    parent = parents.get(failure.parent)
    field = _reference(failure.message, parent) if parent else ""
    if not field:
        found = _FIELD.search(failure.message)
        field = found[0] if found else ""
    place = places.get(failure.parent)
    return Problem("failed", failure.message, failure.reason, failure.parent, field, place=place)


def warning_problem(warning: str, places: Mapping[str, Place]) -> Problem:
    """A warning of a run, which begins with the object that it is about."""
    named, _, message = warning.partition(": ")
    if named not in places:
        return Problem("warning", warning)
    return Problem("warning", message, object=named, place=places[named])


def _reference(message: str, parent: Object) -> str:
    """The field by which a workload refers to the config that a message is about."""
    for reference in REFERENCES:
        name = reference.name_in(parent) if reference.workload.kind == parent["kind"] else None
        if name and message.startswith(f"{reference.config.kind} '{name}'"):
            return f"spec.{reference.field}"
    return ""
