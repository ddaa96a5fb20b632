"""`toolhive-hooks serve` from its start to its end: workers that end, a log that stalls, and how it stops."""

from __future__ import annotations

import http.client
import os
import resource
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.controlplane import eventually
from tests.served import Served, post, served
from tests.slow_clients import seconds
from tests.taken import children
from tests.world import server, sync_request, written

pytestmark = pytest.mark.alone

SYNC = written(sync_request(server()))
HEAD = b"POST /mcpserver/sync HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(SYNC)
OK = 'toolhive_hooks_requests_total{hook="sync",kind="mcpserver",outcome="ok"}'
IN_FLIGHT = "toolhive_hooks_requests_in_flight"
SERVE = "from hooks.cli import main; main()"


def workers(server: Served) -> list[int]:
    """The processes that answer."""
    return children(server.process.popen.pid)


def test_from_start_to_ready_takes_a_second(tmp_path: Path) -> None:
    def start() -> None:
        with served(tmp_path) as running:
            took.append(time.monotonic() - began)
            assert running.ready()

    took: list[float] = []
    for _ in range(5):
        began = time.monotonic()
        start()

    assert min(took) <= 1  # the least disturbed


@pytest.mark.parametrize("sign", ["TERM", "INT", "QUIT", "ABRT", "KILL"])
def test_after_any_end_of_a_worker_the_next_one_answers(tmp_path: Path, sign: str) -> None:
    with served(tmp_path, {"TOOLHIVE_HOOKS_WORKERS": "1"}) as server:
        [worker] = workers(server)
        subprocess.run(["kill", f"-{sign}", str(worker)], check=True)

        eventually(lambda: [each for each in workers(server) if each != worker])
        assert server.post("/mcpserver/sync", SYNC)[0] == 200
        assert server.metrics()[OK] == 1
        assert server.ready()


def test_after_a_reload_it_answers(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        before = set(workers(server))
        server.process.popen.send_signal(signal.SIGHUP)

        eventually(lambda: len(set(workers(server)) - before) == 2 and not before & set(workers(server)))
        assert {server.post("/mcpserver/sync", SYNC)[0] for _ in range(10)} == {200}
        assert server.metrics()[OK] == 10


def test_killed_workers_leave_no_file_and_their_counts_stay(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    with served(tmp_path, {"TMPDIR": str(tmp_path / "tmp")}) as server:
        for killed in range(8):
            worker = eventually(lambda: len(pids := workers(server)) == 2 and pids[0])
            os.kill(worker, signal.SIGKILL)
            eventually(lambda worker=worker: worker not in workers(server))
            assert server.post("/mcpserver/sync", SYNC)[0] == 200
            assert server.metrics()[OK] == killed + 1
        assert list((tmp_path / "tmp").iterdir()) == []


def test_a_worker_killed_in_a_call_is_replaced_and_the_call_no_longer_in_flight(tmp_path: Path) -> None:
    with served(tmp_path, {"TOOLHIVE_HOOKS_WORKERS": "1"}) as server:
        assert server.post("/mcpserver/sync", SYNC)[0] == 200
        [worker] = workers(server)
        with socket.create_connection(("127.0.0.1", server.port)) as half:
            half.sendall(HEAD)
            eventually(lambda: server.metrics()[IN_FLIGHT] == 1)
            os.kill(worker, signal.SIGKILL)

            eventually(lambda: server.ready() and (server.metrics()[OK], server.metrics()[IN_FLIGHT]) == (1, 0))
        assert server.post("/mcpserver/sync", SYNC)[0] == 200
        assert (server.metrics()[OK], server.metrics()[IN_FLIGHT]) == (2, 0)


def test_calls_are_answered_while_no_file_can_be_written(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        before = eventually(lambda: len(pids := workers(server)) == 2 and pids)
        for process in (server.process.popen.pid, *before):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (0, 0))
        os.kill(before[0], signal.SIGKILL)
        eventually(lambda: len(set(workers(server)) - {before[0]}) == 2)

        assert {server.post("/mcpserver/sync", SYNC)[0] for _ in range(10)} == {200}
        assert server.metrics()[OK] == 10
        assert server.ready()


def test_calls_are_answered_while_the_log_is_not_read(tmp_path: Path) -> None:
    stalled = f"import os; _, pipe = os.pipe(); os.dup2(pipe, 2); os.write(2, bytes(60000)); {SERVE}"
    with served(tmp_path, program=["-c", stalled]) as server:
        with server.connected() as connection:
            for _ in range(1200):  # more lines than wait in a process, after what the pipe takes
                assert post(connection, "/mcpserver/sync", b"{")[0] == 400
            assert seconds(lambda: post(connection, "/mcpserver/sync", SYNC)) < 1
        assert server.ready()
        [worker, _] = eventually(lambda: len(pids := workers(server)) == 2 and pids)
        os.kill(worker, signal.SIGKILL)
        eventually(lambda: len(set(workers(server)) - {worker}) == 2)

        server.process.popen.terminate()
        assert server.process.popen.wait(20) == 0


def test_asked_to_stop_it_finishes_what_runs(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as running:
            running.sendall(HEAD)
            eventually(lambda: server.metrics()[IN_FLIGHT] == 1)
            server.process.popen.send_signal(signal.SIGTERM)
            eventually(lambda: "Worker exiting" in server.process.log.read_text())  # the other one, which is idle
            running.sendall(SYNC)
            assert running.recv(65536).startswith(b"HTTP/1.1 200 OK")
        assert server.process.popen.wait(30) == 0


def test_asked_to_stop_it_loses_no_call_on_a_connection_that_stands(tmp_path: Path) -> None:
    """Each goes on with calls until an answer says that it is the last one."""
    answered, lost, began = [0] * 8, list[str](), threading.Barrier(9)

    def call(number: int) -> None:
        try:
            with server.connected() as connection:
                post(connection, "/mcpserver/sync", SYNC)
                began.wait()
                while connection.sock:  # http.client closes it after "Connection: close"
                    assert post(connection, "/mcpserver/sync", SYNC)[0] == 200
                    answered[number] += 1
        except (AssertionError, OSError, http.client.HTTPException) as error:
            lost.append(repr(error))

    with served(tmp_path) as server:
        threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        began.wait()
        eventually(lambda: min(answered) > 10)
        server.process.popen.terminate()
        for thread in threads:
            thread.join(30)
        assert server.process.popen.wait(30) == 0
    assert lost == []
