"""The in-memory Metacontroller's rules over a real API server: what it would keep is kept there."""

from __future__ import annotations

from datetime import UTC, datetime

from kubernetes.dynamic.exceptions import NotFoundError

from hooks.controllers import CONTROLLERS
from hooks.protocol import CONTROLLER_UID, SERVER_SET_METADATA, Kind, Object
from hooks.render.cluster import Cluster, Key, with_metadata
from hooks.render.merge import same
from hooks.render.run import served_kinds
from hooks.render.sync import Metacontroller, sync
from hooks.render.webhooks import in_process
from tests.controlplane import ControlPlane
from tests.world import CONFIG

MADE_BY_SERVER = set(SERVER_SET_METADATA) - {"finalizers", "ownerReferences"}


class LiveCluster(Cluster):
    """One namespace of an API server, read and written as `Cluster` is."""

    def __init__(self, control_plane: ControlPlane, namespace: str) -> None:
        super().__init__(served_kinds(CONTROLLERS))
        self.control_plane = control_plane
        self.namespace = namespace
        self._by_key = {kind.key: f"{kind.api_version}/{kind.kind}" for kind in self.kinds.values()}

    def get(self, key: Key) -> Object | None:
        kind, namespace, name = key
        return self.control_plane.get(self._by_key[kind], name, namespace)

    def all(self, kind: Kind, namespace: str = "") -> list[Object]:
        return self._listed(kind, namespace or self.namespace, "")

    def touching(self, uid: str, kind: Kind, namespace: str) -> list[Object]:
        return self._listed(kind, namespace, f"{CONTROLLER_UID}={uid}")

    def _listed(self, kind: Kind, namespace: str, selector: str) -> list[Object]:
        found = self.control_plane.objects(self._by_key[kind.key], namespace, selector)
        return [{"apiVersion": kind.api_version, "kind": kind.kind, **obj} for obj in found]  # lists leave these out

    def put(self, obj: Object) -> bool:
        """Create or update, by PUT as Metacontroller does; a status by its subresource."""
        resource = self.control_plane.resource(f"{obj['apiVersion']}/{obj['kind']}")
        name, namespace = obj["metadata"]["name"], obj["metadata"]["namespace"]
        try:
            old = resource.get(name=name, namespace=namespace).to_dict()
        except NotFoundError:
            metadata = {key: value for key, value in obj["metadata"].items() if key not in MADE_BY_SERVER}
            resource.create(body={**obj, "metadata": metadata}, namespace=namespace)
            return True
        new = with_metadata(obj, resourceVersion=old["metadata"]["resourceVersion"])
        target = resource if same(old.get("status"), new.get("status")) else resource.status
        made = target.replace(body=new, name=name, namespace=namespace).to_dict()
        return bool(made["metadata"]["resourceVersion"] != old["metadata"]["resourceVersion"])

    def delete(self, key: Key) -> None:
        kind, namespace, name = key
        self.control_plane.resource(self._by_key[kind]).delete(name=name, namespace=namespace)


class LiveWorld:
    """Our controllers at work in a namespace."""

    def __init__(self, control_plane: ControlPlane, namespace: str) -> None:
        self.cluster = LiveCluster(control_plane, namespace)
        hooks = in_process(CONTROLLERS, CONFIG, datetime.now(UTC))
        self.runs = [Metacontroller(controller, self.cluster, hooks) for controller in CONTROLLERS]

    def settle(self) -> None:
        """Sync everything until nothing changes."""
        for _ in range(10):
            keys = [
                (run, (run.controller.parent.key, self.cluster.namespace, parent["metadata"]["name"]))
                for run in self.runs
                for parent in self.cluster.all(run.controller.parent)
            ]
            changes = [change for run, key in keys for change in sync(run, key).changes]
            if not changes:
                return
        raise AssertionError(f"no rest in 10 rounds: {changes}")
