"""Our controllers under the in-memory Metacontroller, and a namespace with everything that a spec can refer to."""

from __future__ import annotations

import copy
from typing import Any

from hooks.api.crd import crds
from hooks.api.kinds import MCP_SERVER
from hooks.controllers import CONTROLLERS
from hooks.kubernetes.kinds import DEPLOYMENT, Kind
from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.simulator.admission import admit, schemas_of
from hooks.simulator.cluster import Cluster
from hooks.simulator.run import served_kinds
from hooks.simulator.sync import Metacontroller, sync
from hooks.simulator.webhooks import in_process
from tests.neighbours import MANIFESTS
from tests.world import CONFIG, NAMESPACE, NOW, server

SCHEMAS = schemas_of(crds())


class World:
    """A namespace with everything that a spec can refer to, and a server in it."""

    def __init__(self, **spec: Any) -> None:
        manifests = [server(**spec), *MANIFESTS]
        objects = admit(manifests, served_kinds(CONTROLLERS), [c.parent for c in CONTROLLERS], SCHEMAS).objects
        self.cluster = Cluster(served_kinds(CONTROLLERS), objects)
        hooks = in_process(CONTROLLERS, CONFIG, NOW)
        self.runs = [Metacontroller(controller, self.cluster, hooks) for controller in CONTROLLERS]
        self.templates: list[Object] = []
        self.settle()

    def settle(self) -> None:
        """Sync everything until nothing changes; note each new pod template on the way."""
        for _ in range(20):
            if not sum(self.step(number) for number in range(len(self.runs))):  # each takes its step
                return
        raise AssertionError("no rest in 20 rounds")

    def step(self, number: int) -> bool:
        """Sync every parent of one controller once; whether that changed anything."""
        run, changed = self.runs[number], False
        for parent in self.cluster.all(run.controller.parent):
            metadata = parent["metadata"]
            key = (run.controller.parent.key, metadata["namespace"], metadata["name"])
            changed |= bool(sync(run, key).changes)
            self._note_template()
        return changed

    def _note_template(self) -> None:
        deployment = self.cluster.get((DEPLOYMENT.key, NAMESPACE, "demo"))
        template = deployment["spec"]["template"] if deployment else None
        if template is not None and (not self.templates or template != self.templates[-1]):
            self.templates.append(copy.deepcopy(template))

    def edit(self, **spec: Any) -> None:
        """Change the server's spec as an apply does, and let it settle."""
        self.apply(**spec)
        self.settle()

    def apply(self, **spec: Any) -> None:
        """Change the server's spec, and sync nothing yet."""
        old = self.get(MCP_SERVER, "demo")
        wanted = server(**spec)["spec"] | {k: v for k, v in DEFAULTS.items() if k not in spec}
        metadata = {**old["metadata"], "generation": old["metadata"]["generation"] + 1}
        self.cluster.put({**old, "spec": wanted, "metadata": metadata})

    def put(self, obj: Object) -> None:
        """Change an object by hand, and let it settle."""
        self.cluster.put(obj)
        self.settle()

    def get(self, kind: Kind, name: str) -> Object:
        found = self.cluster.get((kind.key, NAMESPACE, name))
        assert found is not None, f"{kind.kind} {name} is gone"
        return found

    def children(self) -> dict[str, Object]:
        """What the server has, as users see it."""
        kinds = MCP_SERVER_KINDS
        uid = self.get(MCP_SERVER, "demo")["metadata"]["uid"]
        return {
            f"{kind.kind}/{obj['metadata']['name']}": _visible(obj)
            for kind in kinds
            for obj in self.cluster.owned(uid, kind, NAMESPACE)
        }


DEFAULTS = {
    "transport": "stdio",
    "proxyMode": "streamable-http",
    "trustProxyHeaders": False,
    "sessionAffinity": "ClientIP",
}
MCP_SERVER_KINDS = next(controller.child_kinds for controller in CONTROLLERS if controller.parent == MCP_SERVER)


def _visible(obj: Object) -> Object:
    """An object less its versions, and what is ours on it."""
    obj = copy.deepcopy(obj)
    for key in ("resourceVersion", "generation"):
        obj["metadata"].pop(key, None)
    obj["metadata"].get("annotations", {}).pop(LAST_APPLIED, None)
    return obj
