"""No field is ignored in silence: another value of it changes what exists or what a status says, or the table says why.

Each kind's spec stands with every field set in a namespace with all that it refers to. Then each leaf in turn gets
another value, the whole is run offline, and children and statuses are compared, less the hashes of whole specs.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from hooks.api.crd import crds
from hooks.controllers import CONTROLLERS
from hooks.kubernetes.objects import Object
from hooks.simulator.admission import schemas_of
from hooks.simulator.run import render
from hooks.simulator.webhooks import in_process
from tests.unit.every_field import BASES, NO_EFFECT
from tests.unit.specs import Path, changed, paths, put
from tests.unit.structural import nodes, root
from tests.world import CONFIG, NOW

SERVED = [controller.parent.kind for controller in CONTROLLERS]
HOOKS = in_process(CONTROLLERS, CONFIG, NOW)
SCHEMAS = schemas_of(crds())


def outcome(manifests: list[Object]) -> Object:
    """Everything that the controllers make of these manifests, and say of them."""
    result = render(manifests, HOOKS, CONTROLLERS, SCHEMAS)
    return {
        "children": result.children,
        "statuses": [(parent["metadata"]["name"], _without_hashes(parent["status"])) for parent in result.parents],
        "failed": result.failed,
    }


def _without_hashes(status: Object) -> Object:
    return {key: value for key, value in status.items() if not key.endswith(("Hash", "Digest"))}


@functools.cache
def untouched(base: str) -> Object:
    return outcome(BASES[base].manifests)


def place(path: Path, schema: Object) -> str:
    """A path in the words of the schema: items of lists are [], keys of maps .*."""
    at = ""
    for step in path:
        if isinstance(step, int):
            at, schema = f"{at}[]", schema.get("items", {})
        elif step in schema.get("properties", {}):
            at, schema = f"{at}.{step}", schema["properties"][step]
        else:
            at, schema = f"{at}.*", schema.get("additionalProperties", {})
    return at


def others(value: Any, schema: Object) -> Iterator[Any]:
    """Other values that a leaf may have by its schema."""
    if "enum" in schema:
        yield from (choice for choice in schema["enum"] if choice != value)
    elif schema.get("x-kubernetes-preserve-unknown-fields"):
        yield {"spec": {"nodeSelector": {"other": "node"}}}
        yield {"policies": ["forbid(principal, action, resource);"]}
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (number for number in (value + 1, value - 1) if number <= schema.get("maximum", number))
    elif isinstance(value, str):
        yield from (f"{value}x", f"x{value}", "https://other.acme.test", "2m", "2", "other")


def leaves(kind: str) -> dict[str, Object]:
    """The schemas of a kind's leaves, by place."""
    return {
        at: node
        for at, node in nodes(root(kind)["properties"]["spec"])
        if not node.get("properties") and "items" not in node and not isinstance(node.get("additionalProperties"), dict)
    }


@functools.cache
def places(kind: str) -> dict[str, list[tuple[str, Path]]]:
    """The bases that set each leaf of a kind, and its path in their specs."""
    schema = root(kind)["properties"]["spec"]
    found: dict[str, list[tuple[str, Path]]] = {at: [] for at in leaves(kind)}
    for name, base in BASES.items():
        if base.kind == kind:
            for path in paths(base.spec):
                found.get(place(path, schema), []).append((name, path))
    return found


def has_effect(kind: str, base: str, at: str, path: Path) -> bool:
    """Whether some other value of a leaf makes another outcome."""
    spec: Any = BASES[base].spec
    value = functools.reduce(lambda holder, step: holder[step], path, spec)
    for other in others(value, leaves(kind)[at]):
        if outcome(BASES[base].with_spec(changed(spec, path, put(other)))) != untouched(base):
            return True
    return False


LEAVES = [(kind, at) for kind in SERVED for at in leaves(kind)]


@pytest.mark.parametrize("base", BASES)
def test_nothing_is_wrong_with_a_base_but_what_it_is_for(base: str) -> None:
    """A server that is Failed holds what it has, and then no field would change it."""
    assert [failure.reason for failure in untouched(base)["failed"]] == list(BASES[base].failed)


@pytest.mark.parametrize(("kind", "at"), LEAVES, ids=str)
def test_another_value_changes_something_or_the_table_says_why_not(kind: str, at: str) -> None:
    set_in = places(kind)[at]

    assert set_in, f"no base sets {kind}.spec{at}"
    effect = any(has_effect(kind, base, at, path) for base, path in set_in)
    assert effect == (f"{kind}.spec{at}" not in NO_EFFECT)


def test_the_table_names_fields_that_there_are() -> None:
    assert sorted(NO_EFFECT.keys() - {f"{kind}.spec{at}" for kind, at in LEAVES}) == []
