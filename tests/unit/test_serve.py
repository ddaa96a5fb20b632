"""`toolhive-hooks serve` as a process: what it answers and counts."""

from __future__ import annotations

import json
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.controlplane import eventually
from tests.leaks import leaked, secret_values
from tests.served import Served, served
from tests.world import deleting, external_auth, secret, server, sync_request, written

pytestmark = pytest.mark.alone

EXAMPLE = Path(__file__).parents[2] / "examples/token-exchange"
SYNC = written(sync_request(server()))
REQUEST = b"POST /mcpserver/sync HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(SYNC), SYNC)
OK = 'toolhive_hooks_requests_total{hook="sync",kind="mcpserver",outcome="ok"}'


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with the default settings."""
    with served(tmp_path_factory.mktemp("hooks")) as running:
        yield running


def render(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hooks", "render", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)


def answer_to(port: int, *parts: bytes, end: bool = False) -> bytes:
    """What the server answers to these bytes; with `end` the client is done sending after them."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        for part in parts:
            connection.sendall(part)
        if end:
            connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_the_servers_answer_is_the_one_that_render_computes(hooks: Served) -> None:
    shuffled = sorted(EXAMPLE.rglob("*.yaml"), reverse=True)

    local = render(EXAMPLE, "-o", "json").stdout

    assert local
    assert render(EXAMPLE, "-o", "json", "--server", f"http://127.0.0.1:{hooks.port}").stdout == local
    assert render(*shuffled, "-o", "json").stdout == local


def test_the_metrics_are_those_of_all_workers(hooks: Served) -> None:
    before = hooks.metrics()[OK]
    for _ in range(40):  # each over a connection of its own, which one worker or the other accepts
        assert hooks.post("/mcpserver/sync", SYNC)[0] == 200

    assert {hooks.metrics()[OK] for _ in range(10)} == {before + 40}


def test_a_call_is_told_in_the_log_soon_and_before_the_server_ends(tmp_path: Path) -> None:
    def lines() -> int:
        return log.read_text().count('"message":"hook call"')

    log = tmp_path / "hooks.log"
    with served(tmp_path) as running:
        assert running.post("/mcpserver/sync", SYNC)[0] == 200
        eventually(lambda: lines() == 1, 10)
        assert [running.post("/mcpserver/sync", SYNC)[0] for _ in range(3)] == [200] * 3

    assert lines() == 4


def test_webhooks_and_probes_are_on_ports_of_their_own(hooks: Served) -> None:
    get = b"GET %b HTTP/1.0\r\n\r\n"

    assert b" 404 " in answer_to(hooks.port, get % b"/metrics", end=True)
    assert b" 404 " in answer_to(hooks.port, get % b"/readyz", end=True)
    assert b" 404 " in answer_to(hooks.probes, get % b"/mcpserver/sync", end=True)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"POST /mcpserver/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", b"400"),
        (b"POST /mcpserver/sync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", b"400"),
        (b"POST /mcpserver/sync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", b"400"),
        (b"POST /mcpserver/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n{", b"413"),
        (b"POST /mcpserver/sync HTTP/1.1\r\nHost: x\r\nX: %b\r\n\r\n" % (b"x" * 9000), b"431"),
        (b"POST /%b HTTP/1.1\r\nHost: x\r\n\r\n" % (b"x" * 9000), b"414"),
        (
            b"POST /mcpserver/sync HTTP/1.1\r\nHost: x\r\n%b\r\n" % b"".join(b"X%d: x\r\n" % n for n in range(200)),
            b"431",
        ),
        (b"\x16\x03\x01 that was TLS\r\n\r\n", b"400"),
    ],
    ids=["cut off", "no chunk", "cut-off chunk", "too long", "long header", "long path", "many headers", "not HTTP"],
)
def test_bytes_that_are_no_call_are_refused_and_the_next_call_is_answered(
    hooks: Served, sent: bytes, code: bytes
) -> None:
    assert answer_to(hooks.port, sent, end=True).split(b" ", 2)[1] == code

    assert hooks.post("/mcpserver/sync", SYNC)[0] == 200
    assert "Traceback" not in hooks.process.log.read_text()


