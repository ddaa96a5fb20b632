"""The benchmark's own clock, and its tables."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench import peers, placeholder, table
from tests.bench.run import Run
from tests.bench.steps import steps
from tests.controlplane import Event
from tests.world import USES_TX, customize, server


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
    def of(type_: str, kind: str, name: str, at: float, *, ready: bool = False) -> Event:
        return Event(type_, kind, "bench", name, 1, {"ready": ready}, at)

    found = steps(
        [
            of("ADDED", "MCPServer", "server-1", 1.0),
            of("ADDED", "ServiceAccount", "server-1-sa", 1.5),
            of("ADDED", "ServiceAccount", "server-1-proxy-runner", 1.7),
            of("MODIFIED", "MCPServer", "server-1", 3.0, ready=True),
            of("DELETED", "ServiceAccount", "server-1-sa", 4.0),
            of("DELETED", "ServiceAccount", "server-1-proxy-runner", 5.0),
            of("ADDED", "MCPServer", "server-2", 2.0),
            of("MODIFIED", "MCPExternalAuthConfig", "tx", 2.0),
        ]
    )

    seconds = {"MCPServer made": 0.0, "MCPServer Ready": 2.0, "ServiceAccount made": 0.5, "ServiceAccount gone": 4.0}
    assert found == {"seconds": seconds, "events": {"MCPServer": 1.5, "ServiceAccount": 2.0}}


def test_an_operator_is_measured_if_its_binary_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for operator in peers.OPERATORS.values():
        monkeypatch.delenv(operator.setting, raising=False)
    assert peers.names() == ["ours", "placeholder", "looking"]

    monkeypatch.setenv("OPERATOR_OCTOBER", "thv-operator")
    assert peers.names() == ["ours", "placeholder", "looking", "october"]


def test_the_placeholder_with_our_rules_asks_for_the_same_related_objects_as_ours() -> None:
    parent = server(**USES_TX)
    hooks = placeholder.app(with_our_rules=True).test_client()

    answer = hooks.post("/mcpserver/customize", json={"controller": {}, "parent": parent})

    assert answer.json == customize(parent)


def test_a_table_has_the_peers_beside_each_other() -> None:
    def result(peer: str, seconds: float, calls: dict[str, Any], *rotated: str) -> dict[str, Any]:
        phase = {"seconds": seconds, "calls": calls, "writes": {"configmaps": 20}}
        return {
            "scenario": "shared",
            "peer": peer,
            "servers": 10,
            "phases": dict.fromkeys(["create", *rotated], phase),
            "peak_mib": {"operator": 70} if peer in peers.OPERATORS else {"hooks": 50, "metacontroller": 60},
        }

    called = {"/mcpserver/sync": {"calls": 40, "sent": 800_000}}
    ours, october = result("ours", 1.0, called, "rotate"), result("october", 4.0, {})

    assert table.markdown([ours, result("operator", 2.0, {}), october]).splitlines()[2:7] == [
        "| servers | phase | seconds, ours / operator 0.44.0 / operator of October 2025 | of the operator 0.44.0 "
        "| of the operator of October 2025 | calls a server, ours | KB a call, ours "
        "| writes a server, ours / operator 0.44.0 / operator of October 2025 |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| 10 | create | 1.0 / 2.0 / 4.0 | 0.50 | 0.25 | 4.0 | 20.0 | 2.0 / 2.0 / 2.0 |",
        "| 10 | rotate | 1.0 / - / - |  |  | 4.0 | 20.0 | 2.0 / - / - |",
        "| 10 | MiB at most | 50 + 60 / 70 / 70 |  |  |  |  |  |",
    ]
