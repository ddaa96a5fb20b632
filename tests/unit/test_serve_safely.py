"""TLS, client certificates and the bearer token, on a real server: who is answered, and what a rotation costs."""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.controlplane import eventually
from tests.controlplane.processes import ProcessError
from tests.mounted import Mounted
from tests.served import Served, post, served
from tests.world import server, sync_request, written

pytestmark = pytest.mark.slow

SYNC = written(sync_request(server()))
BEARER = {"Authorization": "Bearer one"}
REFUSED = (401, "the bearer token of the call is missing or not the one that toolhive-hooks has\n")


def issue(ca: trustme.CA) -> dict[str, bytes]:
    """A server's certificate and key, as a Secret has them."""
    leaf = ca.issue_cert("localhost", "toolhive-hooks.toolhive-hooks")
    return {"crt": b"".join(blob.bytes() for blob in leaf.cert_chain_pems), "key": leaf.private_key_pem.bytes()}


def trusting(ca: trustme.CA, client: trustme.LeafCert | None = None) -> ssl.SSLContext:
    """What a client needs: the server's CA, and a certificate of its own."""
    context = ssl.create_default_context()
    ca.configure_trust(context)
    if client:
        client.configure_cert(context)
    return context


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def mounted(tmp_path: Path, ca: trustme.CA) -> Mounted:
    secret = Mounted(tmp_path / "secret")
    secret.write({**issue(ca), "ca": ca.cert_pem.bytes(), "token": b"one\n"})
    return secret


def tls_settings(mounted: Mounted) -> dict[str, str]:
    return {"TOOLHIVE_HOOKS_TLS_CERT_FILE": mounted.path("crt"), "TOOLHIVE_HOOKS_TLS_KEY_FILE": mounted.path("key")}


@pytest.fixture
def over_tls(tmp_path: Path, mounted: Mounted) -> Iterator[Served]:
    with served(tmp_path, tls_settings(mounted)) as running:
        yield running


def test_with_a_certificate_the_webhooks_are_https_and_the_probes_plain(over_tls: Served, ca: trustme.CA) -> None:
    assert over_tls.post("/mcpserver/sync", SYNC, tls=trusting(ca))[0] == 200

    assert over_tls.ready()
    with pytest.raises((ConnectionError, ssl.SSLError, OSError)):
        over_tls.post("/mcpserver/sync", SYNC)
    with pytest.raises(ssl.SSLCertVerificationError):
        over_tls.post("/mcpserver/sync", SYNC, tls=trusting(trustme.CA()))


def test_a_client_without_a_certificate_of_the_ca_gets_no_answer(
    tmp_path: Path, mounted: Mounted, ca: trustme.CA
) -> None:
    settings = {**tls_settings(mounted), "TOOLHIVE_HOOKS_CLIENT_CA_FILE": mounted.path("ca")}
    with served(tmp_path, settings) as running:
        strangers = trustme.CA().issue_cert("metacontroller")
        for client in (None, strangers):
            # TLS 1.3 tells a client of its refusal only when it reads.
            with pytest.raises((ssl.SSLError, ConnectionError)):
                running.post("/mcpserver/sync", SYNC, tls=trusting(ca, client))

        assert running.post("/mcpserver/sync", SYNC, tls=trusting(ca, ca.issue_cert("metacontroller")))[0] == 200
        assert running.ready()
        ok = 'toolhive_hooks_requests_total{hook="sync",kind="mcpserver",outcome="ok"}'
        assert running.metrics()[ok] == 1


