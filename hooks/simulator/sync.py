"""One sync of one parent, by Metacontroller's rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from hooks.go_json import same, to_json
from hooks.kubernetes.objects import Object, annotations_of, controller_reference, is_deleting, labels_of
from hooks.metacontroller.composite import composite_controller, finalizer
from hooks.metacontroller.controller import Controller
from hooks.metacontroller.last_applied import LAST_APPLIED, last_applied
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.simulator.admission import created
from hooks.simulator.answers import Decision, ask_decision, ask_rules
from hooks.simulator.cluster import Cluster, Key, controller_uid, key_of, with_metadata
from hooks.simulator.differences import differences
from hooks.simulator.merge import updated, with_last_applied
from hooks.simulator.related import ObjectMap, by_namespaced_name, related_objects
from hooks.simulator.webhooks import Hooks
from hooks.text import title

_GARBAGE_COLLECTORS = ("foregroundDeletion", "orphan")


@dataclass(slots=True)
class Metacontroller:
    """One controller's half of Metacontroller: what it needs, and the customize answers that it remembers."""

    controller: Controller
    cluster: Cluster
    hooks: Hooks
    rules: dict[tuple[str, int], list[Object]] = field(default_factory=dict)
    """By uid and generation: Metacontroller asks no more often."""
    settled: dict[Key, Object] = field(default_factory=dict)
    """Children that an update left as they were: the same update again does nothing."""
    composite: Object = field(init=False)

    def __post_init__(self) -> None:
        """Build the CompositeController that each request has."""
        self.composite = composite_controller(self.controller)


@dataclass(slots=True)
class Outcome:
    """The outcome of a sync."""

    changes: list[str] = field(default_factory=list)
    """Its changes of the cluster, a text for each; none contains a value."""
    name_conflicts: list[str] = field(default_factory=list)
    """Children that can't be made, because another's object has their name."""
    error: str | None = None
    """The fault of a hook's answer, where a run continues without it."""


def sync(run: Metacontroller, key: Key) -> Outcome:
    """Sync or finalize one parent.

    Raises:
        HookError: a hook gave no answer that Metacontroller takes; the children and the status are as they were.
    """
    outcome = Outcome()
    parent = run.cluster.get(key)
    if parent is None:
        return outcome
    parent = _hold_with_finalizer(run, parent, outcome)
    children = _claim(run, parent, outcome)
    finalizing = is_deleting(parent)
    request = {
        "controller": run.composite,
        "parent": parent,
        "children": children,
        "related": related_objects(run.cluster, _rules(run, parent)),
        "finalizing": finalizing,
    }
    decision = ask_decision(run.hooks, run.controller, request)
    if decision.finalized:
        parent = _release(run, parent, outcome)
    if not finalizing or _may_finalize(run, parent):
        _manage_children(run, parent, children, decision, outcome)
    _update_status(run, parent, decision.status, outcome)
    return outcome


def _replace(run: Metacontroller, old: Object, new: Object, outcome: Outcome, where: str = "") -> Object:
    """Put an object, and note what changed."""
    if not run.cluster.put(new):
        return old
    now = run.cluster.get(key_of(new)) or new
    outcome.changes += [f"{where}{path}" for path in differences(old, now) or ["last-applied configuration"]]
    return now


def _hold_with_finalizer(run: Metacontroller, parent: Object, outcome: Outcome) -> Object:
    """Add the finalizer, but never to a parent that is being deleted."""
    finalizers = parent["metadata"].get("finalizers") or []
    name = finalizer(run.controller)
    if name in finalizers or is_deleting(parent):
        return parent
    return _replace(run, parent, with_metadata(parent, finalizers=[*finalizers, name]), outcome)


def _release(run: Metacontroller, parent: Object, outcome: Outcome) -> Object:
    """Remove the finalizer. What was the last one lets the object go."""
    finalizers = [name for name in parent["metadata"].get("finalizers") or [] if name != finalizer(run.controller)]
    return _replace(run, parent, with_metadata(parent, finalizers=finalizers), outcome)


