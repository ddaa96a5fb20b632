"""The benchmark's clock and counters: what happens from a change until its end, seen by watches."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from tests.bench import served
from tests.bench.fleet import NAMESPACE, Object, plural
from tests.bench.peers import Peer
from tests.bench.steps import steps
from tests.controlplane import ControlPlane, Event, WatchLog, eventually
from tests.taken import peak_mib, processor_seconds

CHILDREN = ("apps/v1/Deployment", "v1/Service", "v1/ConfigMap", "v1/ServiceAccount", "v1/Pod")
READY = ("Ready", "Running")
"""The phases of a ready server. The operator of October 2025 writes Running."""
QUIET_SECONDS = 3
LONGEST_RETRY = 1000
"""Seconds that an operator waits at most before it retries: the default of controller-runtime's queues."""
CONNECTIONS = 8
NOT_OURS = ("leases", "events")
"""Resources that are written at rest too, or by the cluster's own programs as they like."""
_WRITES = re.compile(
    r'^apiserver_request_total\{.*?resource="(\w+)".*?subresource="(\w*)".*?verb="(POST|PUT|PATCH|DELETE)".*?\} (\S+)',
    re.MULTILINE,
)


class Run:
    """One peer's run with N servers."""

    def __init__(self, cluster: ControlPlane, log: WatchLog, peer: Peer, servers: int) -> None:
        self.cluster = cluster
        self.log = log
        self.peer = peer
        self.servers = servers
        self.phases: dict[str, Object] = {}
        self._seen = 0
        self._last = time.monotonic()
        self._objects: dict[tuple[str, str], Any] = {}

    @contextmanager
    def phase(self, name: str, done: Callable[[], bool], **later: Callable[[], bool]) -> Iterator[None]:
        """Measure from here until it is done, then until nothing happens any more, which counts as calls alone.

        Args:
            name: the phase's.
            done: whether it is, by the objects that are there.
            later: the same of phases that begin here too and end when they do, by their names.
        """
        before, began, first = self._counted(), time.monotonic(), self.log.position()
        yield

        pending = {name: done, **later}
        self.phases |= {each: {} for each in pending}
        while pending:
            message = f"{self.servers} servers: no end of {', '.join(pending)}"
            ended, at = eventually(lambda: self._first(pending), LONGEST_RETRY + 300 + 2 * self.servers, message)
            self.phases[ended]["seconds"] = round(max(at, began) - began, 2)
            del pending[ended]
        self.log.wait_quiet(QUIET_SECONDS, 300 + self.servers)
        self._follow()
        self.phases[name] |= {**self._since(before), "steps": steps(self.log.events(since=first))}

    def rest(self, name: str, seconds: float) -> None:
        """Measure what so many seconds cost in which nothing is asked for."""
        before = self._counted()
        time.sleep(seconds)
        self.phases[name] = {"seconds": seconds, **self._since(before)}

    def memory(self) -> dict[str, int]:
        """The most that each program had resident, in MiB."""
        return {program: peak_mib(self.cluster.processes[program].popen.pid) for program in self.peer.programs}

    def objects(self, kind: str) -> list[Any]:
        """What is known of the objects of a kind."""
        return [kept for (of, _), kept in self._objects.items() if of == kind]

    def all(self, kind: str, holds: Callable[[Any], bool], count: int | None = None) -> bool:
        """Whether there is one for each server, or so many, and it holds of all."""
        found = self.objects(kind)
        return len(found) == (self.servers if count is None else count) and all(map(holds, found))

    def each(self, send: Callable[[Any], object], items: Iterable[Any]) -> None:
        """Send something for each of many, over several connections."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(send, items))

    def create(self, obj: Object) -> None:
        """Create a custom resource."""
        self.send("POST", plural(obj), obj)

    def send(self, method: str, path: str, body: Object | None = None) -> None:
        """Make a request about a custom resource, or a Secret."""
        group = "api/v1" if path.startswith("secrets") else f"apis/{self.peer.api.version}"
        connection = self.cluster.connection()
        content = "merge-patch+json" if method == "PATCH" else "json"
        headers = {"Content-Type": f"application/{content}", **self.cluster.authorization()}
        connection.request(method, f"/{group}/namespaces/{NAMESPACE}/{path}", json.dumps(body or {}), headers)
        response = connection.getresponse()
        said = response.read()
        connection.close()
        assert response.status < 300, said

    def _first(self, ends: Mapping[str, Callable[[], bool]]) -> tuple[str, float] | None:
        """Which of several phases ended first, and when; None where none has yet."""
        at = self._follow(lambda: any(done() for done in ends.values()))
        return None if at is None else next((name, at) for name, done in ends.items() if done())

    def _follow(self, done: Callable[[], bool] = lambda: False) -> float | None:
        """Take in what has happened, up to the event that made `done` true; return when that was, or None."""
        events, before, last = self.log.events(since=self._seen), dict(self._objects), self._last
        for event in events:
            self._take(event)
        if not done():
            self._seen += len(events)
            return None
        # Again, one by one: to ask after each from the start would be too slow. The rest is the next phase's.
        self._objects, self._last = before, last
        for event in events:
            if done():
                break
            self._take(event)
            self._seen += 1
        return self._last

    def _take(self, event: Event) -> None:
        self._last = event.at
        if event.type == "DELETED":
            self._objects.pop((event.kind, event.name), None)
        else:
            self._objects[event.kind, event.name] = event.object

    def _counted(self) -> tuple[served.Counts, dict[str, int], dict[str, float]]:
        return self.peer.counts(), self._writes(), self._processors()

    def _since(self, before: tuple[served.Counts, dict[str, int], dict[str, float]]) -> Object:
        """What was counted since then."""
        calls, writes, processors = before
        written = {what: count - writes.get(what, 0) for what, count in self._writes().items()}
        return {
            "calls": served.since(calls, self.peer.counts()),
            "writes": {what: count for what, count in written.items() if count},
            "processor_seconds": {of: round(now - processors[of], 2) for of, now in self._processors().items()},
        }

    def _processors(self) -> dict[str, float]:
        programs = self.peer.programs
        return {program: processor_seconds(self.cluster.processes[program].popen.pid) for program in programs}

    def _writes(self) -> dict[str, int]:
        """Writes that the API server has answered so far, by resource."""
        connection = self.cluster.connection()
        connection.request("GET", "/metrics", headers=self.cluster.authorization())
        text = connection.getresponse().read().decode()
        connection.close()
        found: dict[str, int] = {}
        for resource, subresource, _verb, count in _WRITES.findall(text):
            what = f"{resource}/{subresource}" if subresource else resource
            if resource not in NOT_OURS:
                found[what] = found.get(what, 0) + int(float(count))
        return found


def kept(obj: Object) -> Object:
    """What of an object the phases look at."""
    template = ((obj.get("spec") or {}).get("template") or {}).get("metadata") or {}
    return {
        "ready": (obj.get("status") or {}).get("phase") in READY,
        "edited": "edited" in json.dumps(obj.get("data") or {}),
        "template": template.get("annotations"),
    }
