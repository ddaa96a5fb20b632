"""The objects of an offline run, and what an API server and its garbage collector do to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TypeAlias

from hooks.go_json import same
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object, controller_of, is_deleting, labels_of
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.simulator.admission import EPOCH, has_generation
from hooks.simulator.merge import stored

Key: TypeAlias = tuple[str, str, str]
"""`Kind.key`, namespace and name of an object."""


class Cluster:
    """Objects by kind, namespace and name. They are replaced and never changed in place."""

    def __init__(self, kinds: Collection[Kind], objects: Iterable[Object] = ()) -> None:
        """Start with these objects (see `admit`).

        Args:
            kinds: what is served: related rules name kinds by their plurals.
            objects: of these kinds.
        """
        self.kinds = {(kind.api_version, kind.resource): kind for kind in kinds}
        self._objects: dict[tuple[str, str], dict[str, Object]] = defaultdict(dict)
        self._by_uid: dict[str, dict[Key, None]] = defaultdict(dict)
        for obj in objects:
            self.put(obj)

    def get(self, key: Key) -> Object | None:
        """The object, or None."""
        kind, namespace, name = key
        return self._objects.get((kind, namespace), {}).get(name)

    def all(self, kind: Kind, namespace: str = "") -> list[Object]:
        """The objects of a kind in one namespace or, without it, in all of them; by namespace and name."""
        places = (
            [(kind.key, namespace)] if namespace else sorted(place for place in self._objects if place[0] == kind.key)
        )
        return [obj for place in places for _, obj in sorted(self._objects.get(place, {}).items())]

    def touching(self, uid: str, kind: Kind, namespace: str) -> list[Object]:
        """The objects that a parent with this uid could claim: by their controller or by their label; by name."""
        keys = sorted(key for key in self._by_uid.get(uid, {}) if key[:2] == (kind.key, namespace))
        return [self._objects[kind.key, namespace][name] for _, _, name in keys]

    def owned(self, uid: str, kind: Kind, namespace: str) -> list[Object]:
        """The objects that a parent with this uid controls; by name."""
        return [obj for obj in self.touching(uid, kind, namespace) if controller_uid(obj) == uid]

    def put(self, obj: Object) -> bool:
        """Create or replace an object, as it will be given back; one that waits for its finalizers may go by this.

        Returns:
            Whether that changed anything.
        """
        obj = stored(obj)
        key = key_of(obj)
        old = self.get(key)
        if old is not None:
            if same(old, obj):
                return False
            if has_generation(obj) and not same(old.get("spec"), obj.get("spec")):
                obj = with_metadata(obj, generation=old["metadata"].get("generation", 0) + 1)
            self._forget(key, old)
        if obj["metadata"].get("deletionTimestamp") and not obj["metadata"].get("finalizers"):
            self._collect(obj)
            return True
        self._objects[key[:2]][key[2]] = obj
        for uid in _uids(obj):
            self._by_uid[uid][key] = None
        return True

    def delete(self, key: Key) -> None:
        """Delete an object, and with it what it controls; one with finalizers only gets its deletionTimestamp."""
        obj = self.get(key)
        if obj is not None and not is_deleting(obj):
            generation = {"generation": obj["metadata"].get("generation", 0) + 1} if has_generation(obj) else {}
            self.put(with_metadata(obj, deletionTimestamp=EPOCH, **generation))

    def _forget(self, key: Key, obj: Object) -> None:
        del self._objects[key[:2]][key[2]]
        for uid in _uids(obj):
            self._by_uid[uid].pop(key, None)

    def _collect(self, owner: Object) -> None:
        uid = owner["metadata"]["uid"]
        for key in list(self._by_uid.get(uid, {})):
            obj = self.get(key)
            if obj is not None and controller_uid(obj) == uid:
                self.delete(key)


def with_metadata(obj: Object, **metadata: object) -> Object:
    """The object with these fields of its metadata; an empty list is as good as none, and left out."""
    fields = {**obj["metadata"], **metadata}
    return {**obj, "metadata": {name: value for name, value in fields.items() if value != []}}


def key_of(obj: Object) -> Key:
    """Where an object is kept."""
    metadata = obj["metadata"]
    return f"{obj['kind']}.{obj['apiVersion']}", metadata["namespace"], metadata["name"]


def controller_uid(obj: Object) -> str | None:
    """The uid of the owner that controls this object, if one does."""
    owner = controller_of(obj)
    return str(owner["uid"]) if owner else None


def _uids(obj: Object) -> set[str]:
    return {uid for uid in (controller_uid(obj), labels_of(obj).get(CONTROLLER_UID)) if uid}
