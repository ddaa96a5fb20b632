"""Large bodies, on a real server: what they take, and that others don't wait for them."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from hooks.server.large_bodies import LARGE_BODY, RETRY_AFTER_SECONDS
from tests.controlplane import eventually
from tests.served import Served, served
from tests.slow_clients import HEAD, seconds
from tests.taken import children, memory, peak_mib
from tests.world import deleting, external_auth, server, sync_request, written

pytestmark = pytest.mark.alone

MIB = 1 << 20
SYNC = written(sync_request(server()))
BUSY = (429, str(RETRY_AFTER_SECONDS), "other large requests are being answered\n")
ENDED = 'toolhive_hooks_requests_total{hook="finalize",kind="mcpexternalauthconfig",outcome="%s"}'


SMALL_LISTS = {"a": [[]] * 340_000}
"""1 MiB that takes many times as much as objects."""
FINALIZE = written(
    sync_request(
        deleting(external_auth()),
        related=[server(name=f"demo-{number}", podTemplateSpec=SMALL_LISTS) for number in range(27)],
    )
)
"""What Metacontroller asks about a config that is being deleted, in a namespace with 27 such servers."""


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("hooks")) as running:
        yield running


def call(hooks: Served, body: bytes) -> tuple[int, str | None, str]:
    """Code, Retry-After and text of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", hooks.port, timeout=60)
    connection.request("POST", "/mcpexternalauthconfig/finalize", body)
    response = connection.getresponse()
    answer = response.status, response.getheader("Retry-After"), response.read().decode()
    connection.close()
    return answer


@contextmanager
def callers(hooks: Served, count: int) -> Iterator[Counter[tuple[int, str | None, str]]]:
    """So many callers with large bodies for as long as the block; what they are answered."""
    answers, done = Counter[tuple[int, str | None, str]](), threading.Event()

    def run() -> None:
        while not done.is_set():
            answers[call(hooks, FINALIZE)] += 1

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_component_small_has_room_for_what_it_admits(tmp_path: Path) -> None:
    """Of the bodies that its bound lets in, those that take the most: 512 MiB are its limit."""
    body = written(
        sync_request(
            deleting(external_auth()),
            related=[server(name=f"demo-{number}", podTemplateSpec={"a": [[[[]]]] * 140_000}) for number in range(4)],
        )
    )
    with served(tmp_path, {"TOOLHIVE_HOOKS_MAX_BODY_BYTES": str(4 * MIB)}) as hooks:
        with ThreadPoolExecutor(2) as pool:
            codes = {code for code, _, _ in pool.map(lambda _: call(hooks, body), range(4))}

        assert len(body) > 3 * MIB
        assert codes <= {200, 429}
        assert peak_mib(hooks.process.popen.pid) < 512


def test_small_calls_do_not_wait_for_twenty_large_callers(hooks: Served) -> None:
    def small() -> None:
        assert hooks.post("/mcpserver/sync", SYNC)[0] == 200

    def probe() -> None:
        assert hooks.ready()

    answered = hooks.metrics()[ENDED % "ok"]
    with callers(hooks, 20) as answers:
        eventually(lambda: hooks.metrics()[ENDED % "ok"] > answered, 60)
        assert seconds(small) < 1
        assert seconds(probe) < 1

    assert {code for code, _, _ in answers} == {200, 429}
    assert answers[BUSY] == sum(count for (code, _, _), count in answers.items() if code == 429)
    assert hooks.metrics()[ENDED % "busy"] == answers[BUSY]


def test_two_large_calls_at_once_are_both_answered(hooks: Served) -> None:
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(call, hooks, FINALIZE) for _ in range(2)]

    assert [call.result()[0] for call in calls] == [200, 200]


def test_a_large_body_that_comes_in_chunks_is_answered(hooks: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", hooks.port, timeout=60)
    connection.request("POST", "/mcpserver/sync", iter([SYNC[:100], SYNC[100:]]), encode_chunked=True)

    assert connection.getresponse().status == 200
    connection.close()


def test_large_calls_at_once_take_the_memory_of_one(tmp_path: Path) -> None:
    with served(tmp_path, {"TOOLHIVE_HOOKS_WORKERS": "1"}) as server, ThreadPoolExecutor(8) as pool:
        large = b"[" + b"[]," * MIB + b"0]"  # as objects, some twenty times as much
        [worker] = children(server.process.popen.pid)
        before = memory(worker, "VmHWM")
        server.post("/mcpserver/sync", large)
        one = memory(worker, "VmHWM") - before
        calls = [pool.submit(server.post, "/mcpserver/sync", large) for _ in range(8)]

        assert {call.result()[0] for call in calls} <= {400, 429}
        assert memory(worker, "VmHWM") - before < 2 * one  # four would take three times that and more


def test_a_worker_is_as_small_after_large_calls_as_before(tmp_path: Path) -> None:
    with served(tmp_path, {"TOOLHIVE_HOOKS_WORKERS": "1"}) as server:
        [worker] = children(server.process.popen.pid)
        before = memory(worker)
        for large in (b"[" + b"[]," * MIB + b"0]", b'{"parent":"' + b"x" * (20 * MIB)):
            assert server.post("/mcpserver/sync", large)[0] == 400

        assert memory(worker) - before < 10 * MIB


def test_a_worker_that_is_killed_gives_its_places_back(tmp_path: Path) -> None:
    large = b"{" * LARGE_BODY
    half = HEAD + b"x\r\nContent-Length: %d\r\n\r\n{" % LARGE_BODY
    with served(tmp_path, {"TOOLHIVE_HOOKS_WORKERS": "1"}) as server:
        [worker] = children(server.process.popen.pid)
        with (
            socket.create_connection(("127.0.0.1", server.port)) as one,
            socket.create_connection(("127.0.0.1", server.port)) as other,
        ):
            one.sendall(half)
            other.sendall(half)
            eventually(lambda: server.metrics()["toolhive_hooks_requests_in_flight"] == 2)
            assert server.post("/mcpserver/sync", large)[0] == 429
            os.kill(worker, signal.SIGKILL)

            eventually(lambda: [each for each in children(server.process.popen.pid) if each != worker])
            assert server.post("/mcpserver/sync", large)[0] == 400
