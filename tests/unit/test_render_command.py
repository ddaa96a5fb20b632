"""The render command less its command line: what it prints, and its exit codes."""

from __future__ import annotations

import io
import itertools
import json
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hooks.controllers import CONTROLLERS
from hooks.installation import Installation
from hooks.kubernetes.objects import Object
from hooks.manifests.documents import read
from hooks.render.command import CLOCK, render_command
from hooks.simulator.webhooks import HookError, Hooks, Unreachable, in_process, over_http
from tests.background import serving_in_background

pytestmark = pytest.mark.slow

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "oauth"}, "stringData": {"key": "s3cr3t-value"}}
CONFIG = {
    "apiVersion": "toolhive.stacklok.dev/v1alpha1",
    "kind": "MCPExternalAuthConfig",
    "metadata": {"name": "tx"},
    "spec": {
        "type": "tokenExchange",
        "tokenExchange": {
            "tokenUrl": "https://idp.example.com/token",
            "clientId": "c",
            "audience": "a",
            "clientSecretRef": {"name": "oauth", "key": "key"},
        },
    },
}
SERVER = {
    "apiVersion": "toolhive.stacklok.dev/v1alpha1",
    "kind": "MCPServer",
    "metadata": {"name": "demo"},
    "spec": {"image": "example.com/mcp:1", "transport": "streamable-http", "externalAuthConfigRef": {"name": "tx"}},
}


def run(paths: list[str], stdin: str = "", output: str = "yaml", server: str | None = None) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    stdout, stderr = io.StringIO(), io.StringIO()
    code = render_command(
        paths,
        output=output,
        server_url=server,
        installation=Installation(),
        stdin=io.BytesIO(stdin.encode()),
        stdout=stdout,
        stderr=stderr,
    )
    return code, stdout.getvalue(), stderr.getvalue()


def command(*manifests: Object | str, output: str = "yaml", server: str | None = None) -> tuple[int, str, str]:
    texts = (each if isinstance(each, str) else json.dumps(each) for each in manifests)
    return run(["-"], "\n---\n".join(texts), output, server)


def kinds(text: str) -> list[str]:
    return [f"{obj['kind']}/{obj['metadata']['name']}" for _, obj in read(text)]


def test_a_good_server_is_rendered_whole() -> None:
    code, stdout, stderr = command(SECRET, CONFIG, SERVER)

    assert (code, stderr) == (0, "")
    assert kinds(stdout) == [
        "ConfigMap/demo-runconfig",
        "Deployment/demo",
        "Role/demo-proxy-runner",
        "RoleBinding/demo-proxy-runner",
        "Service/mcp-demo-proxy",
        "ServiceAccount/demo-proxy-runner",
        "ServiceAccount/demo-sa",
        "MCPExternalAuthConfig/tx",
        "MCPServer/demo",
    ]
    assert "s3cr3t" not in stdout
    assert "czNjcjN0" not in stdout


@pytest.mark.parametrize("output", ["yaml", "json", "summary"])
def test_the_order_of_documents_does_not_matter(output: str) -> None:
    manifests = [SECRET, CONFIG, *({**SERVER, "metadata": {"name": f"s{number}"}} for number in range(5))]
    expected = command(*manifests, output=output)

    for turn in range(len(manifests)):
        turned = manifests[turn:] + manifests[:turn]
        assert command(*turned, output=output) == expected
        assert command(*reversed(turned), output=output) == expected


def test_a_parent_that_ends_failed_is_named_after_everything_is_printed() -> None:
    code, stdout, stderr = command(CONFIG, SERVER)

    assert code == 1
    assert kinds(stdout)[-2:] == ["MCPExternalAuthConfig/tx", "MCPServer/demo"]
    assert [line.split(": ")[:3] for line in stderr.splitlines()] == [
        ["failed", "MCPExternalAuthConfig default/tx", "SecretNotFound"],
        ["failed", "MCPServer default/demo", "SecretNotFound"],
    ]


FAILED = "failed: MCPServer default/demo: "
KNOWS = "is not a field that toolhive-hooks knows"
REFUSED = "kubectl apply refuses what MCPServer doesn't have"


@pytest.mark.parametrize(
    ("spec", "beside", "said"),
    [
        ({"imagee": "x"}, {}, [f"SpecInvalid: spec.imagee: {KNOWS}: perhaps image is meant"]),
        (
            {"group": {"name": "team"}},
            {"extra": {}},
            [
                f"SpecInvalid: spec.group: {KNOWS}: it is called groupRef now",
                f"FieldUnknown: extra: {REFUSED}",
            ],
        ),
        ({"remoteUrl": None}, {}, [f"FieldUnknown: spec.remoteUrl: {REFUSED}"]),
        ({}, {"a": 1, "b": 2}, [f"FieldUnknown: a, b: {REFUSED}"]),
    ],
    ids=["misspelt", "of another release", "null", "beside the spec"],
)
def test_a_field_that_does_not_exist_fails(spec: Object, beside: Object, said: list[str]) -> None:
    """`kubectl apply` refuses it; and what asks for authentication is never left out in silence."""
    code, stdout, stderr = command(SECRET, CONFIG, {**SERVER, "spec": {**SERVER["spec"], **spec}, **beside})

    assert (code, stderr.splitlines()) == (1, [f"{FAILED}{text}" for text in said])
    assert ("Deployment/demo" in kinds(stdout)) == (not any(text.startswith("SpecInvalid") for text in said))