def test_a_rotated_certificate_drops_no_call(over_tls: Served, mounted: Mounted, ca: trustme.CA) -> None:
    """Under load from connections that stay and from new ones, the Secret is replaced again and again."""
    done, problems, answered = threading.Event(), list[str](), [0, 0, 0, 0]

    def load(number: int) -> None:
        keep = number % 2 == 0
        context = trusting(ca)
        try:
            while not done.is_set():
                with over_tls.connected(context) as connection:
                    for _ in range(50 if keep else 1):
                        code, text = post(connection, "/mcpserver/sync", SYNC)
                        assert code == 200, text
                        answered[number] += 1
        except Exception as error:  # noqa: BLE001  # whatever it is, the test tells
            problems.append(repr(error))

    threads = [threading.Thread(target=load, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            before, so_far = served_certificate(over_tls, ca), sum(answered)
            mounted.write(issue(ca))
            eventually(lambda before=before: served_certificate(over_tls, ca) != before)
            eventually(lambda so_far=so_far: sum(answered) > so_far + 20)
    finally:
        done.set()
        for thread in threads:
            thread.join()

    assert problems == []
    assert "Traceback" not in over_tls.process.log.read_text()


def served_certificate(server: Served, ca: trustme.CA) -> bytes | None:
    with server.connected(trusting(ca)) as connection:
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        return connection.sock.getpeercert(binary_form=True)


def test_a_certificate_without_its_key_is_not_taken_up(over_tls: Served, mounted: Mounted, ca: trustme.CA) -> None:
    first = served_certificate(over_tls, ca)

    mounted.write({"crt": issue(ca)["crt"], "key": issue(ca)["key"]})
    assert {served_certificate(over_tls, ca) for _ in range(20)} == {first}
    refusals = re.findall(r'"level":"warning","message":"(TLS certificate: .*)"', over_tls.process.log.read_text())
    assert 1 <= len(refusals) <= 2  # once for each worker that was asked
    assert "are no certificate and its key (KEY_VALUES_MISMATCH)" in refusals[0]

    mounted.write(issue(ca))
    eventually(lambda: served_certificate(over_tls, ca) != first)


def test_a_call_without_the_token_is_refused_and_a_new_token_is_picked_up(tmp_path: Path, mounted: Mounted) -> None:
    # One worker: each looks at the file by itself, and one without a call would know neither "two" nor that it goes.
    settings = {"TOOLHIVE_HOOKS_AUTH_TOKEN_FILE": mounted.path("token"), "TOOLHIVE_HOOKS_WORKERS": "1"}
    with served(tmp_path, settings) as running:
        for header in ("", "Bearer", "Bearer ", "Bearer two", "Bearer onetwo", "Basic one", "one", "Bearer \xf6ne"):
            assert running.post("/mcpserver/sync", SYNC, {"Authorization": header}) == REFUSED
        assert running.post("/mcpserver/sync", SYNC) == REFUSED
        assert running.post("/mcpserver/sync", SYNC, BEARER)[0] == 200
        assert running.post("/mcpserver/sync", SYNC, {"Authorization": "bearer one"})[0] == 200
        assert running.ready()

        mounted.write({"token": b"two"})
        assert running.post("/mcpserver/sync", SYNC, BEARER) == REFUSED
        assert running.post("/mcpserver/sync", SYNC, {"Authorization": "Bearer two"})[0] == 200

        mounted.write({"token": b""})
        assert running.post("/mcpserver/sync", SYNC, {"Authorization": "Bearer "}) == REFUSED
        assert running.post("/mcpserver/sync", SYNC, {"Authorization": "Bearer two"})[0] == 200
    log = (tmp_path / "hooks.log").read_text()
    assert "two" not in log
    assert f"{mounted.path('token')} is empty" in log


@pytest.mark.parametrize("asks_for", ["nothing", "the token", "a certificate"])
def test_without_a_check_of_callers_it_warns_once_at_start(tmp_path: Path, mounted: Mounted, asks_for: str) -> None:
    settings = {
        "nothing": tls_settings(mounted),
        "the token": {"TOOLHIVE_HOOKS_AUTH_TOKEN_FILE": mounted.path("token")},
        "a certificate": {**tls_settings(mounted), "TOOLHIVE_HOOKS_CLIENT_CA_FILE": mounted.path("ca")},
    }
    with served(tmp_path, settings[asks_for]) as running:
        log = running.process.log.read_text()

    assert log.count("anyone who reaches the port may call the hooks") == (1 if asks_for == "nothing" else 0)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "TLS_KEY_FILE",
            b"nonsense",
            "{folder}/crt and {file} are no certificate and its key",
        ),
        ("CLIENT_CA_FILE", b"nonsense", "{file} contains no CA certificate"),
        ("AUTH_TOKEN_FILE", b"\n", "{file} is empty"),
        ("AUTH_TOKEN_FILE", b"old\nnew\n", "{file} contains more than one word: it must be the token alone"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_ends_the_start(
    tmp_path: Path, mounted: Mounted, name: str, content: bytes, said: str
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_bytes(content)
    settings = {**tls_settings(mounted), f"TOOLHIVE_HOOKS_{name}": str(wrong)}

    with pytest.raises(ProcessError, match=r"^hooks ended with exit code 2"), served(tmp_path, settings):
        pass

    last = (tmp_path / "hooks.log").read_text().splitlines()[-1]
    last = re.sub(r" \(\w+\)$", "", last)  # OpenSSL's own word for it, which differs by release
    assert last == f"toolhive-hooks: {said.format(file=wrong, folder=mounted.folder)}"