def _may_finalize(run: Metacontroller, parent: Object) -> bool:
    """Whether children of a deleted parent are managed: not once the finalizer is gone, nor against the collector."""
    finalizers = parent["metadata"].get("finalizers") or []
    return finalizer(run.controller) in finalizers and not any(name in finalizers for name in _GARBAGE_COLLECTORS)


def _claim(run: Metacontroller, parent: Object, outcome: Outcome) -> ObjectMap:
    """The parent's children, adopted and released as Metacontroller does."""
    children: ObjectMap = {}
    uid, namespace = parent["metadata"]["uid"], parent["metadata"]["namespace"]
    for kind in run.controller.child_kinds:
        claimed = []
        for obj in run.cluster.touching(uid, kind, namespace):
            owner, selected = controller_uid(obj), labels_of(obj).get(CONTROLLER_UID) == uid
            where = f"{obj['kind']}/{obj['metadata']['name']} "
            if owner == uid and selected:
                claimed.append(obj)
            elif owner == uid and not is_deleting(parent):
                _replace(run, obj, _disowned(obj, uid), outcome, where)
            elif owner is None and selected and not is_deleting(parent) and not is_deleting(obj):
                claimed.append(_replace(run, obj, _owned(obj, parent), outcome, where))
        children[kind.key] = by_namespaced_name(claimed)
    return dict(sorted(children.items()))


def _owned(obj: Object, parent: Object) -> Object:
    """The object with the parent as its controller; any other reference to the same parent gives way."""
    reference = controller_reference(parent)
    others = _disowned(obj, reference["uid"])["metadata"].get("ownerReferences", [])
    return with_metadata(obj, ownerReferences=[*others, reference])


def _disowned(obj: Object, uid: str) -> Object:
    owners = obj["metadata"].get("ownerReferences") or []
    return with_metadata(obj, ownerReferences=[owner for owner in owners if owner.get("uid") != uid])


def _rules(run: Metacontroller, parent: Object) -> list[Object]:
    version = (parent["metadata"]["uid"], parent["metadata"].get("generation", 0))
    if version not in run.rules:
        run.rules[version] = ask_rules(run.hooks, run.controller, parent, run.composite)
    return run.rules[version]


def _manage_children(
    run: Metacontroller, parent: Object, children: ObjectMap, decision: Decision, outcome: Outcome
) -> None:
    """Delete what isn't desired, then create and update what is."""
    desired = {key_of(child): child for child in decision.children}
    observed = {key_of(child): child for objects in children.values() for child in objects.values()}
    for key, child in observed.items():
        if key not in desired and not is_deleting(child):
            run.cluster.delete(key)
            outcome.changes.append(f"{child['kind']}/{key[2]} deleted")
    for key, child in desired.items():
        where = f"{child['kind']}/{key[2]}"
        if key in observed:
            _update(run, observed[key], child, outcome)
        elif run.cluster.get(key) is None:
            run.cluster.put(_owned(created(with_last_applied(child, child)), parent))
            outcome.changes.append(f"{where} created")
        else:
            outcome.name_conflicts.append(f"{title(parent)}: {where} exists, is not its own, and is left alone")


def _update(run: Metacontroller, observed: Object, desired: Object, outcome: Outcome) -> None:
    key = key_of(desired)
    if run.settled.get(key) is observed and annotations_of(observed).get(LAST_APPLIED) == to_json(desired):
        return
    new = updated(observed, last_applied(observed), desired)
    if same(new, observed):
        run.settled[key] = observed
    elif not is_deleting(observed) and key[0] not in (kind.key for kind in run.controller.on_delete):
        _replace(run, observed, new, outcome, f"{desired['kind']}/{desired['metadata']['name']} ")


def _update_status(run: Metacontroller, parent: Object, status: Object, outcome: Outcome) -> None:
    """Replace the status whole, with the generation that the hook saw."""
    live = run.cluster.get(key_of(parent))
    if live is not None:
        generation = parent["metadata"].get("generation", 0)
        _replace(run, live, {**live, "status": {**status, "observedGeneration": generation}}, outcome)
