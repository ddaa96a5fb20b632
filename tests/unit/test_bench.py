"""The benchmark's own clock."""

from __future__ import annotations

from typing import Any

from tests.bench.run import Run
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
