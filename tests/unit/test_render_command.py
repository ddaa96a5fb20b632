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

from hooks.api.crd import crds
from hooks.api.kinds import RESOURCES
from hooks.api.meta import GROUP
from hooks.controllers import CONTROLLERS
from hooks.installation import Installation
from hooks.kubernetes.objects import Object
from hooks.manifests.documents import read
from hooks.manifests.load import Source
from hooks.render.command import CLOCK, Options, render_command
from hooks.simulator.webhooks import HookError, Hooks, Unreachable, in_process, over_http
from tests.background import serving_in_background

SERVED = [
    (kind, [each["name"] for each in reversed(crd["spec"]["versions"]) if each["served"]])
    for kind, crd in zip(RESOURCES, crds(), strict=True)
]
"""Our kinds with their served versions."""

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


def run(paths: list[str], stdin: str = "", server: str | None = None, **options: Any) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    stdout, stderr = io.StringIO(), io.StringIO()
    source = Source(paths, options.pop("kustomizations", ()), options.pop("ignore", ()), options.pop("namespace", ""))
    code = render_command(
        Options(source, **options),
        installation=Installation(),
        stdin=io.BytesIO(stdin.encode()),
        stdout=stdout,
        stderr=stderr,
        hooks=over_http(server) if server else None,
    )
    return code, stdout.getvalue(), stderr.getvalue()


def command(*manifests: Object | str, server: str | None = None, **options: Any) -> tuple[int, str, str]:
    texts = (each if isinstance(each, str) else json.dumps(each) for each in manifests)
    return run(["-"], "\n---\n".join(texts), server, **options)


def counts(children: int, errors: int = 0, failed: int = 0, *, resources: int = 2, files: int = 1) -> str:
    """The last line of a report."""
    what = f"{resources} resource{'s' if resources != 1 else ''} in {files} file{'s' if files != 1 else ''}"
    faults = f"{errors} error{'s' if errors != 1 else ''}, {failed} failed, 0 warnings"
    return f"{what}, {children} {'child' if children == 1 else 'children'}: {faults}\n"


def kinds(text: str) -> list[str]:
    return [f"{obj['kind']}/{obj['metadata']['name']}" for _, obj in read(text)]


def test_a_good_server_is_rendered_whole() -> None:
    code, stdout, stderr = command(SECRET, CONFIG, SERVER)

    assert (code, stderr) == (0, counts(7))
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


@pytest.mark.parametrize("output", ["yaml", "json", "summary", "tree"])
def test_the_order_of_documents_does_not_matter(output: str) -> None:
    manifests = [SECRET, CONFIG, *({**SERVER, "metadata": {"name": f"s{number}"}} for number in range(5))]
    expected = command(*manifests, output=output)

    for turn in (0, 2, 5):
        turned = manifests[turn:] + manifests[:turn]
        assert command(*reversed(turned), output=output) == expected


NO_SECRET = (
    "Secret 'oauth' of namespace 'default' not found: create it, or correct spec.tokenExchange.clientSecretRef.name"
)


def test_a_parent_that_ends_failed_is_named_after_everything_is_printed() -> None:
    code, stdout, stderr = command(CONFIG, SERVER)

    assert code == 1
    assert kinds(stdout)[-2:] == ["MCPExternalAuthConfig/tx", "MCPServer/demo"]
    assert stderr == (
        f"stdin:1: failed: MCPExternalAuthConfig default/tx: SecretNotFound: {NO_SECRET}\n"
        f"stdin:3: failed: MCPServer default/demo: SecretNotFound: MCPExternalAuthConfig 'tx': {NO_SECRET}\n"
        + counts(4, failed=2)
    )


KNOWS = "is not a field that toolhive-hooks knows"
REFUSED = "is not a field of MCPServer: remove it, or correct its name"