def test_a_config_with_a_field_that_does_not_exist_fails_with_those_who_use_it() -> None:
    config = {**CONFIG, "spec": {**CONFIG["spec"], "tokenEndpoint": {}}}

    code, stdout, stderr = command(SECRET, config, SERVER)

    fault = f"spec.tokenEndpoint: {KNOWS}: remove it, or correct its name"
    assert (code, stderr.splitlines()) == (
        1,
        [
            f"failed: MCPExternalAuthConfig default/tx: SpecInvalid: {fault}",
            f"{FAILED}SpecInvalid: MCPExternalAuthConfig 'tx': {fault}",
        ],
    )
    assert "Deployment/demo" not in kinds(stdout)


def test_unreadable_input_prints_nothing() -> None:
    assert command(SECRET, "a: [") == (
        2,
        "",
        "error: stdin: document 2: did not find expected node content (line 4)\n",
    )


def test_a_missing_file_is_unreadable_input() -> None:
    assert run(["nowhere.yaml"]) == (2, "", "error: nowhere.yaml: No such file or directory\n")


# Over HTTP


@contextmanager
def serving(answer: Hooks) -> Iterator[str]:
    """A server that gives the answers of these hooks; (status, body) where they raise a HookError with both."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = 200
            try:
                content = answer(self.path, body)
            except HookError as error:
                status, content = error.args[0], error.args[1].encode()
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with serving_in_background(server, "hooks"):
        yield f"http://127.0.0.1:{server.server_port}"


def refusing(status: int, text: str) -> Hooks:
    def ask(_path: str, _body: bytes) -> bytes:
        raise HookError(status, text)

    return ask


@pytest.mark.parametrize("output", ["yaml", "json", "summary"])
def test_a_server_gives_the_same_bytes(output: str) -> None:
    with serving(in_process(CONTROLLERS, Installation(), CLOCK.replace(year=2026))) as url:
        assert command(SECRET, CONFIG, SERVER, output=output, server=f"{url}/") == command(
            SECRET, CONFIG, SERVER, output=output
        )


@pytest.mark.parametrize(
    ("status", "text", "problem"),
    [
        (500, "a bug\n", "HTTP 500: a bug"),
        (302, "", "HTTP 302: no text"),
        (404, "\x1b[31m", "HTTP 404: ?[31m"),
        (204, "", "HTTP 204: Metacontroller takes nothing but 200"),
        (200, "<html>", "the answer is not JSON"),
    ],
)
def test_a_server_that_answers_otherwise_fails_the_parents(status: int, text: str, problem: str) -> None:
    with serving(refusing(status, text)) as url:
        code, stdout, stderr = command(SERVER, server=url)

    assert (code, kinds(stdout)) == (1, ["MCPServer/demo"])
    assert stderr == f"failed: MCPServer default/demo: HookFailed: {problem}\n"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "ftp://example.com", "example.com:8080", "http://", "file:///etc", "http://["]
)
def test_where_no_server_is_nothing_is_rendered(url: str) -> None:
    code, stdout, stderr = command(SERVER, server=url)

    assert (code, stdout) == (2, "")
    assert stderr.startswith(f"error: {url}")


def test_a_server_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    release = threading.Event()

    def ask(_path: str, _body: bytes) -> bytes:
        release.wait(5)
        return b"{}"

    with serving(ask) as url:
        with pytest.raises(Unreachable, match="timed out"):
            over_http(url, timeout=0.1)("/mcpserver/sync", b"{}")
        release.set()


def test_what_never_comes_to_rest_is_named_after_everything_is_printed() -> None:
    calls = itertools.count()

    def ask(path: str, _body: bytes) -> bytes:
        return b"{}" if "customize" in path else json.dumps({"status": {"phase": f"Step{next(calls)}"}}).encode()

    with serving(ask) as url:
        code, stdout, stderr = command(SERVER, server=url)

    assert (code, kinds(stdout)) == (1, ["MCPServer/demo"])
    assert stderr == "error: no fixed point in 20 rounds: MCPServer default/demo keeps changing status.phase\n"


@pytest.mark.parametrize("no_colour", [False, True])
def test_a_summary_is_coloured_on_a_terminal_unless_its_user_wants_none(no_colour: bool) -> None:
    example = Path(__file__).parents[2] / "examples/token-exchange"
    command = [sys.executable, "-m", "hooks", "render", example, "-o", "summary"]
    plain = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    master, terminal = pty.openpty()
    subprocess.run(command, stdout=terminal, check=True, env={**os.environ, "NO_COLOR": "1" if no_colour else ""})
    os.close(terminal)
    shown = os.read(master, 1 << 16).decode().replace("\r\n", "\n")
    os.close(master)

    assert re.sub(r"\x1b\[\d+m", "", shown) == plain
    assert re.findall(r"\x1b\[(\d+)m(\w+)", shown) == ([] if no_colour else [("32", "Ready"), ("33", "Pending")])
