"""The in-memory Metacontroller's rules over a real API server: what it would keep is kept there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from kubernetes.dynamic.exceptions import NotFoundError

from hooks.controllers import CONTROLLERS
from hooks.go_json import same
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import SERVER_SET_METADATA, Object
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.simulator.cluster import Cluster, Key, key_of, with_metadata
from hooks.simulator.run import served_kinds
from hooks.simulator.sync import Metacontroller, sync
from hooks.simulator.webhooks import in_process
from tests.controlplane import ControlPlane
from tests.world import CONFIG

MADE_BY_SERVER = set(SERVER_SET_METADATA) - {"finalizers", "ownerReferences"}


class ApiServerCluster(Cluster):
    """One namespace of an API server, read and written as `Cluster` is."""

    def __init__(self, control_plane: ControlPlane, namespace: str) -> None:
        super().__init__(served_kinds(CONTROLLERS))
        self.namespace = namespace
        kinds = self.kinds.values()
        self._resources = {kind.key: control_plane.resource(f"{kind.api_version}/{kind.kind}") for kind in kinds}

    def get(self, key: Key) -> Object | None:
        kind, namespace, name = key
        try:
            return _read(self._resources[kind].get(name=name, namespace=namespace, serialize=False))
        except NotFoundError:
            return None

    def all(self, kind: Kind, namespace: str = "") -> list[Object]:
        return self._listed(kind, namespace or self.namespace, "")

    def touching(self, uid: str, kind: Kind, namespace: str) -> list[Object]:
        return self._listed(kind, namespace, f"{CONTROLLER_UID}={uid}")

    def _listed(self, kind: Kind, namespace: str, selector: str) -> list[Object]:
        found = self._resources[kind.key].get(namespace=namespace, label_selector=selector, serialize=False)
        return [
            {"apiVersion": kind.api_version, "kind": kind.kind, **obj} for obj in _read(found)["items"]
        ]  # lists leave these out

    def put(self, obj: Object) -> bool:
        """Create or update, by PUT as Metacontroller does; a status by its subresource."""
        key, namespace, name = key_of(obj)
        resource, old = self._resources[key], self.get((key, namespace, name))
        if old is None:
            metadata = {key: value for key, value in obj["metadata"].items() if key not in MADE_BY_SERVER}
            resource.create(body={**obj, "metadata": metadata}, namespace=namespace, serialize=False)
            return True
        new = with_metadata(obj, resourceVersion=old["metadata"]["resourceVersion"])
        target = resource if same(old.get("status"), new.get("status")) else resource.status
        made = _read(target.replace(body=new, name=name, namespace=namespace, serialize=False))
        return bool(made["metadata"]["resourceVersion"] != old["metadata"]["resourceVersion"])

    def delete(self, key: Key) -> None:
        kind, namespace, name = key
        self._resources[kind].delete(name=name, namespace=namespace)


def _read(response: Any) -> Object:
    """The object in an answer; the client's own wrapping of it takes longer than the call."""
    return dict(json.loads(response.data))


class LiveWorld:
    """Our controllers at work in a namespace."""

    def __init__(self, control_plane: ControlPlane, namespace: str) -> None:
        self.cluster = ApiServerCluster(control_plane, namespace)
        hooks = in_process(CONTROLLERS, CONFIG, datetime.now(UTC))
        self.runs = [Metacontroller(controller, self.cluster, hooks) for controller in CONTROLLERS]

    def make(self, *manifests: Object) -> None:
        """Create what these manifests say, and let it settle."""
        for obj in manifests:
            self.cluster.put(with_metadata(obj, namespace=self.cluster.namespace))
        self.settle()

    def edit(self, kind: Kind, name: str, spec: Object) -> None:
        """Replace a spec, as `kubectl replace` does, and let it settle."""
        old = self.cluster.get((kind.key, self.cluster.namespace, name))
        assert old is not None
        self.cluster.put({**old, "spec": spec})
        self.settle()

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