@pytest.mark.parametrize(
    ("spec", "beside", "said"),
    [
        ({"imagee": "x"}, {}, [f"spec.imagee: {KNOWS}: perhaps image is meant"]),
        (
            {"port": "80", "env": [{"name": 1, "value": ""}]},
            {},
            ["spec.env[0].name: must be a string, is a number", "spec.port: must be a whole number, is a string"],
        ),
        ({"zzz": None}, {}, [f"spec.zzz: {REFUSED}"]),
        ({}, {"a": 1, "b": 2}, [f"a: {REFUSED}", f"b: {REFUSED}"]),
    ],
    ids=["misspelt", "wrong types", "null", "beside the spec"],
)
def test_a_manifest_that_an_api_server_would_refuse_is_an_error_and_not_shown(
    spec: Object, beside: Object, said: list[str]
) -> None:
    """`kubectl apply` refuses it: there is no object with a status."""
    code, stdout, stderr = command(SECRET, CONFIG, {**SERVER, "spec": {**SERVER["spec"], **spec}, **beside})

    expected = [f"stdin:5: error: MCPServer default/demo: {text}\n" for text in said]
    assert (code, stderr) == (1, "".join(expected) + counts(0, errors=len(said)))
    assert kinds(stdout) == ["MCPExternalAuthConfig/tx"]


def test_lenient_turns_unknown_fields_beside_the_spec_into_warnings() -> None:
    sever = {**SERVER, "kind": "MCPSever", "metadata": {"name": "other"}}
    served = ", ".join(f"{kind.kind} ({', '.join(versions)})" for kind, versions in SERVED)

    code, stdout, stderr = command(SECRET, CONFIG, {**SERVER, "extra": 1}, sever, lenient=True)

    assert code == 0
    assert "Deployment/demo" in kinds(stdout)
    assert stderr == (
        f"stdin:5: warning: MCPServer default/demo: extra: {REFUSED}\n"
        "stdin:7: warning: MCPSever default/other: kind: MCPSever is not a kind of toolhive.stacklok.dev that is "
        f"served: perhaps MCPServer is meant; there are {served}\n" + counts(7).replace("0 warnings", "2 warnings")
    )
    assert command({**SERVER, "spec": {**SERVER["spec"], "oidcConfigReff": {}}}, lenient=True) == (
        1,
        "",
        f"stdin:1: error: MCPServer default/demo: spec.oidcConfigReff: {KNOWS}: perhaps oidcConfigRef is meant\n"
        + counts(0, errors=1, resources=1),
    )


def test_each_served_version_is_taken_and_no_other() -> None:
    for kind, versions in SERVED:
        for version in versions:
            manifest = {"apiVersion": f"{GROUP}/{version}", "kind": kind.kind, "metadata": {"name": "a"}, "spec": {}}
            assert "NotServed" not in command(manifest, report="json")[2]

    code, stdout, stderr = command({**SERVER, "apiVersion": f"{GROUP}/v9"})

    assert (code, stdout) == (1, "")
    assert stderr == (
        "stdin:1: error: MCPServer default/demo: apiVersion: version v9 of MCPServer is not served: write "
        "toolhive.stacklok.dev/v1beta1\n" + counts(0, errors=1, resources=0)
    )


def test_a_config_that_is_refused_fails_those_who_use_it() -> None:
    config = {**CONFIG, "spec": {**CONFIG["spec"], "zzz": {}}}

    code, stdout, stderr = command(SECRET, config, SERVER)

    fault = f"spec.zzz: {KNOWS}: remove it, or correct its name"
    assert (code, stderr.splitlines(keepends=True)) == (
        1,
        [
            f"stdin:5: failed: MCPServer default/demo: SpecInvalid: MCPExternalAuthConfig 'tx': {fault}\n",
            f"stdin:3: error: MCPExternalAuthConfig default/tx: {fault}\n",
            counts(4, errors=1, failed=1),
        ],
    )
    assert "Deployment/demo" not in kinds(stdout)


def test_names_that_no_api_server_takes_are_errors(tmp_path: Path) -> None:
    named = {**SERVER, "metadata": {"name": "Weather_1", "namespace": "Team_A"}}
    (tmp_path / "a.json").write_text(json.dumps(named, indent=1))

    code, stdout, stderr = run([str(tmp_path)])

    assert (code, stdout) == (1, "")
    assert stderr == (
        f"{tmp_path}/a.json:5: error: MCPServer Team_A/Weather_1: metadata.name: must be lower-case letters, digits, "
        "'-' and '.', at most 253 (RFC 1123); metadata.namespace must be lower-case letters, digits and '-', at most "
        "63 (RFC 1123)\n" + counts(0, errors=1, resources=1)
    )


