"""A kind made up for tests of the in-memory Metacontroller, and hooks that answer about it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, STATEFUL_SET, Kind
from hooks.kubernetes.objects import Object
from hooks.metacontroller.controller import Controller
from hooks.simulator.admission import admit
from hooks.simulator.cluster import Cluster, Key
from hooks.simulator.run import served_kinds
from hooks.simulator.sync import Metacontroller
from hooks.simulator.webhooks import Hooks

WIDGET = Kind("example.com/v1", "Widget", "widgets")
GADGET = Kind("example.com/v1", "Gadget", "gadgets")
NOW = datetime(1970, 1, 1, tzinfo=UTC)
FINALIZER = "metacontroller.io/compositecontroller-widget"

Decide = Callable[[Object], Object]


def unused(*_: Any) -> Any:
    raise AssertionError("the hooks of these tests answer bytes, and ask no controller")


def controller(parent: Kind = WIDGET) -> Controller:
    return Controller(parent, (CONFIG_MAP, DEPLOYMENT, STATEFUL_SET), unused, unused, unused, unused, (STATEFUL_SET,))


def answering(decide: Decide, rules: list[Object] | None = None) -> Hooks:
    """Hooks that answer sync and finalize with what `decide` makes of the request."""

    def ask(path: str, body: bytes) -> bytes:
        request = json.loads(body)
        if "/customize?" in path:
            return json.dumps({"relatedResources": rules or []}).encode()
        assert ("/finalize?" in path) == request["finalizing"]
        return json.dumps(decide(request)).encode()

    return ask


def returning(*children: Object, status: Object | None = None) -> Decide:
    return lambda _: {"status": status or {"phase": "Running"}, "children": list(children)}


def manifest(kind: Kind = WIDGET, name: str = "w", **content: Any) -> Object:
    metadata = {"name": name, **content.pop("metadata", {})}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **content}


def config_map(name: str = "c", data: dict[str, str] | None = None, **metadata: Any) -> Object:
    return manifest(CONFIG_MAP, name, metadata=metadata, data=data or {})


def deployment(replicas: int) -> Object:
    return manifest(DEPLOYMENT, "d", spec={"replicas": replicas})


def running(hooks: Hooks, *objects: Object) -> Metacontroller:
    served = served_kinds([controller()])
    return Metacontroller(controller(), Cluster(served, admit(objects, served, [WIDGET], {})[0]), hooks)


PARENT: Key = (WIDGET.key, "default", "w")
CHILD: Key = (CONFIG_MAP.key, "default", "c")


def uid_of(run: Metacontroller) -> str:
    return str(get(run, PARENT)["metadata"]["uid"])


def get(run: Metacontroller, key: Key) -> Object:
    obj = run.cluster.get(key)
    assert obj is not None
    return obj


def owner(uid: str, **more: Any) -> Object:
    reference = {"apiVersion": WIDGET.api_version, "kind": "Widget", "name": "w", "uid": uid}
    return {**reference, "controller": True, "blockOwnerDeletion": True, **more}


def put(run: Metacontroller, obj: Object, **metadata: Any) -> None:
    run.cluster.put({**obj, "metadata": {"namespace": "default", "uid": "u-1", **obj["metadata"], **metadata}})
