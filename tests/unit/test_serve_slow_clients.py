"""Clients that are slow, on a real server: each keeps a thread and nobody else waiting."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.controlplane import eventually
from tests.served import Served, served
from tests.slow_clients import HEAD, all_there, seconds, slow_clients
from tests.taken import children
from tests.world import server, sync_request, written

pytestmark = pytest.mark.alone

SYNC = written(sync_request(server()))
TOKEN = {"Authorization": "Bearer word"}
BODY = HEAD + b"x\r\nAuthorization: Bearer word\r\nContent-Length: 100000\r\n\r\n{"
"""Of a request, without the end of its body."""
SOON = "import hooks.server.worker as w; w.CALL_SECONDS = w.HEAD_SECONDS = 1; from hooks.cli import main; main()"
"""A server with deadlines of a second."""
TIMED_OUT = "toolhive_hooks_requests_timed_out_total"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text("word")
    return {"TOOLHIVE_HOOKS_AUTH_TOKEN_FILE": str(file)}


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory, token: dict[str, str]) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("hooks"), token) as running:
        yield running


def assert_answers_soon(hooks: Served) -> None:
    def call() -> None:
        assert hooks.post("/mcpserver/sync", SYNC, TOKEN)[0] == 200

    def probe() -> None:
        assert hooks.ready()

    assert seconds(call) < 1
    assert seconds(probe) < 1


@pytest.mark.parametrize(
    ("count", "first"),
    [(32, HEAD), (400, HEAD), (400, BODY)],
    ids=["32 heads without the token", "400 heads without the token", "400 bodies with it"],
)
def test_calls_do_not_wait_for_slow_senders(hooks: Served, count: int, first: bytes) -> None:
    with slow_clients(hooks.port, count, first, then=b"a"):
        all_there(hooks.metrics, count)
        assert_answers_soon(hooks)
    eventually(lambda: hooks.metrics()["toolhive_hooks_requests_in_flight"] == 0)


def test_calls_do_not_wait_for_silent_connections(hooks: Served) -> None:
    with slow_clients(hooks.port, 990):
        assert_answers_soon(hooks)
        # They wait on without a thread.
        eventually(lambda: hooks.metrics()["toolhive_hooks_requests_in_flight"] == 0)
        assert_answers_soon(hooks)


def test_calls_do_not_wait_for_slow_readers(hooks: Served) -> None:
    request = HEAD + b"x\r\nAuthorization: Bearer word\r\nContent-Length: %d\r\n\r\n%b" % (len(SYNC), SYNC)
    with slow_clients(hooks.port, 40, request * 10, then=request * 10):  # and 100 bytes of an answer, twice a second
        all_there(hooks.metrics, 40)
        assert_answers_soon(hooks)


def test_calls_do_not_wait_for_half_handshakes(tmp_path: Path, token: dict[str, str]) -> None:
    ca = trustme.CA()
    leaf, client = ca.issue_cert("localhost"), ca.issue_cert("metacontroller")
    (tmp_path / "ca").write_bytes(ca.cert_pem.bytes())
    (tmp_path / "crt").write_bytes(leaf.cert_chain_pems[0].bytes())
    (tmp_path / "key").write_bytes(leaf.private_key_pem.bytes())
    files = {"TLS_CERT_FILE": "crt", "TLS_KEY_FILE": "key", "CLIENT_CA_FILE": "ca"}
    settings = {f"TOOLHIVE_HOOKS_{name}": str(tmp_path / file) for name, file in files.items()}
    context = ssl.create_default_context()
    ca.configure_trust(context)
    client.configure_cert(context)
    with (
        served(tmp_path, {**token, **settings}) as hooks,
        slow_clients(hooks.port, 200, b"\x16\x03\x01\x02\x00\x01", then=b"\0"),
    ):
        all_there(hooks.metrics, 200)

        def call() -> None:
            assert hooks.post("/mcpserver/sync", SYNC, TOKEN, tls=context)[0] == 200

        assert seconds(call) < 1
        assert seconds(hooks.ready) < 1


@pytest.mark.parametrize("first", [b"GET /healthz HTTP/1.1\r\nX: ", b""], ids=["slow", "silent"])
def test_probes_do_not_wait_for_slow_clients_of_their_port(hooks: Served, first: bytes) -> None:
    def probe() -> None:
        assert hooks.ready()

    with slow_clients(hooks.probes, 80, first, then=b"a" if first else b""):
        assert seconds(probe) < 1
        assert_answers_soon(hooks)


@pytest.mark.parametrize("first", [HEAD, BODY], ids=["head", "body"])
def test_a_request_that_is_not_sent_in_time_is_cut_off_and_counted(
    tmp_path: Path, first: bytes, token: dict[str, str]
) -> None:
    with served(tmp_path, token, program=["-c", SOON]) as hooks:
        with socket.create_connection(("127.0.0.1", hooks.port), timeout=20) as slow:
            slow.sendall(first)
            eventually(lambda: hooks.metrics()[TIMED_OUT] == 1, 20)
            while slow.recv(1000):  # to the end; a body that is cut off has an answer
                pass
        assert hooks.post("/mcpserver/sync", SYNC, TOKEN)[0] == 200


def test_more_connections_than_files_end_no_worker(tmp_path: Path) -> None:
    few = "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (96, 96)); from hooks.cli import main; main()"
    with served(tmp_path, program=["-c", few]) as hooks:
        workers = eventually(lambda: len(pids := children(hooks.process.popen.pid)) == 2 and pids)
        connections = [socket.create_connection(("127.0.0.1", hooks.port)) for _ in range(288)]
        for connection in connections:
            connection.sendall(HEAD)
        eventually(lambda: hooks.metrics()["toolhive_hooks_requests_in_flight"] >= 10)
        assert hooks.ready()
        for connection in connections:
            connection.close()

        assert hooks.post("/mcpserver/sync", SYNC)[0] == 200
        assert children(hooks.process.popen.pid) == workers


def test_an_answer_waits_for_its_reader_no_longer_than_the_deadline(tmp_path: Path) -> None:
    request = HEAD + b"x\r\nContent-Length: %d\r\n\r\n%b" % (len(SYNC), SYNC)
    with served(tmp_path, program=["-c", SOON]) as hooks, socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        slow.connect(("127.0.0.1", hooks.port))
        sender = threading.Thread(target=lambda: send_all(slow, request * 400), daemon=True)
        sender.start()

        eventually(lambda: hooks.metrics()[TIMED_OUT] == 1, 20)
        sender.join(20)
        assert not sender.is_alive(), "its connection is closed"


def send_all(connection: socket.socket, data: bytes) -> None:
    try:
        connection.sendall(data)
    except OSError:
        return
