"""A cluster in which each change calls the hooks that Metacontroller would call for it, and calls are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hooks.controllers import CONTROLLERS
from hooks.kubernetes.objects import Object, labels_of
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.simulator.cluster import Cluster, Key, key_of
from hooks.simulator.related import selects
from hooks.simulator.run import served_kinds
from hooks.simulator.sync import Metacontroller, sync
from hooks.simulator.webhooks import in_process
from tests.world import CONFIG, NOW


class EventfulCluster(Cluster):
    """A cluster that notes what changed, as watches tell it."""

    def __init__(self) -> None:
        """Start empty."""
        self.changed: list[tuple[Object | None, Object | None]] = []
        super().__init__(served_kinds(CONTROLLERS))

    def put(self, obj: Object) -> bool:
        """Create or replace an object, and note it before and after."""
        old = self.get(key_of(obj))
        is_new = super().put(obj)
        if is_new:
            self.changed.append((old, self.get(key_of(obj))))
        return is_new


class Calls:
    """Metacontroller's queues over such a cluster. A parent that is queued twice is synced once."""

    def __init__(self) -> None:
        """Start with an empty cluster."""
        self.cluster = EventfulCluster()
        self.by_kind: Counter[str] = Counter()
        hooks = in_process(CONTROLLERS, CONFIG, NOW)
        self._runs = {c.parent.key: Metacontroller(c, self.cluster, hooks) for c in CONTROLLERS}

    def apply(self, *objects: Object) -> None:
        """Create or replace objects, and go on until nothing is queued."""
        for obj in objects:
            self.cluster.put(obj)
        queue: dict[Key, None] = {}
        while self.cluster.changed or queue:
            for old, new in self.cluster.changed:
                queue.update(dict.fromkeys(self._woken(old, new)))
            self.cluster.changed.clear()
            key = next(iter(queue), None)
            if key is not None:
                del queue[key]
                self.by_kind[key[0].partition(".")[0]] += 1
                sync(self._runs[key[0]], key)

    def _woken(self, old: Object | None, new: Object | None) -> Sequence[Key]:
        """The parents that a change concerns: itself, whose child it is, and who looks at it."""
        versions = [obj for obj in (old, new) if obj]
        key = key_of(versions[0])
        found = [key] if key[0] in self._runs and not _is_of_status_alone(old, new) else []
        for run in self._runs.values():
            for parent in self.cluster.all(run.controller.parent):
                metadata = parent["metadata"]
                rules = run.rules.get((metadata["uid"], metadata.get("generation", 0)), [])
                owned = [obj for obj in versions if labels_of(obj).get(CONTROLLER_UID) == metadata["uid"]]
                if owned or any(self._selects(rule, obj) for rule in rules for obj in versions):
                    found.append(key_of(parent))
        return found

    def _selects(self, rule: Object, obj: Object) -> bool:
        metadata, kind = obj["metadata"], self.cluster.kinds[rule["apiVersion"], rule["resource"]]
        names = rule.get("names")
        return (
            key_of(obj)[:2] == (kind.key, rule["namespace"])
            and (not names or metadata["name"] in names)
            and selects(rule.get("labelSelector"), labels_of(obj))
        )


def _is_of_status_alone(old: Object | None, new: Object | None) -> bool:
    """Whether ignoreStatusChanges keeps a change of a parent from calling its own hook."""
    if old is None or new is None:
        return False
    return old["metadata"] == new["metadata"] and old.get("spec") == new.get("spec")
