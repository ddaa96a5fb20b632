"""Everything that happens to objects, in the order in which it happens."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.controlplane.controlplane import ControlPlane
from tests.controlplane.poll import eventually

T = TypeVar("T")
RETRIES = 50  # of a connection that breaks, 0.1 s apart


@dataclass(frozen=True)
class Event:
    """One write, as a watch tells it: `type` is ADDED, MODIFIED or DELETED."""

    type: str
    kind: str
    namespace: str
    name: str
    resource_version: int
    object: dict[str, Any]
    at: float  # time.monotonic() of its arrival

    def __str__(self) -> str:
        return f"{self.type} {self.kind} {self.name} @{self.resource_version}"


class WatchLog:
    """Records every write to objects of some kinds, from the moment it is made until it is closed.

    Kinds are written as for ControlPlane ("apps/v1/Deployment"); `namespace` None means everywhere. What existed
    before is in `initial` and is no event. `keep` says what of an object is worth its memory.
    One watch for each kind, continued where it ended when the server or the connection ends it; if an event may have
    been missed all the same, whatever asks the log afterwards fails. With `relist` it goes on from a new list, whose
    objects count as modified: a change of a CRD ends the watches of its kind for good.
    Within a kind events are in order; across kinds, resource_version tells the order.
    """

    def __init__(
        self,
        cluster: ControlPlane,
        kinds: Iterable[str],
        namespace: str | None = None,
        keep: Callable[[dict[str, Any]], dict[str, Any]] = lambda item: item,
        *,
        relist: bool = False,
    ) -> None:
        self._cluster = cluster
        self._relist = relist
        self._keep = keep
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._events: list[Event] = []
        self._failure = ""
        self.initial: list[dict[str, Any]] = []
        self._threads = []
        for kind in kinds:
            resource = cluster.resource(kind)
            listed = resource.get(namespace=namespace).to_dict()
            self.initial += [{**keep(item), "kind": resource.kind} for item in listed["items"]]
            arguments = (kind, resource.path(namespace=namespace), listed["metadata"]["resourceVersion"])
            self._threads.append(threading.Thread(target=self._follow, args=arguments, name=f"watch {kind}"))
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the watches; what they recorded stays."""
        self._stopping.set()
        with self._lock:
            for connected in self._sockets:
                # Not close, which would leave the reader waiting; and not SSLSocket's own shutdown, which takes its
                # state away beneath the reader. The reader sees the end of the stream and closes.
                with suppress(OSError):  # it ended by itself a moment ago
                    socket.socket.shutdown(connected, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    # -- reading it

    def events(
        self,
        kind: str | None = None,
        name: str | None = None,
        type: str | None = None,  # noqa: A002 - what Kubernetes calls it
        since: int = 0,
    ) -> list[Event]:
        """Return the events so far; kind is the bare kind ("Deployment"), `since` a `position` taken earlier."""
        with self._lock:
            assert not self._failure, self._failure
            found = self._events[since:]
        return [
            event
            for event in found
            if kind in {None, event.kind} and name in {None, event.name} and type in {None, event.type}
        ]

    def position(self) -> int:
        """Return where the log stands, to look later at what came after."""
        return len(self.events())

    def history(self, kind: str, name: str, pick: Callable[[dict[str, Any]], T]) -> list[T]:
        """Return what `pick` gave for an object at first and then each time that it was something else."""
        before = [item for item in self.initial if item["kind"] == kind and item["metadata"]["name"] == name]
        values: list[T] = []
        for item in [*before, *(event.object for event in self.events(kind, name))]:
            value = pick(item)
            if not values or value != values[-1]:
                values.append(value)
        return values

    def rollouts(self, name: str) -> int:
        """Return how often the pod template of a Deployment changed; less than 0 where there was no Deployment."""
        return len(self.history("Deployment", name, lambda item: item["spec"]["template"])) - 1

    def wait_deleted(self, kind: str, *names: str) -> None:
        """Wait until the log has the deletion of each of these objects: it hears of one later than a GET does."""

        def check() -> bool:
            missing = set(names) - {event.name for event in self.events(kind, type="DELETED")}
            assert missing == set(), f"no deletion of {kind} {sorted(missing)}"
            return True

        eventually(check)

    def wait_quiet(self, quiet: float = 1, timeout: float = 120) -> None:
        """Wait until nothing has been written for `quiet` seconds."""
        began = time.monotonic()

        def check() -> bool:
            events = self.events()
            idle = time.monotonic() - (events[-1].at if events else began)
            assert idle >= quiet, f"{len(events)} events so far, the last ones {', '.join(map(str, events[-5:]))}"
            return True

        eventually(check, timeout, f"not quiet for {quiet:g} s")

    # -- the threads

    def _follow(self, kind: str, path: str, version: str) -> None:
        """Watch one kind until the log is closed."""
        failures = 0
        while not self._stopping.is_set():
            try:
                version = version or self._list(kind, path)
                for reached in self._read(kind, path, version):
                    version, failures = reached, 0
            except (OSError, http.client.HTTPException) as error:
                failures += 1
                if failures > RETRIES:
                    return self._fail(f"the watch of {kind} broke: {error}")
                self._stopping.wait(0.1)
            except LostEventsError as error:
                if not self._relist:
                    return self._fail(f"the watch of {kind} missed events: {error}")
                version = ""
        return None

    def _fail(self, why: str) -> None:
        with self._lock:
            self._failure = self._failure or why

    def _read(self, kind: str, path: str, version: str) -> Iterator[str]:
        """Record one watch request's events; yield, after each, the version at which the next request goes on."""
        connection = self._cluster.connection()
        try:
            connection.connect()
            connected = connection.sock
            connected.settimeout(None)
            with self._lock:
                if self._stopping.is_set():
                    return
                self._sockets.add(connected)
            try:
                query = f"watch=1&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion={version}"
                connection.request("GET", f"{path}?{query}", headers=self._cluster.authorization())
                response = connection.getresponse()
                if response.status == 429:
                    raise http.client.HTTPException("not yet")
                if response.status != 200:
                    raise LostEventsError(response.read().decode(errors="replace"))
                for line in response:
                    if line.endswith(b"\n"):  # else it is cut off, and comes again
                        yield self._record(kind, json.loads(line))
            finally:
                with self._lock:
                    self._sockets.discard(connected)
        finally:
            connection.close()

    def _list(self, kind: str, path: str) -> str:
        """Record all objects as they are now; return the version from which a watch goes on."""
        self._stopping.wait(0.1)
        connection = self._cluster.connection()
        try:
            connection.request("GET", path, headers=self._cluster.authorization())
            response = connection.getresponse()
            if response.status != 200:
                raise http.client.HTTPException(response.read().decode(errors="replace"))
            listed = json.loads(response.read())
        finally:
            connection.close()
        for item in listed["items"]:
            self._record(kind, {"type": "MODIFIED", "object": item})
        return str(listed["metadata"]["resourceVersion"])

    def _record(self, kind: str, message: dict[str, Any]) -> str:
        """Take one message of a watch; return the version that it brings the log to."""
        item = message["object"]
        if message["type"] == "ERROR":
            raise LostEventsError(str(item.get("message")))
        metadata = item["metadata"]
        if message["type"] != "BOOKMARK":
            event = Event(
                type=message["type"],
                kind=kind.rpartition("/")[2],
                namespace=metadata.get("namespace", ""),
                name=metadata["name"],
                resource_version=int(metadata["resourceVersion"]),
                object=self._keep(item),
                at=time.monotonic(),
            )
            with self._lock:
                self._events.append(event)
        return str(metadata["resourceVersion"])


class LostEventsError(Exception):
    """A watch can't go on where it ended."""
