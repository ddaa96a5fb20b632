"""The offline run: manifests in, every parent synced until nothing changes, what a cluster would hold out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

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
    """A parent that ended Failed: MCPServers by their phase, other kinds by Ready being False."""

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
    """What a run came to. Objects are as the cluster holds them."""

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

    def __init__(self, rounds: int, changes: dict[str, list[str]], result: Result) -> None:
        """Say who keeps changing what.

        Args:
            rounds: how many there were.
            changes: what the last one changed, by parent.
            result: how things stand after it.
        """
        texts = [f"{parent} keeps changing {some(paths)}" for parent, paths in changes.items()]
        super().__init__(f"no fixed point in {rounds} rounds: {some(texts, '; ')}")
        self.result = result


@dataclass(slots=True)
class _Round:
    changes: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[Key, str] = field(default_factory=dict)
    name_conflicts: list[str] = field(default_factory=list)


def render(
    manifests: Iterable[Object],
    hooks: Hooks,
    controllers: Sequence[Controller],
    schemas: Schemas,
    max_rounds: int = MAX_ROUNDS,
) -> Result:
    """Run the controllers over these manifests until nothing changes.

    The result doesn't depend on the manifests' order.

    Args:
        manifests: what `load` returns.
        hooks: how controllers are asked.
        controllers: those that are.
        schemas: of their parents, for defaults and unknown fields.
        max_rounds: rounds that may pass.

    Raises:
        NoFixedPoint: something changed in the last round too.
        Unreachable: there is no server to ask.
    """
    parents = [controller.parent for controller in controllers]
    served = served_kinds(controllers)
    objects, unknown, warnings = admit(manifests, served, parents, schemas)
    cluster = Cluster(served, objects)
    runs = [
        Metacontroller(controller, cluster, hooks) for controller in sorted(controllers, key=lambda c: c.parent.kind)
    ]
    for _ in range(max_rounds):
        this = _round(runs)
        if not this.changes:
            return _result(runs, this, unknown, warnings)
    raise NoFixedPoint(max_rounds, this.changes, _result(runs, this, unknown, warnings))


def served_kinds(controllers: Iterable[Controller]) -> set[Kind]:
    """What an offline cluster serves: the kinds of these controllers, and all others that controllers may look up."""
    named = {kind for kind in vars(known).values() if isinstance(kind, Kind)}
    return named.union(*({controller.parent, *controller.child_kinds} for controller in controllers))


def _round(runs: Iterable[Metacontroller]) -> _Round:
    """Sync every parent once, by kind, namespace and name."""
    this = _Round()
    for run in runs:
        for parent in run.cluster.all(run.controller.parent):
            key = key_of(parent)
            outcome = Outcome()
            try:
                outcome = sync(run, key)
            except HookError as error:
                this.errors[key] = str(error)
            if outcome.changes:
                this.changes[title(parent)] = outcome.changes
            this.name_conflicts += outcome.name_conflicts
    return this


def _result(
    runs: Iterable[Metacontroller], last: _Round, unknown: Mapping[str, list[str]], warnings: list[str]
) -> Result:
    rendered = []
    failed = []
    for run in runs:
        for parent in run.cluster.all(run.controller.parent):
            uid, namespace = parent["metadata"]["uid"], parent["metadata"]["namespace"]
            kinds = sorted(run.controller.child_kinds, key=lambda kind: kind.kind)
            children = [child for kind in kinds for child in run.cluster.owned(uid, kind, namespace)]
            rendered.append(Rendered(parent, tuple(children)))
            failure = _failure(parent, last.errors.get(key_of(parent)))
            failed += [failure] if failure else []
    return Result(tuple(rendered), tuple(failed), (*warnings, *last.name_conflicts), unknown)


def _failure(parent: Object, error: str | None) -> Failure | None:
    if error is not None:
        return Failure(title(parent), "HookFailed", error)
    status = parent.get("status", {})
    ready = ready_condition(parent)
    if status["phase"] != "Failed" if "phase" in status else ready.get("status") != "False":
        return None
    message = ready.get("message") or status.get("message") or "no message"
    return Failure(title(parent), str(ready.get("reason") or "Failed"), str(message))


def ready_condition(parent: Object) -> Object:
    """The condition Ready of a parent's status; empty where there is none."""
    return conditions.find(parent, "Ready") or {}