def test_a_key_with_a_blank_is_told_whole(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({**SERVER, "metadata": {"name": "demo", "labels": {"a b": "c"}}}))

    report = json.loads(run([str(tmp_path)], report="json")[2])

    assert [(problem["field"], problem["message"]) for problem in report["problems"]] == [
        ("metadata.labels[a b]", "is no label key")
    ]


def test_a_placeholder_that_nothing_refuses_is_a_warning_at_its_line(tmp_path: Path) -> None:
    """A value that was left in place is no name: the cluster takes it as it is."""
    spec = {"image": "a", "env": [{"name": "API", "value": "https://${DOMAIN}"}]}
    (tmp_path / "a.json").write_text(json.dumps({**SERVER, "spec": spec}, indent=1))

    code, _, stderr = run([str(tmp_path)], output="none")

    assert code == 0
    assert stderr == (
        f"{tmp_path}/a.json:12: warning: MCPServer default/demo: spec.env[0].value: still has a placeholder in it: put "
        "the value in its place\n1 resource in 1 file, 7 children: 0 errors, 0 failed, 1 warning\n"
    )


def test_nothing_of_ours_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(json.dumps(SECRET))

    code, stdout, stderr = run([str(tmp_path)])

    assert (code, stdout) == (2, "")
    assert stderr == (
        f"error: nothing to do: no object of toolhive.stacklok.dev in {tmp_path}. Is it the right path?\n"
        + counts(0, errors=1, resources=0)
    )
    assert run([str(tmp_path)], lenient=True)[0] == 0


def test_input_that_cannot_be_read_fails_after_the_rest_is_shown() -> None:
    code, stdout, stderr = run(["nowhere.yaml", "-"], f"{json.dumps({**SERVER, 'spec': {'image': 'a'}})}\n---\na: [")

    assert code == 2
    assert "Deployment/demo" in kinds(stdout)
    assert stderr == (
        "nowhere.yaml: error: No such file or directory\n"
        "stdin:4: error: document 2: did not find expected node content\n" + counts(7, errors=2, resources=1)
    )


def test_a_report_for_programs_has_each_problem_with_its_place() -> None:
    code, stdout, stderr = command(CONFIG, SERVER, output="none", report="json")

    assert (code, stdout) == (1, "")
    report = json.loads(stderr)
    assert report["counts"] == {"resources": 2, "children": 4, "files": 1, "errors": 0, "failed": 2, "warnings": 0}
    first = report["problems"][0]
    assert first == {
        "level": "failed",
        "message": NO_SECRET,
        "file": "stdin",
        "line": 1,
        "object": "MCPExternalAuthConfig default/tx",
        "field": "spec.tokenExchange.clientSecretRef.name",
        "reason": "SecretNotFound",
    }


def test_github_shows_each_problem_at_its_line(tmp_path: Path) -> None:
    file = tmp_path / "a,b.json"
    file.write_text(json.dumps({**SERVER, "spec": {"image": "a", "port": 0}}, indent=1))

    code, _, stderr = run([str(file)], output="none", report="github")

    escaped = str(file).replace(",", "%2C")
    assert (code, stderr.splitlines()[0]) == (
        1,
        f"::error file={escaped},line=9,title=MCPServer default/demo::spec.port: must be at least 1, is 0",
    )


