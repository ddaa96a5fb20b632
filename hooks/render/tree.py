"""Objects as a tree: from a workload to what it needs and what was made for it, from a config to who uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import click
from pydantic import ValidationError

from hooks.api.kinds import BY_KIND, WORKLOADS
from hooks.api.meta import Model, secret_refs
from hooks.kubernetes import conditions
from hooks.kubernetes.kinds import CONFIG_MAP, SECRET
from hooks.kubernetes.objects import Object, controller_of
from hooks.references.table import REFERENCES, Reference
from hooks.text import one_line, shortened, where

GOOD, BAD, WAITING = "green", "red", "yellow"
_COLOURS = {
    **dict.fromkeys(("OK", "Ready", "Running", "there"), GOOD),
    **dict.fromkeys(("Failed", "NotReady", "Unknown", "missing"), BAD),
    **dict.fromkeys(("Pending", "Stopped", "Terminating", "Outdated", "unseen"), WAITING),
}
MISSING = "missing"
OUTDATED = "Outdated"
"""The state of an object whose status doesn't speak of its present spec."""
BAD_STATES = frozenset(state for state, colour in _COLOURS.items() if colour in (BAD, WAITING)) - {"unseen"}
"""States in which something isn't well, or not yet."""


@dataclass(frozen=True, slots=True)
class Node:
    """An object, and those under it."""

    name: str
    """`MCPServer team-a/weather` at the root, and without the namespace below it."""
    state: str = ""
    reason: str = ""
    message: str = ""
    field: str = ""
    """The field of the object above that names it."""
    children: tuple[Node, ...] = ()


@dataclass(slots=True)
class Objects:
    """The objects from which trees are made."""

    parents: dict[tuple[str, str, str], Object] = field(default_factory=dict)
    """Objects of our kinds by kind, namespace and name."""
    owned: dict[str, list[Object]] = field(default_factory=dict)
    """The objects that were made for others, by the uid of the owner."""
    state: Callable[[Object], tuple[str, str, str]] = lambda _: ("", "", "")
    """State, reason and message of an object that was made or is of our kinds."""
    look_up: Callable[[str, str, str], str] = lambda *_: ""
    """The state of a Secret or ConfigMap, by kind, namespace and name."""

    def own(self, objects: Iterable[Object]) -> None:
        """Take in objects by their controllers."""
        for obj in objects:
            owner = controller_of(obj)
            if owner:
                self.owned.setdefault(str(owner.get("uid")), []).append(obj)


def tree(parent: Object, objects: Objects) -> Node:
    """The tree of one of our objects."""
    users = [
        Node(_name(user), *objects.state(user), f"uses this in spec.{reference.field}")
        for reference, user in _users(parent, objects)
    ]
    named = one_line(f"{parent['kind']} {where(parent)}")
    return Node(named, *objects.state(parent), children=(*_below(parent, objects), *users))


def roots(parents: Mapping[tuple[str, str, str], Object]) -> list[Object]:
    """Return the objects that have a tree of their own: workloads, and configs to which none of them refers.

    Args:
        parents: objects of our kinds by kind, namespace and name.
    """
    workloads = {kind.kind for kind in WORKLOADS}
    used = {
        (reference.config.kind, namespace, reference.name_in(obj))
        for (kind, namespace, _), obj in parents.items()
        for reference in REFERENCES
        if reference.workload.kind == kind
    }
    return [obj for key, obj in parents.items() if key[0] in workloads or key not in used]


def lines(node: Node, *, width: int = 0, colour: bool = False) -> Iterator[str]:
    """A tree as text, a line for each node; with a width, messages are cut off there."""
    rows = list(_rows(node, "", ""))
    widest = max(len(branch) + len(each.name) for branch, each in rows)
    for branch, each in rows:
        named = f"{branch}{each.name}{' ' * (widest - len(branch) - len(each.name))}"
        said = ": ".join(filter(None, (each.reason, each.message)))
        noted = f"({each.field})" if each.field else ""
        text = one_line("  ".join(filter(None, (noted, said))))
        if width:
            text = shortened(text, max(width - widest - len(each.state) - 4, 10))
        state = click.style(each.state, fg=_COLOURS.get(each.state)) if colour and each.state else each.state
        yield f"{named}  {state}{'  ' if text else ''}{text}".rstrip()


