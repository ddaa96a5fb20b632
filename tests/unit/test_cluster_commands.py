"""`migrate` and `diff` without a cluster: what they say when they can't begin."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hooks.cluster import LEASE, ClusterError, LiveCluster, _path
from hooks.kubernetes.kinds import SECRET
from tests.measured import measured

pytestmark = pytest.mark.slow

COMMANDS = ["migrate", "diff", "status", "check"]
NO_CLIENT = (
    "toolhive-hooks: this needs the Kubernetes client, an extra that the image doesn't have. Where toolhive-hooks was "
    "installed with pip: pip install 'toolhive-hooks[cluster]'\n"
)
WITHOUT_CLIENT = "import sys; sys.modules['kubernetes'] = None; from hooks.cli import main; main()"


@pytest.mark.parametrize("command", COMMANDS)
def test_without_the_kubernetes_client_they_say_how_to_get_it(command: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_CLIENT, command], capture_output=True, text=True, check=False, timeout=60
    )

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == NO_CLIENT


@pytest.mark.parametrize("command", ["serve", "render", "crds"])
def test_other_commands_need_no_kubernetes_client(command: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_CLIENT, command, "--help"], capture_output=True, check=False, timeout=60
    )

    assert result.returncode == 0


def test_without_a_kubeconfig_that_is_said(tmp_path: Path) -> None:
    result = _run("migrate", tmp_path / "none")

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"toolhive-hooks: no usable kubeconfig: there is none at {tmp_path}/none. "
        "Give --kubeconfig, or set KUBECONFIG\n"
    )


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ((SECRET, "team", "oauth"), "/api/v1/namespaces/team/secrets/oauth"),
        ((SECRET, "team", "../../other/secrets/x"), "/api/v1/namespaces/team/secrets/..%2F..%2Fother%2Fsecrets%2Fx"),
        ((SECRET, "team", "a?watch=true#%2f"), "/api/v1/namespaces/team/secrets/a%3Fwatch%3Dtrue%23%252f"),
        ((SECRET, "../kube-system"), "/api/v1/namespaces/..%2Fkube-system/secrets"),
        ((LEASE,), "/apis/coordination.k8s.io/v1/leases"),
    ],
)
def test_no_name_leads_out_of_its_place(arguments: tuple[Any, ...], path: str) -> None:
    assert _path(*arguments) == path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("team", ""), "'' in namespace 'team'"),
        (("team", "."), "'.' in namespace 'team'"),
        (("team", ".."), "'..' in namespace 'team'"),
        (("..", "oauth"), "'oauth' in namespace '..'"),
        ((".",), "None in namespace '.'"),
    ],
)
def test_a_name_that_a_client_would_resolve_is_refused(arguments: tuple[str, ...], said: str) -> None:
    """Or one with which it would read a list in the object's place."""
    with pytest.raises(ClusterError) as caught:
        _path(SECRET, *arguments)

    assert str(caught.value) == f"no Secret can be named {said}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: [secret-token\n", "it isn't YAML (line 2)"),
        ("a: \0", "its content has another form"),
        ("[]", "its content has another form"),
        ("secret-token", "its content has another form"),
        ("clusters: 1", "its content has another form"),
        ("current-context: a\ncontexts: [{name: a, context: 1}]", "its content has another form"),
    ],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_is_no_kubeconfig_is_said_in_one_line(
    tmp_path: Path, command: str, content: str, said: str
) -> None:
    (tmp_path / "config").write_text(content)

    result = _run(command, tmp_path / "config")

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"toolhive-hooks: no usable kubeconfig: {said}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_without_the_credentials_of_a_plugin_no_call_is_made(tmp_path: Path, command: str) -> None:
    """The client itself would go on without any, and be refused as `system:anonymous`."""
    plugin = {"command": "sh", "args": ["-c", "echo log in first >&2; exit 3"]}
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never", **plugin}}
    (tmp_path / "config").write_text(json.dumps(_kubeconfig(user)))

    result = _run(command, tmp_path / "config")

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "toolhive-hooks: the kubeconfig gives no credentials: exec: process returned 3. log in first\n"
    )


@pytest.mark.parametrize(("command", "code"), [("migrate", 1), ("diff", 2), ("status", 2), ("check", 2)])
def test_a_bug_is_told_from_a_difference(tmp_path: Path, command: str, code: int) -> None:
    (tmp_path / "config").write_text(json.dumps(_kubeconfig({})))
    broken = "import hooks.cluster as c; c.LiveCluster._request = None; from hooks.cli import main; main()"

    result = _run(command, tmp_path / "config", program=("-c", broken))

    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.endswith("TypeError: 'NoneType' object is not callable\n")


def test_another_kubeconfig_can_be_given_and_another_context(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(json.dumps(_kubeconfig({})))

    given = _run("status", tmp_path / "none", "--kubeconfig", str(tmp_path / "config"))
    unknown = _run("status", tmp_path / "config", "--context", "nowhere")

    assert given.stderr.startswith("toolhive-hooks: http://127.0.0.1:1 can't be reached: ")
    assert unknown.stderr.startswith("toolhive-hooks: no usable kubeconfig: ")
    assert (given.returncode, unknown.returncode) == (2, 2)


@pytest.mark.parametrize(
    ("context", "namespace"), [({"namespace": "team"}, "team"), ({}, "default")], ids=["its own", "none"]
)
def test_the_namespace_is_the_contexts(tmp_path: Path, context: dict[str, str], namespace: str) -> None:
    config = _kubeconfig({})
    config["contexts"][0]["context"] |= context
    (tmp_path / "config").write_text(json.dumps(config))

    assert LiveCluster(None, str(tmp_path / "config")).namespace == namespace
    assert LiveCluster("x", str(tmp_path / "config")).namespace == namespace


def _kubeconfig(user: dict[str, object]) -> dict[str, Any]:
    context = {"cluster": "c", "user": "u"}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": context}],
        "current-context": "x",
    }


def _run(
    command: str, kubeconfig: Path, *arguments: str, program: tuple[str, str] = ("-m", "hooks")
) -> subprocess.CompletedProcess[str]:
    env = {"HOME": str(kubeconfig.parent), "KUBECONFIG": str(kubeconfig), "PATH": "/usr/bin:/bin", **measured()}
    line = [sys.executable, *program, command, *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=60, env=env)