@pytest.mark.parametrize(
    "maker",
    [
        {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "x"},
         "spec": {"target": {"name": "oauth"}, "data": [{"secretKey": "key"}]}},
        {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "oauth"},
         "spec": {"dataFrom": [{}]}},
        {"apiVersion": "external-secrets.io/v1", "kind": "ClusterExternalSecret", "metadata": {"name": "x"},
         "spec": {"externalSecretSpec": {"target": {"name": "oauth"}}}},
        {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": {"name": "oauth"},
         "spec": {"encryptedData": {"key": "AgB"}}},
        {"apiVersion": "secrets.hashicorp.com/v1beta1", "kind": "VaultStaticSecret", "metadata": {"name": "x"},
         "spec": {"destination": {"name": "oauth", "create": True}}},
        {"apiVersion": "isindir.github.com/v1alpha3", "kind": "SopsSecret", "metadata": {"name": "x"},
         "spec": {"secretTemplates": [{"name": "oauth", "stringData": {"key": "ENC[]"}}]}},
        {"apiVersion": "onepassword.com/v1", "kind": "OnePasswordItem", "metadata": {"name": "oauth"}, "spec": {}},
        {"apiVersion": "secrets-store.csi.x-k8s.io/v1", "kind": "SecretProviderClass", "metadata": {"name": "x"},
         "spec": {"secretObjects": [{"secretName": "oauth", "data": [{"key": "key"}]}]}},
        {"apiVersion": "secrets.doppler.com/v1alpha1", "kind": "DopplerSecret", "metadata": {"name": "x"},
         "spec": {"managedSecret": {"name": "oauth"}}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "oauth"}, "stringData": {"key": "ENC[AES]"},
         "sops": {"mac": "x"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "oauth"}, "data": {"key": "ENC[AES]"},
         "sops": {"mac": "x"}},
    ],
    ids=lambda maker: maker["kind"],
)  # fmt: skip
def test_a_secret_that_is_made_in_the_cluster_counts_as_there(maker: Object) -> None:
    code, stdout, stderr = command(maker, CONFIG, SERVER)

    made = f"counts as there, since {maker['kind']} {maker['metadata']['name']} makes it"
    said = "is encrypted by sops: its values count as there" if maker["kind"] == "Secret" else made
    assert (code, stderr) == (0, f"stdin:1: note: Secret default/oauth: {said}\n{counts(7)}")
    assert "Deployment/demo" in kinds(stdout)
    assert "known-in-the-cluster" not in stdout


def test_a_secret_that_is_made_elsewhere_or_without_the_key_is_missing() -> None:
    maker = {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": {"name": "oauth"}}

    other_key = command({**maker, "spec": {"encryptedData": {"other": "A"}}}, CONFIG)
    elsewhere = {**maker["metadata"], "namespace": "elsewhere"}
    other_place = command({**maker, "metadata": elsewhere, "spec": {"encryptedData": {"key": "A"}}}, CONFIG)

    failed = "stdin:3: failed: MCPExternalAuthConfig default/tx: "
    assert (other_key[0], other_key[2]) == (
        1,
        "stdin:1: note: Secret default/oauth: counts as there, since SealedSecret oauth makes it\n"
        f"{failed}SecretKeyNotFound: Secret 'oauth' of namespace 'default' has no key 'key': add it, or correct "
        "spec.tokenExchange.clientSecretRef.key\n" + counts(0, failed=1, resources=1),
    )
    last = counts(0, failed=1, resources=1)
    assert (other_place[0], other_place[2]) == (1, f"{failed}SecretNotFound: {NO_SECRET}\n{last}")


@pytest.mark.parametrize(
    ("maker", "spec"),
    [
        (("bitnami.com/v1alpha1", "SealedSecret"), {"encryptedData": 5}),
        (("bitnami.com/v1alpha1", "SealedSecret"), {"encryptedData": [{}], "template": {"data": [[]]}}),
        (("isindir.github.com/v1alpha3", "SopsSecret"), {"secretTemplates": 5}),
        (("isindir.github.com/v1alpha3", "SopsSecret"), {"secretTemplates": [{"name": "x", "data": 5}]}),
        (("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass"), {"secretObjects": True}),
        (("trust.cert-manager.io/v1alpha1", "Bundle"), {"target": {"configMap": {"key": ["ca.crt"]}}}),
    ],
)
def test_a_malformed_spec_of_another_controller_promises_nothing(maker: tuple[str, str], spec: Object) -> None:
    api_version, kind = maker
    manifest = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, "spec": spec}

    code, stdout, stderr = command(manifest, {**SERVER, "spec": {"image": "a"}})

    assert (code, stderr) == (0, counts(7, resources=1))
    assert "Deployment/demo" in kinds(stdout)


def test_only_a_secret_of_kubernetes_has_values_that_sops_encrypted() -> None:
    other = {"apiVersion": "example.com/v1", "kind": "Secret", "metadata": {"name": "x"}, "data": 5, "sops": {}}

    code, _, stderr = command(other, {**SERVER, "spec": {"image": "a"}})

    assert (code, stderr) == (0, counts(7, resources=1))