def test_calls_over_one_connection_are_answered_one_by_one_in_pieces_of_any_size(hooks: Served) -> None:
    unread = b"GET /mcpserver/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nwhat?"
    large = b"POST /mcpserver/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + b"{" * 300_000
    sent = b"".join([REQUEST, unread, REQUEST, large, REQUEST, unread, large, REQUEST])
    pieces = [sent, *(sent[at : at + 70_001] for at in range(0, len(sent), 70_001)), sent]

    answers = answer_to(hooks.port, *pieces, end=True)

    codes = [answer[1:4] for answer in answers.split(b"HTTP/1.1")[1:]]
    assert codes == [b"200", b"405", b"200", b"400", b"200", b"405", b"400", b"200"] * 3


MIB = 1 << 20
BAD = {
    "deep": b"[" * MIB,
    "deep in a string that nobody closes": b'["' * (MIB // 2),
    "NaN": SYNC.replace(b'"generation":1', b'"generation":NaN'),
    "infinity": SYNC.replace(b'"generation":1', b'"generation":Infinity'),
    "a huge integer": SYNC.replace(b'"generation":1', b'"generation":1' + b"0" * MIB),
    "a lone surrogate": SYNC.replace(b'"demo"', b'"de\\ud800mo"'),
    "many lone surrogates": b'["' + b"\\ud800" * MIB + b'"]',
    "no UTF-8": SYNC.replace(b'"demo"', b'"de\xffmo"'),
    "UTF-16": SYNC.decode().encode("utf-16"),
    "many small lists": b"[" + b"[]," * MIB + b"0]",
    "many small maps": b"[" + b'{"a":{}},' * MIB + b"0]",
    "an end before the end": SYNC[:-1],
    "more after the end": SYNC + SYNC,
    "nothing": b"",
}


assert SYNC not in BAD.values()


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_a_bad_body_is_refused_soon_and_in_bounded_memory(hooks: Served, body: bytes) -> None:
    code, text = hooks.post("/mcpserver/sync", body)

    assert code == 400, text
    assert len(text) < 100
    assert "Traceback" not in hooks.process.log.read_text()
    assert hooks.post("/mcpserver/sync", SYNC)[0] == 200


def test_recorded_requests_are_those_that_came_with_secrets_masked(tmp_path: Path) -> None:
    request = sync_request(external_auth(), [], [secret()])
    customize = {"controller": request["controller"], "parent": request["parent"]}
    with served(tmp_path, options=["--record", tmp_path / "new/folder"]) as server:
        for _ in range(3):
            assert server.post("/mcpexternalauthconfig/sync", written(request))[0] == 200
        server.post("/mcpexternalauthconfig/customize", written(customize))
        server.post("/mcpexternalauthconfig/sync", b"{")

    files = {file.name: file for file in (tmp_path / "new/folder").iterdir()}
    assert sorted(files) == [
        "mcpexternalauthconfig-customize-00001.json",
        *(f"mcpexternalauthconfig-sync-0000{n}.json" for n in (1, 2, 3)),
    ]
    texts = {name: file.read_text() for name, file in files.items()}
    assert {file.stat().st_mode & 0o777 for file in files.values()} == {0o600}
    assert leaked(secret_values(request), "".join(texts.values())) == []
    assert json.loads(texts["mcpexternalauthconfig-customize-00001.json"])["body"] == customize
    recorded = json.loads(texts["mcpexternalauthconfig-sync-00002.json"])["body"]
    for obj in (*request["related"]["Secret.v1"].values(), *recorded["related"]["Secret.v1"].values()):
        obj.pop("data")
    assert recorded == request


def test_a_port_that_is_taken_ends_the_start_with_a_message(hooks: Served) -> None:
    command = [sys.executable, "-m", "hooks", "serve", "--probes-bind", f"127.0.0.1:{hooks.probes}"]

    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith("toolhive-hooks: [Errno 98] Address already in use")


@contextmanager
def little_stack() -> Iterator[None]:
    """For as long as the block, programs start with threads of 256 KiB: as on musl, or nearly."""
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (256 << 10, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))


@pytest.mark.parametrize("depth", [900, 9_900])
@pytest.mark.parametrize("option", [None, "--record"])
def test_a_deep_neighbour_ends_no_worker_however_small_threads_are(
    tmp_path: Path, option: str | None, depth: int
) -> None:
    """What recurses in C as deep as a body goes ends its worker: a tenant's podTemplateSpec would, for everybody."""
    deep = server(name="deep", podTemplateSpec={"deep": "HERE"})
    request = written(sync_request(deleting(external_auth()), related=[deep]))
    body = request.replace(b'"HERE"', b'{"a":' * depth + b"1" + b"}" * depth)

    with little_stack(), served(tmp_path, options=[option, tmp_path / "records"] if option else []) as hooks:
        code, text = hooks.post("/mcpexternalauthconfig/finalize", body)

    assert (code, json.loads(text)["finalized"]) == (200, False)
