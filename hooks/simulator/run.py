"""The offline run: manifests in, every parent synced until nothing changes, what a cluster would hold out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from hooks.kubernetes import conditions
from hooks.kubernetes import kinds as known
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object
from hooks.metacontroller.controller import Controller
from hooks.simulator.admission import Schemas, admit
from hooks.simulator.cluster import Cluster, Key, key_of
from hooks.simulator.sync import Metacontroller, Outcome, sync
from hooks.simulator.webhooks import HookError, Hooks
from hooks.text import some, title

MAX_ROUNDS = 20
"""Rounds that may pass until nothing changes: a good set of manifests takes three or four."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A parent that ended Failed: by the phase of its status, or by Ready being False where there is no phase."""

    parent: str
    """`MCPServer default/github`"""
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """One parent, with its status, and its children by kind and name."""

    parent: Object
    children: tuple[Object, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a run. Objects are as the cluster has them."""

    rendered: tuple[Rendered, ...] = ()
    """By kind, namespace and name of the parent."""
    failed: tuple[Failure, ...] = ()
    warnings: tuple[str, ...] = ()
    unknown: Mapping[str, list[str]] = field(default_factory=dict)
    """The paths of fields that no schema knows, by `title`."""

    @property
    def parents(self) -> list[Object]:
        """The parents with their status."""
        return [each.parent for each in self.rendered]

    @property
    def children(self) -> list[Object]:
        """All parents' children."""
        return [child for each in self.rendered for child in each.children]


class NoFixedPoint(RuntimeError):
    """Some parents are never done: in a cluster they would be synced for ever."""

    def __init__(self, changes: dict[str, list[str]], result: Result) -> None:
        """Name the parents that keep changing, and what changes.

        Args:
            changes: what the last round changed, by parent.
            result: the objects after it.
        """
        texts = [f"{parent} keeps changing {some(paths)}" for parent, paths in changes.items()]
        super().__init__(f"no fixed point in {MAX_ROUNDS} rounds: {some(texts, '; ')}")
        self.result = result


@dataclass(frozen=True, slots=True)
class Settled:
    """One parent after the last round, and what that round did about it."""

    rendered: Rendered
    last: Outcome


Settle: TypeAlias = Callable[[list[Object]], Iterable[Settled]]
"""Admitted objects to the parents among them, after the last round."""


def render(manifests: Iterable[Object], hooks: Hooks, controllers: Collection[Controller], schemas: Schemas) -> Result:
    """Run the controllers over these manifests until nothing changes, as `render_by` does."""
    return render_by(lambda objects: settled(objects, hooks, controllers), manifests, controllers, schemas)


def render_by(
    settle: Settle, manifests: Iterable[Object], controllers: Collection[Controller], schemas: Schemas
) -> Result:
    """Run the controllers over these manifests until nothing changes.

    The result doesn't depend on the manifests' order, nor on the order in which parents settle.

    Args:
        settle: runs the rounds.
        manifests: what `load` returns.
        controllers: those that are asked.
        schemas: of their parents, for defaults and unknown fields.

    Raises:
        NoFixedPoint: something changed in the last round too.
        Unreachable: there is no server to ask.
    """
    parents = [controller.parent for controller in controllers]
    objects, unknown, warnings = admit(manifests, served_kinds(controllers), parents, schemas)
    done = sorted(settle(objects), key=lambda each: key_of(each.rendered.parent))
    result = Result(
        rendered=tuple(each.rendered for each in done),
        failed=tuple(failure for each in done if (failure := _failure(each.rendered.parent, each.last.error))),
        warnings=(*warnings, *(conflict for each in done for conflict in each.last.name_conflicts)),
        unknown=unknown,
    )
    changes = {title(each.rendered.parent): each.last.changes for each in done if each.last.changes}
    if changes:
        raise NoFixedPoint(changes, result)
    return result


def settled(objects: Iterable[Object], hooks: Hooks, controllers: Collection[Controller]) -> list[Settled]:
    """Sync every parent among these objects until nothing changes, or `MAX_ROUNDS` times.

    Raises:
        Unreachable: there is no server to ask.
    """
    cluster = Cluster(served_kinds(controllers), objects)
    runs = [
        Metacontroller(controller, cluster, hooks) for controller in sorted(controllers, key=lambda c: c.parent.kind)
    ]
    for _ in range(MAX_ROUNDS):
        outcomes = _round(runs)
        if not any(outcome.changes for outcome in outcomes.values()):
            break
    return [
        Settled(Rendered(parent, _children(run, parent)), outcomes[key_of(parent)])
        for run in runs
        for parent in cluster.all(run.controller.parent)
    ]


def served_kinds(controllers: Collection[Controller]) -> set[Kind]:
    """Return the kinds that an offline cluster serves: those of the controllers, and all that they may look up."""
    named = {kind for kind in vars(known).values() if isinstance(kind, Kind)}
    return named.union(*({controller.parent, *controller.child_kinds} for controller in controllers))


def _round(runs: Iterable[Metacontroller]) -> dict[Key, Outcome]:
    """Sync every parent once, by kind, namespace and name."""
    outcomes = {}
    for run in runs:
        for parent in run.cluster.all(run.controller.parent):
            key = key_of(parent)
            try:
                outcomes[key] = sync(run, key)
            except HookError as error:
                outcomes[key] = Outcome(error=str(error))
    return outcomes


def _children(run: Metacontroller, parent: Object) -> tuple[Object, ...]:
    """A parent's children, by kind and name."""
    uid, namespace = parent["metadata"]["uid"], parent["metadata"]["namespace"]
    kinds = sorted(run.controller.child_kinds, key=lambda kind: kind.kind)
    return tuple(child for kind in kinds for child in run.cluster.owned(uid, kind, namespace))


def _failure(parent: Object, error: str | None) -> Failure | None:
    if error is not None:
        return Failure(title(parent), "HookFailed", error)
    status = parent.get("status", {})
    ready = ready_condition(parent)
    is_failed = status["phase"] == "Failed" if "phase" in status else ready.get("status") == "False"
    if not is_failed:
        return None
    message = ready.get("message") or status.get("message") or "no message"
    return Failure(title(parent), str(ready.get("reason") or "Failed"), str(message))


def ready_condition(parent: Object) -> Object:
    """The condition Ready of a parent's status; empty where there is none."""
    return conditions.find(parent, "Ready") or {}
