"""A folder that `render` shares among processes: the same bytes as one process gives."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hooks.api.meta import GROUP
from hooks.installation import Installation
from hooks.kubernetes.objects import Object
from hooks.manifests.load import Source
from hooks.render.command import MANY, Options, render_command

pytestmark = pytest.mark.slow

NAMESPACES = 10


def ours(kind: str, name: str, namespace: str, spec: Object, **beside: object) -> Object:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": f"{GROUP}/v1beta1", "kind": kind, "metadata": metadata, "spec": spec, **beside}


def of_namespace(namespace: str) -> list[Object]:
    """Servers that are well, fail, are refused and find a child's name taken; and groups, which cost the least."""
    spec = {"image": "example.com/mcp:1", "transport": "streamable-http"}
    taken = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "taken-runconfig", "namespace": namespace}}
    encrypted = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": namespace}}
    return [
        ours("MCPServer", "well", namespace, {**spec, "groupRef": {"name": "g0"}}),
        ours("MCPServer", "failing", namespace, {**spec, "externalAuthConfigRef": {"name": "gone"}}),
        ours("MCPServer", "refused", namespace, spec, beside="the spec"),
        ours("MCPServer", "taken", namespace, spec),
        {**taken, "data": {}},
        {**encrypted, "data": {"key": "no base64!"}},
        *(ours("MCPGroup", f"g{number}", namespace, {}) for number in range(MANY // NAMESPACES)),
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large")
    for number in range(NAMESPACES):
        manifests = of_namespace(f"team-{number}")
        (path / f"{number}.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests}))
    return path


def rendered(folder: Path, processes: int, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str, str, list[str]]:
    """Exit code, stdout, stderr and progress."""
    monkeypatch.setattr("hooks.render.command.usable_processes", lambda: processes)
    stdout, stderr, progress = io.StringIO(), io.StringIO(), list[str]()
    code = render_command(
        Options(Source([str(folder)])),
        installation=Installation(),
        stdin=io.BytesIO(),
        stdout=stdout,
        stderr=stderr,
        progress=progress.append,
    )
    return code, stdout.getvalue(), stderr.getvalue(), progress


def test_several_processes_give_the_bytes_of_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resources = NAMESPACES * 4 + MANY
    *one, calls = rendered(folder, 1, monkeypatch)
    *several, done = rendered(folder, 2, monkeypatch)

    assert several == one
    assert re.fullmatch(rf"{resources} resources, \d+ calls of the hooks", calls[-1])
    assert done[NAMESPACES:] == [f"{resources} resources, {number} done" for number in range(resources + 1)]
    code, _, stderr = one
    named = ["MCPServer team-3/failing", "MCPServer team-3/refused", "MCPServer team-3/taken", "Secret team-3/s"]
    assert (code, sorted(line.split(": ")[2] for line in stderr.splitlines() if " team-3/" in line)) == (1, named)


@pytest.mark.parametrize(
    "command",
    [[sys.executable, "-m", "hooks"], [str(Path(sys.executable).with_name("toolhive-hooks"))]],
    ids=["module", "program"],
)
def test_both_ways_to_call_the_program_may_have_several(
    folder: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    *expected, _ = rendered(folder, 1, monkeypatch)

    done = subprocess.run([*command, "render", folder], capture_output=True, text=True, check=False)

    assert [done.returncode, done.stdout, done.stderr] == expected


def killed(_: Installation, __: list[Object]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_killed_is_an_error_of_the_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hooks.render.command._settled", killed)

    code, stdout, stderr, _ = rendered(folder, 2, monkeypatch)

    said = "error: a process of this run was killed: give the run more memory, or fewer files at once\n"
    assert (code, stdout, stderr) == (2, "", said)
