"""A result for people: a table, or a tree for each object."""

from __future__ import annotations

from collections.abc import Container, Mapping

import click

from hooks.kubernetes.objects import Object
from hooks.render.tree import MISSING, Objects, lines, roots, tree
from hooks.simulator.run import Rendered, Result, ready_condition
from hooks.text import one_line, title, where

_COLOURS = {"OK": "green", "Failed": "red"}


def to_summary(result: Result, *, colour: bool = False) -> str:
    """For people: each parent with its state and message, and the names of its children.

    Offline no pod can run. So OK is what can be known: the spec is valid, and what it refers to is there.
    """
    failed = {failure.parent: failure.message for failure in result.failed}
    table: list[tuple[str, str, str]] = []
    kind = ""
    for each in result.rendered:
        if each.parent["kind"] != kind:
            kind = each.parent["kind"]
            table += [("", "", "")] if table else []
            table.append((kind, "STATUS", "MESSAGE"))
        table += _summary(each, failed)
    wide = [max((len(line[column]) for line in table), default=0) for column in (0, 1)]
    return "".join(
        f"{name:{wide[0]}}  {_row(state, message, wide[1], colour=colour)}".rstrip() + "\n"
        for name, state, message in table
    )


def to_tree(result: Result, there: Container[tuple[str, str, str]], *, colour: bool = False) -> str:
    """Each workload with what it needs and what is made for it; then the configs that none refers to.

    Args:
        result: of a run.
        there: the Secrets and ConfigMaps among the manifests, by kind, namespace and name.
        colour: whether states are coloured.
    """
    failed = {failure.parent: failure.message for failure in result.failed}
    objects = Objects(
        parents={(obj["kind"], obj["metadata"]["namespace"], obj["metadata"]["name"]): obj for obj in result.parents},
        owned={each.parent["metadata"]["uid"]: list(each.children) for each in result.rendered},
        state=lambda obj: ("", "", "") if "status" not in obj else _in_tree(obj, failed),
        look_up=lambda *identity: "there" if identity in there else MISSING,
    )
    shown = roots(objects.parents)
    trees = ("".join(f"{line}\n" for line in lines(tree(root, objects), colour=colour)) for root in shown)
    return "\n".join(trees)


def _in_tree(parent: Object, failed: Mapping[str, str]) -> tuple[str, str, str]:
    state, message = offline_state(parent, failed)
    return state, "", message


def _row(state: str, message: str, width: int, *, colour: bool) -> str:
    """State and message, the state padded, and in its colour."""
    painted = click.style(state, fg=_COLOURS[state]) if colour and state in _COLOURS else state
    return painted + f"{state:{width}}  {message}".rstrip()[len(state) :]


def _summary(rendered: Rendered, failed: Mapping[str, str]) -> list[tuple[str, str, str]]:
    parent, status = rendered.parent, rendered.parent.get("status", {})
    state, message = offline_state(parent, failed)
    name = one_line(where(parent))
    children = [(f"    {child['kind']}/{one_line(child['metadata']['name'])}", "", "") for child in rendered.children]
    return [(f"  {name}", one_line(state), one_line(message or str(status.get("url") or ""))), *children]


def offline_state(parent: Object, failed: Mapping[str, str]) -> tuple[str, str]:
    """Return the state of a parent after an offline run, OK or its phase, and the message that belongs to it."""
    if title(parent) in failed:
        return "Failed", failed[title(parent)]
    status, ready = parent.get("status", {}), ready_condition(parent)
    if ready.get("status") == "True" or status.get("phase") == "Pending":
        return "OK", ""
    return str(status.get("phase") or "Unknown"), str(status.get("message") or ready.get("message") or "")