def nodes(node: Node) -> Iterator[Node]:
    """A node and all under it."""
    yield node
    for child in node.children:
        yield from nodes(child)


def _rows(node: Node, first: str, rest: str) -> Iterator[tuple[str, Node]]:
    yield first, node
    for child in node.children:
        last = child is node.children[-1]
        yield from _rows(child, f"{rest}{'└─ ' if last else '├─ '}", f"{rest}{'   ' if last else '│  '}")


def _name(obj: Object) -> str:
    return one_line(f"{obj['kind']} {obj['metadata']['name']}")


def _below(parent: Object, objects: Objects) -> Iterator[Node]:
    """Yield the nodes below one of our objects: those that it needs, and those that were made for it."""
    yield from _needed(parent, objects)
    yield from _made(parent, objects)


def _needed(parent: Object, objects: Objects) -> Iterator[Node]:
    namespace = parent["metadata"].get("namespace") or "default"
    for reference in REFERENCES:
        name = reference.name_in(parent) if reference.workload.kind == parent["kind"] else None
        if name:
            config = objects.parents.get((reference.config.kind, namespace, name))
            at = f"spec.{reference.field}"
            if config is None:
                yield Node(f"{reference.config.kind} {name}", MISSING, field=at)
            else:
                yield Node(_name(config), *objects.state(config), at, tuple(_below(config, objects)))
    spec = readable_spec(parent)
    named: dict[tuple[str, str], list[str]] = {}
    for path, secret in secret_refs(spec) if spec else ():
        named.setdefault((SECRET.kind, secret.name), []).append(f"{path} wants key {secret.key}")
    for path, config_map in named_config_maps(spec) if spec else ():
        named.setdefault((CONFIG_MAP.kind, config_map), []).append(path)
    for (kind, name), paths in named.items():
        yield Node(one_line(f"{kind} {name}"), objects.look_up(kind, namespace, name), field=", ".join(paths))


def _made(parent: Object, objects: Objects) -> Iterator[Node]:
    for child in objects.owned.get(str(parent["metadata"].get("uid")), []):
        yield Node(_name(child), *objects.state(child), children=tuple(_made(child, objects)))


def _users(config: Object, objects: Objects) -> Iterator[tuple[Reference, Object]]:
    """Yield each workload that refers to a config, with the reference."""
    metadata = config["metadata"]
    for reference in REFERENCES:
        if reference.config.kind != config["kind"]:
            continue
        for (kind, namespace, _), obj in sorted(objects.parents.items()):
            same_place = namespace == (metadata.get("namespace") or "default")
            if kind == reference.workload.kind and same_place and reference.name_in(obj) == metadata["name"]:
                yield reference, obj


def readable_spec(parent: Object) -> Model | None:
    """Return the spec of one of our objects; None where its kind isn't ours, or its model can't read it."""
    kind = BY_KIND.get(parent["kind"])
    try:
        return kind.spec_model.parse(parent.get("spec")) if kind else None
    except ValidationError:
        return None


def named_config_maps(model: Model, path: str = "spec") -> Iterator[tuple[str, str]]:
    """Yield the path of each field of a spec that names a ConfigMap, with the name."""
    for name, info in type(model).model_fields.items():
        value, at = getattr(model, name), f"{path}.{info.alias}"
        if isinstance(value, Model):
            config_map = getattr(value, "name", None) if info.alias in ("configMap", "configMapRef") else None
            if isinstance(config_map, str):
                yield at, config_map
            yield from named_config_maps(value, at)


def ready_state(obj: Object) -> tuple[str, str, str]:
    """State, reason and message of one of our objects, by its status."""
    status, ready = obj.get("status") or {}, conditions.find(obj, "Ready") or {}
    word = {"True": "Ready", "False": "NotReady"}.get(ready.get("status", ""), "Unknown")
    state = str(status.get("phase") or word)
    good = ready.get("status") == "True"
    reason = "" if good else str(ready.get("reason") or ("" if status else "NoStatus"))
    message = "" if good else str(ready.get("message") or status.get("message") or "")
    return state, reason, message