def test_calls_grow_with_our_objects_alone() -> None:
    """Four calls for a server: customize, and a sync in each round until nothing changes. None for others' objects."""
    asked: list[str] = []
    hooks = in_process(CONTROLLERS, Installation(), CLOCK)

    def ask(path: str, body: bytes) -> bytes:
        asked.append(path.partition("?")[0])
        return hooks(path, body)

    def calls(*manifests: Object) -> int:
        asked.clear()
        text = "\n---\n".join(map(json.dumps, manifests)).encode()
        render_command(
            Options(Source(["-"]), output="none"),
            installation=Installation(),
            stdin=io.BytesIO(text),
            stdout=io.StringIO(),
            stderr=io.StringIO(),
            hooks=ask,
        )
        return len(asked)

    servers = [{**SERVER, "metadata": {"name": f"s{number}"}, "spec": {"image": "a"}} for number in range(20)]
    others = [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": f"d{n}"}} for n in range(100)]
    assert calls(servers[0]) == 4
    assert calls(*servers, *others) == 20 * 4
    assert calls(*others) == 0


def test_secrets_can_be_assumed() -> None:
    code, stdout, stderr = command(CONFIG, SERVER, assume_secrets=True)

    assert (code, stderr) == (0, counts(7))
    assert "Deployment/demo" in kinds(stdout)


def test_a_tree_shows_who_refers_to_what() -> None:
    _, stdout, _ = command(SECRET, CONFIG, SERVER, output="tree")

    assert stdout.splitlines()[:3] == [
        "MCPServer default/demo               OK",
        "├─ MCPExternalAuthConfig tx          OK  (spec.externalAuthConfigRef)",
        "│  └─ Secret oauth                   there  (spec.tokenExchange.clientSecretRef wants key key)",
    ]


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
        (418, "\x1b[31m", "HTTP 418: ?[31m"),
        (204, "", "HTTP 204: Metacontroller takes nothing but 200"),
        (200, "<html>", "the answer is not JSON"),
    ],
)
def test_a_server_that_answers_otherwise_fails_the_parents(status: int, text: str, problem: str) -> None:
    with serving(refusing(status, text)) as url:
        code, stdout, stderr = command(SERVER, server=url)

    assert (code, kinds(stdout)) == (1, ["MCPServer/demo"])
    assert stderr == f"stdin:1: failed: MCPServer default/demo: HookFailed: {problem}\n" + counts(
        0, failed=1, resources=1
    )


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "it asks for a token: --server-token-file"),
        (403, "it refuses this caller: --server-token-file, or --server-cert and --server-key"),
        (404, "it is no server of toolhive-hooks, or of another version"),
    ],
)
def test_a_server_that_is_not_to_be_asked_is_no_fault_of_an_object(status: int, remedy: str) -> None:
    with serving(refusing(status, "")) as url:
        assert command(SERVER, server=url) == (2, "", f"error: {url} answers {status}: {remedy}\n")


def test_where_no_server_answers_nothing_is_rendered() -> None:
    refused = "error: http://127.0.0.1:1 doesn't answer: [Errno 111] Connection refused\n"

    assert command(SERVER, server="http://127.0.0.1:1") == (2, "", refused)


@pytest.mark.parametrize("url", ["ftp://example.com", "example.com:8080", "http://", "file:///etc", "http://["])
def test_a_text_that_is_no_url_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(Unreachable, match=re.escape(f"{url} is not the URL of a server: http://HOST:PORT")):
        over_http(url)


def test_a_server_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    release = threading.Event()

    def ask(_path: str, _body: bytes) -> bytes:
        release.wait(5)
        return b"{}"

    with serving(ask) as url:
        with pytest.raises(Unreachable, match="timed out"):
            over_http(url, timeout=0.1)("/mcpserver/sync", b"{}")
        release.set()


def test_a_parent_that_keeps_changing_is_named_after_everything_is_printed() -> None:
    calls = itertools.count()

    def ask(path: str, _body: bytes) -> bytes:
        return b"{}" if "customize" in path else json.dumps({"status": {"phase": f"Step{next(calls)}"}}).encode()

    with serving(ask) as url:
        code, stdout, stderr = command(SERVER, server=url)

    assert (code, kinds(stdout)) == (1, ["MCPServer/demo"])
    fault = "no fixed point in 20 rounds: MCPServer default/demo keeps changing status.phase"
    assert stderr == f"failed: NoFixedPoint: {fault}\n" + counts(0, failed=1, resources=1)


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
    assert re.findall(r"\x1b\[(\d+)m(\w+)", shown) == ([] if no_colour else [("32", "OK")] * 3)
