"""The benchmark's own clock."""

from __future__ import annotations

from typing import Any

from tests.bench.run import Run
from tests.bench.steps import steps
from tests.controlplane import Event


class Log:
    """Events that come between one look at the log and the next."""

    def __init__(self) -> None:
        self.all: list[Event] = []

    def events(self, since: int) -> list[Event]:
        return self.all[since:]


def event(type_: str, kind: str, name: str, at: float) -> Event:
    return Event(type_, kind, "bench", name, 1, {}, at)


def test_a_phase_ends_with_the_event_that_ended_it() -> None:
    log: Any = Log()
    run = Run(None, log, None, 1)  # type: ignore[arg-type]  # no cluster is asked

    log.all += [event("ADDED", "ConfigMap", "any", 1.0), event("ADDED", "MCPServer", "one", 2.0)]
    log.all += [event("ADDED", "MCPExternalAuthConfig", "tx", 3.0)]
    assert run._follow(lambda: bool(run.objects("MCPServer"))) == 2.0
    assert run._follow(lambda: not run.objects("MCPServer")) is None

    log.all += [event("MODIFIED", "MCPServer", "one", 4.0), event("DELETED", "MCPServer", "one", 5.0)]
    log.all += [event("DELETED", "MCPExternalAuthConfig", "tx", 6.0), event("ADDED", "ConfigMap", "other", 7.0)]
    assert run._follow(lambda: not run.objects("MCPServer")) == 5.0
    assert run._follow(lambda: not run.objects("MCPExternalAuthConfig")) == 6.0
    assert run._follow() is None
    assert run._last == 7.0


def test_each_step_of_a_server_is_timed_from_its_first_event() -> None:
    def of(type_: str, kind: str, name: str, at: float, phase: str | None = None) -> Event:
        return Event(type_, kind, "bench", name, 1, {"phase": phase}, at)

    found = steps(
        [
            of("ADDED", "MCPServer", "server-1", 1.0),
            of("ADDED", "ServiceAccount", "server-1-sa", 1.5),
            of("ADDED", "ServiceAccount", "server-1-proxy-runner", 1.7),
            of("MODIFIED", "MCPServer", "server-1", 3.0, "Ready"),
            of("DELETED", "ServiceAccount", "server-1-sa", 4.0),
            of("DELETED", "ServiceAccount", "server-1-proxy-runner", 5.0),
            of("ADDED", "MCPServer", "server-2", 2.0),
            of("MODIFIED", "MCPExternalAuthConfig", "tx", 2.0),
        ]
    )

    seconds = {"MCPServer made": 0.0, "MCPServer Ready": 2.0, "ServiceAccount made": 0.5, "ServiceAccount gone": 4.0}
    assert found == {"seconds": seconds, "events": {"MCPServer": 1.5, "ServiceAccount": 2.0}}
